use super::*;

/// The events as a client reads them: `start 0 {…}`, `0 text "x"`, `stop 0`, and others by their data.
fn told(events: Vec<Event<'_>>) -> Vec<String> {
    let context = ReplyContext { id: "0123".into(), model: "asked".into(), ..ReplyContext::default() };
    let mut encoder = MessagesEncoder::new(context);
    let mut out = Vec::new();
    events.into_iter().for_each(|event| encoder.encode(event, &mut out));
    let text = String::from_utf8(out).unwrap();
    let mut told = Vec::new();
    for event in text.split_terminator("\n\n") {
        let (name, data) = event.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        let value: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(value["type"], name);
        let at = &value["index"];
        told.push(match name {
            "content_block_start" => format!("start {at} {}", value["content_block"]),
            "content_block_stop" => format!("stop {at}"),
            "content_block_delta" => {
                let delta = value["delta"].as_object().unwrap();
                let (_, added) = delta.iter().find(|(name, _)| *name != "type").unwrap();
                format!("{at} {} {added}", delta["type"].as_str().unwrap())
            }
            _ => data.to_owned(),
        });
    }
    told
}

/// The blocks of a stream with these events, which ends well.
fn blocks(mut events: Vec<Event<'_>>) -> Vec<String> {
    events.extend([Event::Finish(Finish::Stop), Event::Done]);
    let told = told(events);
    told[2..told.len() - 2].to_vec()
}

fn start(index: u32, signature: Option<&'static str>) -> Event<'static> {
    let id = format!("c{index}").into();
    Event::ToolStart { index, id, name: "f".into(), signature: signature.map(Into::into) }
}

fn arguments(index: u32, fragment: &'static str) -> Event<'static> {
    Event::ToolArguments { index, fragment: fragment.into() }
}

const fn text(text: &'static str) -> Event<'static> {
    Event::Text(std::borrow::Cow::Borrowed(text))
}

fn call(index: u32) -> String {
    format!(r#"{{"id":"c{index}","input":{{}},"name":"f","type":"tool_use"}}"#)
}

#[test]
fn a_whole_stream() {
    let usage = |input, output| Usage { input, output, ..Usage::default() };
    let told = told(vec![
        Event::Start { id: Some("msg_1".into()), model: Some("m".into()) },
        text("Hi\n"),
        text(""),
        text("!"),
        Event::Usage(usage(Some(7), None)),
        Event::Finish(Finish::StopSequence(Some("E".into()))),
        Event::Usage(usage(None, Some(3))),
        Event::Done,
        text("late"),
        Event::Done,
    ]);
    let wanted = [
        "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\
         \"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":0,\
         \"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0,\"cache_creation\":null,\
         \"server_tool_use\":null,\"service_tier\":null}}}",
        "{\"type\":\"ping\"}",
        "start 0 {\"text\":\"\",\"type\":\"text\"}",
        "0 text_delta \"Hi\\n\"",
        "0 text_delta \"!\"",
        "stop 0",
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"stop_sequence\",\"stop_sequence\":\"E\"},\
         \"usage\":{\"input_tokens\":7,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\
         \"output_tokens\":3}}",
        "{\"type\":\"message_stop\"}",
    ];
    assert_eq!(told, wanted);
}

#[test]
fn one_block_after_the_other() {
    let found = blocks(vec![
        Event::Thinking("hm".into()),
        Event::Signature("s".into()),
        Event::Thinking("unsigned".into()),
        text("a"),
        Event::Signature("withheld".into()),
        Event::RedactedThinking("r".into()),
        start(0, Some("g")),
        arguments(0, "{}"),
        Event::ToolEnd { index: 0 },
        Event::Refusal("b".into()),
    ]);
    let thinking = r#"{"signature":"","thinking":"","type":"thinking"}"#;
    let said = r#"{"text":"","type":"text"}"#;
    let wanted = [
        &format!("start 0 {thinking}"),
        "0 thinking_delta \"hm\"",
        "0 signature_delta \"s\"",
        "stop 0",
        &format!("start 1 {thinking}"),
        "1 thinking_delta \"unsigned\"",
        "stop 1",
        &format!("start 2 {said}"),
        "2 text_delta \"a\"",
        "stop 2",
        &format!("start 3 {thinking}"),
        "3 signature_delta \"withheld\"",
        "stop 3",
        "start 4 {\"data\":\"r\",\"type\":\"redacted_thinking\"}",
        "stop 4",
        "start 5 {\"data\":\"switchyard:call:v1:g\",\"type\":\"redacted_thinking\"}",
        "stop 5",
        &format!("start 6 {}", call(0)),
        "6 input_json_delta \"{}\"",
        "stop 6",
        &format!("start 7 {said}"),
        "7 text_delta \"b\"",
        "stop 7",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn calls_told_at_once_are_put_in_order() {
    let found = blocks(vec![
        start(0, None),
        start(1, Some("g")),
        arguments(0, "{\"a\""),
        arguments(1, "{\"b\":\"}\\\"}\""),
        start(2, None),
        text("between"),
        arguments(2, "{}"),
        Event::ToolEnd { index: 2 },
        Event::ToolEnd { index: 2 },
        arguments(0, ":1}"),
        // Written by now: its arguments were whole.
        arguments(0, " "),
        arguments(1, "}"),
        Event::ToolEnd { index: 0 },
        Event::ToolEnd { index: 1 },
    ]);
    let wanted = [
        &format!("start 0 {}", call(0)),
        "0 input_json_delta \"{\\\"a\\\"\"",
        "0 input_json_delta \":1}\"",
        "stop 0",
        "start 1 {\"data\":\"switchyard:call:v1:g\",\"type\":\"redacted_thinking\"}",
        "stop 1",
        &format!("start 2 {}", call(1)),
        "2 input_json_delta \"{\\\"b\\\":\\\"}\\\\\\\"}\\\"\"",
        "2 input_json_delta \"}\"",
        "stop 2",
        &format!("start 3 {}", call(2)),
        "3 input_json_delta \"{}\"",
        "stop 3",
        "start 4 {\"text\":\"\",\"type\":\"text\"}",
        "4 text_delta \"between\"",
        "stop 4",
    ];
    assert_eq!(found, wanted);
}

/// Providers of OpenAI's chat end all calls at the end of the answer. One that is whole gives way to the next at once.
#[test]
fn a_whole_call_gives_way() {
    let context = ReplyContext::default();
    let mut encoder = MessagesEncoder::new(context);
    let mut out = Vec::new();
    for event in [start(0, None), arguments(0, "{\"a\":[{}]}"), start(1, None), arguments(1, "{\"b\"")] {
        encoder.encode(event, &mut out);
    }
    let text = String::from_utf8(out).unwrap();
    assert!(
        text.contains("{\\\"b\\\"") && text.contains("\"type\":\"content_block_stop\",\"index\":0"),
        "{text}"
    );
}

#[test]
fn calls_that_are_not_whole_at_the_end_are_written_all_the_same() {
    let found = blocks(vec![start(0, None), arguments(0, "{"), start(1, None), arguments(1, "{"), text("x")]);
    let stops = found.iter().filter(|event| event.starts_with("stop")).count();
    assert_eq!((stops, found.last().unwrap().as_str()), (3, "stop 2"));
    assert!(found.contains(&"1 input_json_delta \"{\"".to_owned()), "{found:?}");
}

#[test]
fn what_waits_is_bounded() {
    let mut encoder = MessagesEncoder::new(ReplyContext::default());
    let mut out = Vec::new();
    encoder.encode(start(0, None), &mut out);
    encoder.encode(start(1, None), &mut out);
    out.clear();
    let fragment = "x".repeat(64 * 1024);
    for _ in 0..100 {
        encoder.encode(Event::ToolArguments { index: 1, fragment: fragment.as_str().into() }, &mut out);
    }
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("event: error\n") && text.matches("event:").count() == 1, "{text}");
}

#[test]
fn sources_go_to_the_text_that_is_open_or_to_the_next() {
    let source = |url: &'static str| Event::Citation(Citation { url: url.into(), ..Citation::default() });
    let found = blocks(vec![
        source("u0"),
        text("a"),
        source("u1"),
        start(0, None),
        source("u2"),
        arguments(0, "{}"),
        text("b"),
    ]);
    let sources: Vec<&str> = found
        .iter()
        .filter(|event| event.contains("citations_delta"))
        .map(|event| event.get(..1).unwrap())
        .collect();
    assert_eq!(sources, ["0", "0", "2"]);
    let many = (0..10_000).map(|_| source("u")).chain([text("a")]).collect();
    assert!(blocks(many).len() < 1000);
}

#[test]
fn the_signature_of_a_text_does_not_follow_it() {
    let json = "\"c2ln\"".into();
    let extra = Event::Extra(crate::ir::Extra { vendor: "google", name: "thought_signature", json });
    assert_eq!(blocks(vec![text("a"), extra]).last().unwrap(), "stop 0");
}

#[test]
fn an_empty_answer_is_an_empty_text() {
    let wanted = ["start 0 {\"text\":\"\",\"type\":\"text\"}", "stop 0"];
    assert_eq!(blocks(vec![Event::Start { id: None, model: None }]), wanted);
    assert_eq!(blocks(vec![]), wanted);
}

#[test]
fn nothing_follows_an_error() {
    let error = || Event::Error(ApiError::new(ErrorKind::Overloaded, "no"));
    let data = "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"no\"},\"request_id\":null}";
    assert_eq!(told(vec![error(), text("x"), Event::Done]), [data]);
    let cut = told(vec![text("x"), error(), Event::Done]);
    assert_eq!((cut.len(), cut[4].as_str()), (5, data));
    // One that does not say why it ended was cut off.
    let cut = told(vec![text("x"), Event::Done]);
    assert!(cut[4].contains("api_error") && cut.len() == 5, "{cut:?}");
}
