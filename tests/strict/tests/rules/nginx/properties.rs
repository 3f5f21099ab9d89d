//! Properties.

use strict::nginx::route::Route;

use super::{
    super::fixture::{assert_broken, on, told},
    *,
};

/// Reads a property by its path, and logs it.
fn read(path: &str) -> String {
    let len = path.replace("\\00", "\0").len();
    format!(
        "(call $tell (call $property (i32.const 600) (i32.const {len}) (i32.const 1008) (i32.const 1012))) {SHOW}"
    )
}

fn write(path: &str) -> String {
    let len = path.replace("\\00", "\0").len();
    format!(
        "(call $tell (call $set_property (i32.const 600) (i32.const {len}) (i32.const 16) (i32.const 5)))"
    )
}

fn at(route: Route, path: &str, code: &str) -> Exchanged {
    let data = format!("(data (i32.const 600) \"{path}\")");
    server_at(route, &(data + &on("request_body", code, 0))).play(&request(), &world())
}

#[test]
fn what_is_not_known_is_not_found() {
    for path in
        ["nothing", "ngx.nothing", "kong.version", "upstream\\00address", "xds\\00cluster_name", "wasmx.a"]
    {
        assert_eq!(told(&at(Route::nginx(), path, &read(path))), "1", "{path}");
    }
    for path in ["nothing", "ngx.nothing", "kong.ctx.shared.a", "request\\00path", "switchyard.exchange"] {
        let done = at(Route::nginx(), path, &write(path));
        assert_well(&done);
        assert_eq!(told(&done), "1", "{path}");
    }
}

#[test]
fn what_envoy_has_and_this_host_has_not_is_logged_as_an_error() {
    let path = "response\\00code_details";
    let done = at(Route::nginx(), path, &read(path));
    assert_broken(&done, &["response.code_details", "is not supported"]);
    assert_eq!(told(&done), "1");
}

#[test]
fn variables_are_read_and_some_are_written() {
    for (path, value) in [
        ("ngx.request_uri", "0/a?x=%20"),
        ("ngx\\00uri", "0/a"),
        ("request\\00path", "0/a?x=%20"),
        ("request.host", "0machine"),
        ("ngx.http_authorization", "0secret"),
        ("request\\00headers\\00cookie", "0c=1"),
    ] {
        assert_eq!(told(&at(Route::nginx(), path, &read(path))), value, "{path}");
    }
    for path in ["ngx.uri", "ngx.http_cookie", "ngx.request_method"] {
        assert_eq!(told(&at(Route::nginx(), path, &write(path))), ":", "{path} answers 10");
    }
    for (route, path) in [(Route::nginx(), "wasmx.a"), (Route::kong(), "ngx.upstream_uri")] {
        assert_eq!(told(&at(route, path, &(write(path) + &read(path)))), "00value", "{path}");
    }
}

#[test]
fn kongs_are_there_where_it_is_kong() {
    let kong = |path: &str, code: String| at(Route::kong(), path, &code);
    assert_eq!(told(&kong("kong.version", read("kong.version"))), "03.9.1");
    let shared = "kong\\00ctx\\00shared\\00a";
    assert_eq!(told(&kong(shared, write(shared) + &read(shared))), "00value");
    assert_trapped(&kong("kong.version", write("kong.version")), &["could not set"]);
    assert_broken(&kong("kong.service.target", write("kong.service.target")), &["is not known"]);
}

#[test]
fn in_the_root_context_a_dotted_name_fails_and_a_plain_one_ends_the_worker() {
    let tick = |path: &str, code: &str| {
        let data = format!("(data (i32.const 600) \"{path}\")");
        let mut server = server(&format!("{data} (func (export \"proxy_on_tick\") (param i32) {code})"));
        let done = server.tick();
        let broken = server.vm().take_violations();
        let told: String = server.vm().host().logs.iter().map(|(_, text)| text.as_str()).collect();
        (done.is_ok(), broken.join(" "), told)
    };
    let (ok, broken, told) = tick("ngx.uri", &read("ngx.uri"));
    assert_eq!((ok, broken.as_str(), told.as_str()), (true, "", ":"));
    for code in [read("plugin_name"), header("get", 0, 48, 5)] {
        let (ok, broken, _) = tick("plugin_name", &code);
        assert!(!ok && broken.contains("worker dies"), "{broken}");
    }
}
