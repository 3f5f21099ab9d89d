use super::*;
use crate::dialect::responses::Named;

fn asked() -> Rc<Asked> {
    let named = Named { flat: "patch".into(), name: "patch".into(), custom: true, ..Named::default() };
    Rc::new(Asked { echo: String::new(), tools: vec![named] })
}

#[test]
fn a_text_comes_back() {
    for text in ["", "a \"b\"\n", "{\"input\":\"x\"}"] {
        assert_eq!(text_of(&wrapped(text)).as_deref(), Some(text));
    }
    for other in ["", "{}", "[]", "{\"a\":1}", "{\"a\":\"x\",\"b\":\"y\"}", "*** Begin"] {
        assert_eq!(text_of(other), None, "{other}");
    }
}

/// Tells what it gets.
#[derive(Debug)]
struct Told;

impl Encoder for Told {
    fn encode(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        let text = match event {
            Event::ToolStart { index, name, .. } => format!("+{index} {name};"),
            Event::ToolArguments { index, fragment } => format!("{index} {fragment};"),
            Event::ToolEnd { index } => format!("-{index};"),
            _ => "?;".into(),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

#[test]
fn a_stream_holds_back_what_must_change() {
    let mut stream = CustomAsChat::new(Told, asked());
    let start = |index, name: &'static str| Event::ToolStart {
        index,
        id: "a".into(),
        name: name.into(),
        signature: None,
    };
    let more = |index, text: &'static str| Event::ToolArguments { index, fragment: text.into() };
    let mut out = Vec::new();
    for event in [
        start(0, "patch"),
        more(0, "{\"inp"),
        start(1, "other"),
        more(1, "{\"inp"),
        more(0, "ut\":\"a\\nb\"}"),
        Event::ToolEnd { index: 0 },
        Event::ToolEnd { index: 1 },
        start(2, "patch"),
        more(2, "no json"),
        Event::ToolEnd { index: 2 },
    ] {
        stream.encode(event, &mut out);
    }
    let told = String::from_utf8(out).unwrap();
    assert_eq!(told, "+0 patch;+1 other;1 {\"inp;0 a\nb;-0;-1;+2 patch;2 no json;-2;");
}
