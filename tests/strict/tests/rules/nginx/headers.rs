//! Header maps.

use strict::{
    driver::Exchanged,
    nginx::route::{Host, Pass, Route},
};

use super::{
    super::fixture::{assert_broken, on, told},
    *,
};

fn sent(done: &Exchanged, name: &str) -> Vec<String> {
    let all = done.sent[0].headers.pairs().iter().filter(|(of, _)| of == name.as_bytes());
    all.map(|(_, value)| value.escape_ascii().to_string()).collect()
}

fn map_of(function: &str, at: u32, len: u32) -> Exchanged {
    play(&on("request_body", &header(function, 0, at, len), 0))
}

#[test]
fn a_module_without_callbacks_passes_everything() {
    let done = play("");
    assert_well(&done);
    assert_eq!((done.reply.status(), done.reply.body(), done.reply.complete), (200, b"world".to_vec(), true));
    assert_eq!(done.sent[0].body, b"hello");
    assert_eq!(sent(&done, ":authority"), ["gateway.test"]);
}

#[test]
fn the_end_is_never_told_with_headers() {
    let tell = |callback| on(callback, "(call $tell (local.get $end))", 0);
    let get = Request::get("/");
    let module = tell("request_headers") + &tell("response_headers") + &on("request_body", "unreachable", 0);
    let mut empty = Answer::json(204, "");
    empty.headers.remove("content-length");
    let done = server(&module).play(&get, &[Attempt::at("a", empty)]);
    assert_well(&done);
    assert_eq!(told(&done), "00", "a request without a body has no body callback");
}

#[test]
fn a_request_header_that_is_removed_is_still_sent() {
    for (at, len, name, value) in [(300, 13, "authorization", "secret"), (500, 6, "cookie", "c=1")] {
        let remove = header("remove", 0, at, len) + &header("get", 0, at, len);
        let done = play(&on("request_body", &remove, 0));
        assert_well(&done);
        assert_eq!((told(&done).as_str(), sent(&done, name)), ("01", vec![value.to_owned()]));
    }
}

#[test]
fn a_request_header_is_replaced_and_with_nothing_sent_empty() {
    let done = map_of("replace", 300, 13);
    assert_well(&done);
    assert_eq!(sent(&done, "authorization"), ["value"]);
    let nothing = "(call $tell (call $replace (i32.const 0) (i32.const 300) (i32.const 13) (i32.const 0) (i32.const 0)))";
    let module = on("request_body", nothing, 0);
    assert_eq!(sent(&play(&module), "authorization"), [""]);
    let mut route = Route::nginx();
    route.from_map = vec!["authorization"];
    let done = server_at(route.clone(), &module).exchange(&request(), &world());
    assert_eq!(sent(&done, "authorization"), [""; 0], "dropped where it is also proxy_set_header X $http_x");
    assert_eq!(sent(&server_at(route, "").exchange(&request(), &world()), "authorization"), ["secret"]);
}

#[test]
fn an_authorization_is_not_added_to_another() {
    let done = map_of("add", 300, 13);
    assert_broken(&done, &["`authorization` is there already"]);
    assert_eq!((told(&done).as_str(), sent(&done, "authorization")), ("0", vec!["secret".to_owned()]));
    let done = map_of("add", 0, 6);
    assert_well(&done);
    assert_eq!(sent(&done, "x-test"), ["value"]);
}

#[test]
fn what_is_removed_and_set_again_is_sent_twice_but_for_a_builtin() {
    let again = |at, len| header("remove", 0, at, len) + &header("replace", 0, at, len);
    assert_eq!(sent(&play(&on("request_body", &again(500, 6), 0)), "cookie"), ["c=1", "value"]);
    assert_eq!(sent(&play(&on("request_body", &again(300, 13), 0)), "authorization"), ["value"]);
}

#[test]
fn all_pairs_replaced_lose_the_length_and_what_follows_a_read_only_name() {
    // The fixture's pairs: none, and those of a call, of which the last is `:authority`.
    let set = |at: u32, len: usize| {
        on(
            "request_body",
            &format!("(call $tell (call $set_pairs (i32.const 0) (i32.const {at}) (i32.const {len})))"),
            0,
        )
    };
    let none = play(&set(256, 4));
    assert_broken(&none, &["the request upstream has 5 bytes and a content-length of None"]);
    assert_eq!(sent(&none, "authorization"), ["secret"], "removed is not gone");
    let done = play(&set(408, CALL_HEADERS));
    assert_broken(&done, &["what comes after a read-only name is lost"]);
    assert!(told(&done).ends_with('0'), "with status 0");
    assert_eq!(sent(&done, ":method"), ["GET"], "what comes before it is set");
}

#[test]
fn the_map_keeps_the_old_length_and_the_upstream_gets_the_right_one() {
    let read = header("get", 0, 64, 14) + SHOW;
    let done = play(&on("request_body", &(set_buffer(0, 0, -1) + &set_buffer(0, 5, 0) + &read), 0));
    assert_well(&done);
    assert_eq!((told(&done).as_str(), sent(&done, "content-length")), ("0005", vec!["10".to_owned()]));
    assert_eq!(done.sent[0].body, b"valuevalue");
}

#[test]
fn a_length_that_the_body_does_not_have_is_told() {
    let remove = play(&on("request_body", &header("remove", 0, 64, 14), 0));
    assert_broken(&remove, &["5 bytes and a content-length of None"]);
    let no_number = play(&on("request_body", &header("replace", 0, 64, 14), 0));
    assert_broken(&no_number, &["5 bytes and a content-length of None"]);
}

#[test]
fn a_path_goes_on_only_as_the_location_lets_it() {
    let write = |len: u32| {
        format!(
            "(call $tell (call $replace (i32.const 0) (i32.const 48) (i32.const 5) (i32.const 344) (i32.const {len})))"
        )
    };
    let path = |pass, code: &str| {
        let route = Route { pass, variables: vec![("upstream_uri", "")], ..Route::nginx() };
        let done = server_at(route, &on("request_body", code, 0)).exchange(&request(), &world());
        done.sent[0].headers.text(":path").unwrap().to_owned()
    };
    assert_eq!(path(Pass::Uri, &write(8)), "/new?q=1");
    assert_eq!(path(Pass::Uri, &write(4)), "/new?x=%20", "without a query the old one is kept");
    assert_eq!(path(Pass::Plain, &write(8)), "/a?x=%20", "ignored");
    let kong = Pass::Variable("upstream_uri");
    assert_eq!(path(kong, &write(8)), "/a?x=%20", "ignored");
    let property =
        "(call $tell (call $set_property (i32.const 356) (i32.const 16) (i32.const 344) (i32.const 8)))";
    assert_eq!(path(kong, property), "/new?q=1");
}

#[test]
fn a_path_is_read_decoded() {
    let read = header("get", 0, 48, 5) + SHOW;
    let spaced = request().with(":path", "/a%20b?x=%20");
    let mut plain = server_at(Route { pass: Pass::Plain, ..Route::nginx() }, &on("request_body", &read, 0));
    assert_eq!(told(&plain.exchange(&spaced, &world())), "0/a b?x=%20");
    // As it is read it cannot be sent, and this location does.
    assert_broken(&server("").play(&spaced, &world()), &["no path that is one"]);
}

#[test]
fn authority_and_scheme_are_read_only_and_the_servers_own() {
    let done = map_of("replace", 376, 10);
    assert_well(&done);
    assert_eq!(
        (told(&done).contains('0'), sent(&done, ":authority")),
        (true, vec!["gateway.test".to_owned()])
    );
    assert!(done.logs.iter().any(|(_, text)| text.contains("cannot set read-only")));
    let done = play(&on("request_body", &(header("get", 0, 376, 10) + SHOW), 0));
    assert_eq!(told(&done), "0kong:8000");
}

#[test]
fn a_host_goes_on_only_where_the_location_sends_the_clients() {
    let host =
        "(data (i32.const 520) \"host\")".to_owned() + &on("request_body", &header("replace", 0, 520, 4), 0);
    let upstream = |host_header| {
        let route = Route { host: host_header, variables: vec![("upstream_host", "llm")], ..Route::nginx() };
        let done = server_at(route, &host).exchange(&Request::post("/", "hello"), &world());
        sent(&done, ":authority")
    };
    assert_eq!(upstream(Host::Client), ["value"]);
    assert_eq!(upstream(Host::Upstream), ["pool"]);
    assert_eq!(upstream(Host::Variable("upstream_host")), ["llm"]);
}

#[test]
fn removing_a_pseudo_header_ends_the_worker() {
    for (at, len, what) in [(48, 5, ":path"), (320, 7, ":method")] {
        let done = map_of("remove", at, len);
        assert_broken(&done, &[what, "worker dies"]);
        assert!(done.crash.is_some() && done.reply.headers.is_none());
    }
    let done = play(&on("response_headers", &header("remove", 2, 332, 7), 0));
    assert_broken(&done, &[":status", "worker dies"]);
}

#[test]
fn request_headers_are_not_written_once_there_is_a_reply_and_a_replys_in_its_own_callback_only() {
    for callback in ["response_headers", "response_body"] {
        assert_trapped(&play(&on(callback, &header("replace", 0, 0, 6), 0)), &[callback, "map 0"]);
    }
    for callback in ["request_headers", "request_body", "response_body"] {
        assert_trapped(&play(&on(callback, &header("replace", 2, 0, 6), 0)), &[callback, "map 2"]);
        assert_trapped(&play(&on(callback, &header("remove", 2, 0, 6), 0)), &[callback, "map 2"]);
    }
    let done = play(&on("response_headers", &header("replace", 2, 0, 6), 0));
    assert_well(&done);
    assert_eq!(done.reply.header("x-test"), Some("value"));
    // Reading is another thing.
    assert_well(&play(&on("response_body", &(header("get", 0, 300, 13) + &header("get", 2, 332, 7)), 0)));
    assert_broken(&play(&on("request_body", &header("get", 2, 332, 7), 0)), &["before there is a reply"]);
}

#[test]
fn trailers_are_not_there() {
    let done = play(&on("request_body", &(header("get", 1, 0, 6) + &header("replace", 1, 0, 6)), 0));
    // 2, then 10, which is told as the character after 9.
    assert_eq!(told(&done), "2:");
}

#[test]
fn a_status_that_is_none_is_ignored() {
    let done = play(&on("response_headers", &header("replace", 2, 332, 7), 0));
    assert_broken(&done, &["the status `value` is ignored"]);
    assert_eq!(done.reply.status(), 200);
}
