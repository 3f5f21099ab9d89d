use super::*;

/// A template of `raw`, in which every string that is a member's value may be another.
fn of(raw: &str) -> Template {
    let mut template = Template::default();
    let start = raw.find('{').unwrap();
    let mut found = Vec::new();
    let json = raw.get(start..).unwrap().trim_end().as_bytes();
    texts(json, |_, _, text| found.push(start + text.start..start + text.end));
    assert!(template.learn(raw.as_bytes(), found), "{raw}");
    template
}

fn found(template: &Template, bytes: &str) -> Option<(usize, String)> {
    let found = template.find(bytes.as_bytes())?;
    Some((found.length, String::from_utf8(found.quoted.to_vec()).unwrap()))
}

const EVENT: &str = "event: e\ndata: {\"id\":1,\"d\":{\"type\":\"t\",\"text\":\"vwx\"}}\n\n";

#[test]
fn other_texts_match() {
    let template = of(EVENT);
    for text in ["vwx", "", "ü\u{1f600} 0123456789", "\\n\\\"", "\\ud83d"] {
        let event = EVENT.replace("vwx", text).replace("\"t\"", "\"type\"");
        let expected = Some((event.len(), format!("\"{text}\"")));
        assert_eq!(found(&template, &event), expected, "{event}");
        assert_eq!(found(&template, &(event.clone() + "data: more")), expected, "{event} and more");
        for end in 0..event.len() {
            let Some(cut) = event.get(..end) else { continue };
            assert_eq!(found(&template, cut), None, "{cut}");
        }
    }
}

#[test]
fn other_bytes_do_not() {
    let template = of(EVENT);
    for at in 0..EVENT.len() {
        let text = (EVENT.find("vwx").unwrap()..).take(3).any(|inside| inside == at)
            || EVENT.find(":\"t\"").unwrap() + 2 == at;
        let (before, behind) = (EVENT.get(..at).unwrap(), EVENT.get(at + 1..).unwrap());
        for byte in ["x", "\"", "\\", "\n", "\r", "\0", "}"] {
            let event = [before, byte, behind].concat();
            let same = event == EVENT || (text && matches!(byte, "x" | "}"));
            assert_eq!(found(&template, &event).is_some(), same, "{event}");
        }
        let event = [before, behind].concat();
        assert_eq!(found(&template, &event).is_some(), text, "without a byte at {at}");
    }
    for bad in ["\\x", "\\u12", "a\nb", "\t", "\\"] {
        assert_eq!(found(&template, &EVENT.replace("vwx", bad)), None, "{bad}");
    }
}

#[test]
fn spaces_between_brackets_mean_nothing() {
    let template = of(EVENT);
    for (end, matches) in [
        (" }}\n\n", true),
        ("}     }\n\n", true),
        ("}}   \n\n", true),
        (" } } \n\n", true),
        ("}}\n \n", false),
        ("}}\t\n\n", false),
        ("}\n\n", false),
        ("}}}\n\n", false),
        ("}}\n", false),
        ("}}\r\n\r\n", false),
    ] {
        let event = EVENT.replace("}}\n\n", end);
        let expected = matches.then(|| (event.len(), "\"vwx\"".into()));
        assert_eq!(found(&template, &event), expected, "{event:?}");
    }
    let padded = of(&EVENT.replace("}}\n\n", "}   }  \n\n"));
    assert!(found(&padded, EVENT).is_some());
    // Where more than brackets follows, a space may be part of a text.
    let more = EVENT.replace("}}\n\n", ",\"a\":[\"x  y\"]}}\n\n");
    assert_eq!(found(&of(&more), &more.replace("x  y", "x y")), None);
}

#[test]
fn what_is_not_learnt() {
    let mut template = Template::default();
    assert_eq!(template.find(b""), None);
    for raw in ["data: {}\r\r", "\u{feff}data: {}\n\n", &format!("data: {}\n\n", "x".repeat(LONGEST))] {
        assert!(!template.learn(raw.as_bytes(), []), "{raw}");
        assert_eq!(template.find(raw.as_bytes()), None);
    }
    // A text without end is not looked for without end.
    let long = EVENT.replace("vwx", &"x".repeat(REACH));
    assert_eq!(found(&of(EVENT), &long), None);
}

#[test]
fn texts_are_the_strings_of_members() {
    let json = r#"{"a" : "1", "b\"":{"c":["no",{"d":"\"}"}],"e":2} ,"f":"","g":"x:"}"#;
    let mut seen = Vec::new();
    texts(json.as_bytes(), |depth, key, text| {
        seen.push((depth, str::from_utf8(key).unwrap().to_owned(), json.get(text).unwrap().to_owned()));
    });
    let expected = [(1, "a", "1"), (4, "d", "\\\"}"), (1, "f", ""), (1, "g", "x:")];
    assert_eq!(seen, expected.map(|(depth, key, text)| (depth, key.to_owned(), text.to_owned())));
}

#[test]
fn a_position_is_of_the_slice_itself() {
    let whole = b"vwxvwx".to_vec();
    assert_eq!(position(&whole, &whole[3..]), Some(3));
    assert_eq!(position(&whole, b"vwx".to_vec().as_slice()), None);
}
