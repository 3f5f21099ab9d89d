//! What golden cases do not show.

use super::*;
use crate::ir::ErrorKind;

const CREATED: &str = "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"model\":\"up\",\"created_at\":5.5}}\n\n";
const DELTA: &str =
    "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n";
const DONE: &str =
    "data: {\"type\":\"response.completed\",\"response\":{\"output\":[],\"usage\":{\"input_tokens\":3}}}\n\n";

/// What the client gets, however the stream is cut, and what was seen of it.
fn pass(stream: &str) -> (String, Progress) {
    let context = ReplyContext { provider: "p".into(), id: "id".into(), ..ReplyContext::default() };
    let cut = |cuts: &[usize]| {
        let mut pass = ResponsesPass::new(context.clone());
        let (mut all, mut out, mut from) = (Vec::new(), Vec::new(), 0);
        for to in cuts.iter().copied().chain([stream.len()]) {
            let piece = &stream.as_bytes()[from..to];
            if pass.push(piece, &mut out) {
                assert!(out.is_empty());
                all.extend_from_slice(piece);
            }
            all.append(&mut out);
            from = to;
        }
        pass.end(&mut all);
        (String::from_utf8(all).unwrap(), pass.progress().clone())
    };
    let whole = cut(&[]);
    for at in 0..=stream.len() {
        assert_eq!(cut(&[at]), whole, "cut at {at}");
    }
    let each: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(cut(&each), whole);
    whole
}

fn error(told: &str) -> String {
    format!("event: error\ndata: {{\"type\":\"error\",\"sequence_number\":1,\"error\":{told}}}\n\n")
}

#[test]
fn what_tells_nothing_passes() {
    let stream = [
        ": hello\n\n",
        CREATED,
        "data: {\"type\":\"keepalive\"}\n\n",
        "event: ping\ndata: ping\n\n",
        DELTA,
        "id: 7\n\n",
        DONE,
    ]
    .concat();
    assert_eq!(pass(&[stream.as_str(), "data: [DONE]\n\n"].concat()).0, stream);
    for stream in [stream.clone(), stream.replace('\n', "\r\n"), stream.replace('\n', "\r")] {
        let (told, progress) = pass(&stream);
        assert_eq!(told, stream);
        assert!(progress.started && progress.done && progress.error.is_none());
        assert_eq!(progress.usage.unwrap().input, Some(3));
    }
}

#[test]
fn an_answer_begins_with_its_output() {
    let mut stream = ResponsesPass::new(ReplyContext::default());
    let mut out = Vec::new();
    assert!(stream.push(CREATED.as_bytes(), &mut out) && !stream.progress().started);
    assert!(
        stream.push(b"data: {\"type\":\"response.in_progress\"}\n\n", &mut out) && !stream.progress().started
    );
    assert!(stream.push(DELTA.as_bytes(), &mut out) && stream.progress().started);
    let failed = "data: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"slow\"}}}\n\n";
    let (told, progress) = pass(&[CREATED, failed].concat());
    assert_eq!(told, [CREATED, failed].concat());
    assert!(!progress.started && !progress.done);
    assert_eq!(progress.error.unwrap().kind, ErrorKind::RateLimit);
    let (_, progress) = pass("data: {\"error\":{\"message\":\"gone\",\"code\":null}}\n\n");
    assert!(!progress.started && progress.error.is_some());
}

#[test]
fn what_only_the_provider_can_read_is_marked() {
    let sealed = |mark: &str, line: &str| {
        format!(
            "{CREATED}event: response.output_item.done\ndata: {{\"type\":\"response.output_item.done\",{line}\"item\":{{\"type\":\"reasoning\",\"encrypted_content\":\"{mark}gA\"}}}}\n\n{DONE}"
        )
    };
    for end in ["\n", "\r\n", "\r"] {
        let stream = sealed("", "").replace('\n', end);
        let (told, _) = pass(&stream);
        assert_eq!(told.replace(end, "\n"), sealed("switchyard:at:v1:p:", ""), "{end:?}");
    }
    // Data of several lines comes as one.
    assert_eq!(pass(&sealed("", "\ndata: ")).0, sealed("switchyard:at:v1:p:", " "));
}

#[test]
fn the_gateways_account_is_not_the_clients_matter() {
    let quota = error(
        r#"{"type":"insufficient_quota","code":"insufficient_quota","message":"Org 42 is out of money.","param":null}"#,
    );
    let (told, progress) = pass(&[CREATED, DELTA, &quota, DONE].concat());
    let rest = told.strip_prefix(&[CREATED, DELTA].concat()).unwrap();
    assert!(!rest.contains("Org 42") && !rest.contains("response.completed"), "{rest}");
    assert!(rest.contains("event: error\ndata: {\"type\":\"error\",\"sequence_number\":2,"));
    assert!(rest.contains("event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":3,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":5,"));
    assert_eq!(progress.error.unwrap().kind, ErrorKind::Billing);
}

#[test]
fn other_errors_pass() {
    let slow = error(r#"{"type":"too_many_requests","code":"rate_limit_exceeded","message":"slow"}"#);
    let failed = "data: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"new\",\"message\":\"m\"}}}\n\n";
    let stream = [CREATED, DELTA, &slow, failed].concat();
    let (told, progress) = pass(&[&stream, DELTA].concat());
    assert_eq!((told, progress.done), (stream.clone(), false));
    assert_eq!(progress.error.unwrap().kind, ErrorKind::RateLimit);
    // The one half without the other: what is missing is told.
    let (told, progress) = pass(&[CREATED, DELTA, &slow].concat());
    let rest = told.strip_prefix(&[CREATED, DELTA, &slow].concat()).unwrap();
    assert!(
        rest.starts_with("event: response.failed\n") && rest.contains("\"sequence_number\":3,"),
        "{rest}"
    );
    assert_eq!(progress.error.unwrap().kind, ErrorKind::RateLimit);
    let (told, _) = pass(&[CREATED, DELTA, failed].concat());
    assert_eq!(told, [CREATED, DELTA, failed].concat());
}

#[test]
fn a_cut_stream_ends_as_an_error() {
    for (stream, kept) in [
        ([CREATED, DELTA].concat(), [CREATED, DELTA].concat()),
        ([CREATED, DELTA, "data: {\"type\":\"respon"].concat(), [CREATED, DELTA].concat()),
        // Whole, but for the blank line.
        ([CREATED, DELTA.trim_end()].concat(), [CREATED, DELTA].concat()),
        ([CREATED, "data: {\"type\":\"response.completed\"}\n\n", DELTA].concat(), CREATED.to_owned()),
        ([CREATED, "data: <html>\n\n", DELTA].concat(), CREATED.to_owned()),
        (
            [CREATED, "data: {\"type\":\"response.output_text.delta\",\n\n", DELTA].concat(),
            CREATED.to_owned(),
        ),
    ] {
        let (told, progress) = pass(&stream);
        let rest = told.strip_prefix(&kept).unwrap_or_else(|| panic!("{told}"));
        assert!(rest.starts_with("event: error\n") && rest.contains("event: response.failed\n"), "{rest}");
        assert!(progress.error.is_some() && !progress.done);
    }
}
