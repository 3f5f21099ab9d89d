//! Streams of hosts that say otherwise what OpenAI's would say.

use super::*;

/// The first text of a stream, with a role.
fn begin() -> String {
    chunk(
        r#""created":9,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]"#,
    )
}

/// A chunk of the gateway's own in a stream that began with [`begin`].
fn own(members: &str) -> String {
    format!(
        "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":9,\"model\":\"m\",{members}}}\n\n"
    )
}

/// The same with `members` of its only choice.
fn one(members: &str) -> String {
    chunk(&format!(r#""choices":[{{"index":0,{members}}}]"#))
}

fn calls(calls: &str) -> String {
    one(&format!(r#""delta":{{"tool_calls":[{calls}]}},"finish_reason":null"#))
}

/// What a client gets who asked for usage, and one who did not.
fn check(stream: &[String], expected: &[String], with_usage: &[String]) {
    let (asked, progress) = every_way(true, &(stream.concat() + DONE));
    assert_eq!(asked, expected.concat() + &with_usage.concat() + DONE);
    assert!(progress.done && progress.error.is_none());
    let (quiet, _) = every_way(false, &(stream.concat() + DONE));
    assert_eq!(quiet, expected.concat() + DONE);
}

const COUNTS: &str = r#"{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#;

#[test]
fn usage_is_told_once_and_last() {
    let told = own(&format!(r#""choices":[],"usage":{COUNTS}"#));
    let beside = |counts: &str, members: &str| {
        chunk(&format!(r#""choices":[{{"index":0,{members}}}],"usage":{counts}"#))
    };
    let end = r#""delta":{},"finish_reason":"stop""#;
    let more = r#""delta":{"content":"a"}"#;
    // In the last chunk: Mistral, DeepSeek, Moonshot.
    check(
        &[begin(), text("a"), beside(COUNTS, end)],
        &[begin(), text("a"), beside("null", end)],
        std::slice::from_ref(&told),
    );
    // In every chunk: Perplexity. The last one counts.
    let early = r#"{"prompt_tokens":3,"completion_tokens":1}"#;
    check(
        &[begin(), beside(early, more), beside(early, more), beside(COUNTS, end)],
        &[begin(), beside("null", more), beside("null", more), beside("null", end)],
        std::slice::from_ref(&told),
    );
    // In both, and twice.
    check(
        &[begin(), beside(early, end), usage_chunk(), usage_chunk()],
        &[begin(), beside("null", end)],
        &[usage_chunk()],
    );
    // Before the end.
    check(
        &[begin(), usage_chunk(), text("a"), finish()],
        &[begin(), text("a"), finish()],
        std::slice::from_ref(&told),
    );
    // In Groq's own member.
    let groq = chunk(&format!(r#""choices":[{{"index":0,{end}}}],"x_groq":{{"usage":{COUNTS}}}"#));
    check(&[begin(), groq.clone()], &[begin(), groq], &[told]);
    // Without [DONE] it is told all the same.
    let (out, _) = every_way(true, &[begin(), beside(COUNTS, end)].concat());
    assert!(out.ends_with(&(own(&format!(r#""choices":[],"usage":{COUNTS}"#)) + DONE)), "{out}");
    // A stream that is cut tells none.
    let (out, progress) = every_way(true, &[begin(), beside(COUNTS, more)].concat());
    assert_eq!(out, begin() + &beside("null", more) + &told_error(&progress));
}

fn told_error(progress: &Progress) -> String {
    super::told(progress)
}

#[test]
fn the_gateways_own_chunks_have_the_id_of_a_chunk_with_choices() {
    let azure = "data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\",\"prompt_filter_results\":[]}\n\n";
    let end = one(r#""delta":{},"finish_reason":"stop""#);
    let beside = end.replace("}]}", &format!("}}],\"usage\":{COUNTS}}}"));
    let (out, _) = every_way(true, &[azure, &begin(), &beside, DONE].concat());
    let bare = beside.replace(COUNTS, "null");
    assert_eq!(
        out,
        [azure, &begin(), &bare, &own(&format!(r#""choices":[],"usage":{COUNTS}"#)), DONE].concat()
    );
}

#[test]
fn finish_reasons_are_openais_and_told_once() {
    let end = |word: &str| one(&format!(r#""delta":{{}},"finish_reason":{word}"#));
    for (word, expected) in
        [("\"eos\"", "\"stop\""), ("\"model_length\"", "\"length\""), ("\"sensitive\"", "\"content_filter\"")]
    {
        check(&[begin(), end(word)], &[begin(), end(expected)], &[]);
    }
    check(&[begin(), end("\"\""), end("\"stop\"")], &[begin(), end("null"), end("\"stop\"")], &[]);
    check(&[begin(), end("\"stop\""), end("\"stop\"")], &[begin(), end("\"stop\""), end("null")], &[]);
    for (word, kind) in
        [("\"error\"", ErrorKind::Server), ("\"insufficient_system_resource\"", ErrorKind::Overloaded)]
    {
        let (out, progress) = every_way(true, &[begin(), text("a"), end(word), DONE.into()].concat());
        assert_eq!(out, begin() + &text("a") + &told_error(&progress));
        assert_eq!(progress.error.map(|error| error.kind), Some(kind));
    }
    // An empty reason is not the end.
    let (_, progress) = every_way(true, &[begin(), end("\"\"")].concat());
    assert!(progress.error.is_some());
}

const CALL: &str = r#""id":"a","type":"function","function":{"name":"f","arguments":""}"#;

#[test]
fn a_call_without_arguments_has_an_empty_object() {
    let end = one(r#""delta":{},"finish_reason":"tool_calls""#);
    let none = own(
        r#""choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]},"finish_reason":null}]"#,
    );
    let call = calls(&format!(r#"{{"index":0,{CALL}}}"#));
    let more = calls(r#"{"index":0,"function":{"arguments":""}}"#);
    check(
        &[begin(), call.clone(), more.clone(), end.clone()],
        &[begin(), call.clone(), more, none.clone(), end.clone()],
        &[],
    );
    // One that has some is left alone.
    let some = calls(r#"{"index":0,"function":{"arguments":"{}"}}"#);
    check(
        &[begin(), call.clone(), some.clone(), end.clone()],
        &[begin(), call.clone(), some, end.clone()],
        &[],
    );
    // All in one chunk.
    let all = call.replace("\"finish_reason\":null", "\"finish_reason\":\"tool_calls\"");
    let last = own(r#""choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]"#);
    check(&[begin(), all], &[begin(), call.clone(), none.clone(), last], &[]);
    // Without a reason, [DONE] is the end.
    check(&[begin(), call.clone()], &[begin(), call, none], &[]);
}

#[test]
fn every_call_has_an_index_and_a_type() {
    let end = one(r#""delta":{},"finish_reason":"tool_calls""#);
    let call = |index: &str, id: &str, kind: &str| {
        calls(&format!(r#"{{{index}{kind}"id":"{id}","function":{{"name":"f","arguments":"{{}}"}}}}"#))
    };
    let kind = r#""type":"function","#;
    // Whole calls without an index: Mistral, Gemini.
    check(
        &[begin(), call("", "a", ""), call("", "b", ""), end.clone()],
        &[begin(), call(r#""index":0,"#, "a", kind), call(r#""index":1,"#, "b", kind), end.clone()],
        &[],
    );
    // All at index 0: Ollama.
    check(
        &[begin(), call(r#""index":0,"#, "a", kind), call(r#""index":0,"#, "b", kind), end.clone()],
        &[begin(), call(r#""index":0,"#, "a", kind), call(r#""index":1,"#, "b", kind), end.clone()],
        &[],
    );
    // The rest of a call keeps to it, also with another id (vLLM) or an empty name (Mistral).
    let rest =
        |index: &str, more: &str| calls(&format!(r#"{{{index}{more}"function":{{"arguments":"1"}}}}"#));
    check(
        &[
            begin(),
            call("", "a", kind),
            rest("", ""),
            call("", "b", kind),
            rest("", r#""id":"z","#),
            end.clone(),
        ],
        &[
            begin(),
            call(r#""index":0,"#, "a", kind),
            rest(r#""index":0,"#, ""),
            call(r#""index":1,"#, "b", kind),
            rest(r#""index":1,"#, r#""id":"z","#),
            end.clone(),
        ],
        &[],
    );
    // Arguments that are an object, and nulls.
    let odd = calls(r#"{"index":null,"id":"a","type":null,"function":{"name":"f","arguments":{"a":1}}}"#);
    let good =
        calls(r#"{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}"#);
    check(&[begin(), odd, end.clone()], &[begin(), good, end], &[]);
}

#[test]
fn a_chunk_that_is_like_another_is_not_taken_for_it() {
    let end = one(r#""delta":{},"finish_reason":"tool_calls""#);
    let whole = |id: &str| {
        calls(&format!(
            r#"{{"index":0,"id":"{id}","type":"function","function":{{"name":"f","arguments":"{{}}"}}}}"#
        ))
    };
    let second = whole("b").replace("\"tool_calls\":[{\"index\":0", "\"tool_calls\":[{\"index\":1");
    let third = whole("c").replace("\"tool_calls\":[{\"index\":0", "\"tool_calls\":[{\"index\":2");
    check(
        &[begin(), whole("a"), whole("b"), whole("c"), end.clone()],
        &[begin(), whole("a"), second, third, end.clone()],
        &[],
    );
    // Pieces of arguments are.
    let call = calls(&format!(r#"{{"index":0,{CALL}}}"#));
    let piece = |text: &str| calls(&format!(r#"{{"index":0,"function":{{"arguments":"{text}"}}}}"#));
    let mut passthrough = Passthrough::new(false);
    for event in [begin(), call, piece("{"), piece("}")] {
        assert!(passthrough.push(event.as_bytes(), &mut Vec::new()), "{event}");
    }
    assert!(passthrough.watch.known(piece(" ").as_bytes()).is_some());
}

#[test]
fn an_error_of_one_choice_is_one() {
    let stream = [
        begin(),
        one(r#""delta":{"content":""},"finish_reason":"error","error":{"code":502,"message":"gone"}"#),
    ];
    let (_, progress) = every_way(true, &stream.concat());
    assert_eq!(progress.error.map(|error| error.message), Some("gone".into()));
}
