use super::*;

fn head(more: &str) -> Head {
    scan(format!(r#"{{"model":"m",{more}}}"#).as_bytes()).unwrap_or_else(|error| panic!("{more}: {error:?}"))
}

#[test]
fn what_the_input_is() {
    let used = |more: &str| {
        let all: Vec<_> = head(more).fields.iter().filter(|field| field.param() == "input").collect();
        all[1..].to_vec()
    };
    let texts = |count: usize| format!(r#""input":[{}]"#, vec![r#""a""#; count].join(","));
    assert_eq!(used(r#""input":"hi""#), []);
    assert_eq!(used(&texts(1)), []);
    assert_eq!(used(&texts(96)), [Field::InputMany]);
    assert_eq!(used(&texts(97)), [Field::InputMany, Field::InputOver96]);
    let all = [Field::InputMany, Field::InputOver96, Field::InputOver100, Field::InputOver250];
    assert_eq!(used(&texts(251)), all);
    assert_eq!(used(r#""input":[1,2]"#), [Field::InputTokens]);
    assert_eq!(used(r#""input":[[1],[2]]"#), [Field::InputTokens]);
    for other in [r#"["a",1]"#, r#"[{"text":"a"}]"#, "[null]"] {
        assert_eq!(used(&format!(r#""input":{other}"#)), [Field::InputOther], "{other}");
    }
    assert_eq!(head(&texts(3)).texts, Some(3));
    assert_eq!(head(r#""input":[1]"#).texts, None);
}

#[test]
fn the_form_that_is_wanted() {
    for (more, encoding) in [
        ("", Encoding::Float),
        (r#","encoding_format":null"#, Encoding::Float),
        (r#","encoding_format":"float""#, Encoding::Float),
        (r#","encoding_format":"base64""#, Encoding::Base64),
        (r#","encoding_format":"ubinary""#, Encoding::Other),
    ] {
        assert_eq!(head(&format!(r#""input":"a"{more}"#)).encoding, encoding, "{more}");
    }
}

#[test]
fn the_model_can_be_spliced() {
    let body = br#" { "input" : "a", "model" : "text\u002dx" , "user":null } "#;
    let head = scan(body).unwrap();
    assert_eq!(head.model, "text-x");
    assert_eq!(&body[head.model_span.clone()], br#""text\u002dx""#);
    assert!(!head.fields.contains(Field::User));
}

#[test]
fn what_is_wrong_is_named() {
    for (body, param) in [
        ("", None),
        ("[]", None),
        (r#"{"model":"m","input":"a"} x"#, None),
        (r#"{"model":"m","input":"\ud800"}"#, None),
        (r#"{"model":"m","input":["a",1e999]}"#, None),
        (r#"{"model":"m","input":"a","x":"\ud800"}"#, None),
        (r#"{"input":"a"}"#, Some("model")),
        (r#"{"model":7,"input":"a"}"#, Some("model")),
        (r#"{"model":"","input":"a"}"#, Some("model")),
        (r#"{"model":"m"}"#, Some("input")),
        (r#"{"model":"m","input":null}"#, Some("input")),
        (r#"{"model":"m","input":[]}"#, Some("input")),
        (r#"{"model":"m","input":7}"#, Some("input")),
        (r#"{"model":"m","input":{}}"#, Some("input")),
        (r#"{"model":"m","input":"a","input":"b"}"#, Some("input")),
        (r#"{"model":"m","model":"n","input":"b"}"#, Some("model")),
        (r#"{"Model":"m","model":"n","input":"b"}"#, Some("model")),
        (r#"{"model":"m","input":"a","INPUT":"b"}"#, Some("input")),
        (r#"{"model":"m","input":"a","encoding_format":7}"#, Some("encoding_format")),
    ] {
        let error = scan(body.as_bytes()).expect_err(body);
        assert_eq!(
            (error.kind, error.param.as_deref()),
            (crate::ir::ErrorKind::InvalidRequest, param),
            "{body}"
        );
    }
    let deep = format!(r#"{{"model":"m","input":"a","x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    assert!(scan(deep.as_bytes()).is_err());
}
