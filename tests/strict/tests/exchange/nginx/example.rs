//! The chains of examples/kong, as they are rendered: from the front to the providers' routes, and to the providers.
//!
//! Kong's own part is played: it leads a path to the route of which it has the prefix.

use std::{cell::RefCell, rc::Rc};

use serde_json::Value;
use strict::{
    driver::{Answer, Attempt, By, Exchanged, Request, Sent},
    nginx::driver::{Called, Server},
};

use super::*;

/// The key whose sum is in the example.
const KEY: &str = "sk-sy-example";

/// The chain of a route as Kong hands it over: read, and written again with its members in another order.
fn chain(role: &str, prefix: &str) -> Server {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/kong/kong.yml");
    let text = std::fs::read_to_string(path).unwrap();
    let starts = text.match_indices("{\"version\":").map(|(at, _)| &text[at..]);
    let mut all = starts
        .map(|from| serde_json::Deserializer::from_str(from).into_iter::<Value>().next().unwrap().unwrap());
    let fits =
        |config: &Value| config["role"] == role && config["entry"]["prefix"].as_str().unwrap_or("") == prefix;
    let config = all.find(fits).unwrap().to_string();
    Server::start(compiled_for_nginx(), Route::kong(), config.as_bytes(), &ENVIRONMENT).unwrap()
}

/// A request as a client of the example sends it.
fn request(model: &str, stream: bool) -> Request {
    chat(model, stream)
        .with("authorization", format!("Bearer {KEY}"))
        .with("cookie", "a=b")
        .with("x-forwarded-for", "192.0.2.1")
}

/// The routes of both providers, with what the providers answer, and what reached them.
struct Routes {
    openai: (Server, Vec<Answer>),
    claude: (Server, Vec<Answer>),
    reached: Vec<(&'static str, Sent)>,
}

impl Routes {
    fn new(openai: Vec<Answer>, claude: Vec<Answer>) -> Self {
        let route = |name: &str| chain("standalone", &format!("/switchyard/{name}"));
        Routes { openai: (route("openai"), openai), claude: (route("claude"), claude), reached: Vec::new() }
    }

    /// What Kong's proxy answers to a request of this path.
    fn ask(&mut self, request: &Request) -> Exchanged {
        let path = request.headers.text(":path").unwrap();
        let (name, (route, answers)) = match path {
            path if path.starts_with("/switchyard/openai/") => ("openai", &mut self.openai),
            path if path.starts_with("/switchyard/claude/") => ("claude", &mut self.claude),
            other => panic!("Kong has no route for {other}"),
        };
        let servers: Vec<Attempt> =
            answers.drain(..answers.len().min(1)).map(|answer| Attempt::at(name, answer)).collect();
        let done = route.exchange(request, &servers);
        self.reached.extend(done.sent.iter().map(|sent| (name, sent.clone())));
        done
    }
}

/// The front, whose calls these routes answer.
fn front(routes: &Rc<RefCell<Routes>>) -> Server {
    let (mut front, routes) = (chain("front", ""), Rc::clone(routes));
    front.on_call(move |call| {
        assert_eq!(call.cluster, "127.0.0.1:8000");
        let mut request = Request::post("", &call.body);
        for (name, value) in call.headers.pairs() {
            request = request.with(std::str::from_utf8(name).unwrap(), value);
        }
        let reply = routes.borrow_mut().ask(&request).reply;
        let mut answer = Answer::json(reply.status(), reply.body());
        answer.headers = reply.headers.unwrap();
        Called::Answer(answer)
    });
    front
}

/// Each provider got its own key and nothing of the client.
fn assert_own(reached: &[(&str, Sent)]) {
    for (name, sent) in reached {
        let (path, header, key) = match *name {
            "openai" => ("/v1/chat/completions", "authorization", format!("Bearer {OPENAI_KEY}")),
            _ => ("/v1/messages", "x-api-key", ANTHROPIC_KEY.to_owned()),
        };
        assert_eq!((sent.headers.text(":path"), sent.headers.text(header)), (Some(path), Some(key.as_str())));
        for (name, value) in sent.headers.pairs() {
            let (name, value) = (std::str::from_utf8(name).unwrap(), std::str::from_utf8(value).unwrap());
            assert!(!value.contains(KEY) && !value.contains("192.0.2.1"), "{name}: {value}");
            assert!(!name.starts_with("x-forwarded-"), "{name}: {value}");
            assert!(name != "cookie" || value.is_empty(), "{name}: {value}");
        }
    }
}

#[test]
fn a_whole_reply_fails_over_to_the_other_provider() {
    let claude = Answer::json(200, anthropic_reply("Hello from Claude."));
    let routes = Rc::new(RefCell::new(Routes::new(vec![openai_error(429)], vec![claude])));
    let done = front(&routes).exchange(&request("gpt-4.1", false), &[]);
    assert_eq!((done.reply.status(), done.reply.by), (200, By::Gateway));
    let reply: Value = serde_json::from_slice(&done.reply.body()).unwrap();
    assert_eq!(reply["choices"][0]["message"]["content"], "Hello from Claude.");
    let reached = &routes.borrow().reached;
    assert_eq!(reached.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["openai", "claude"]);
    assert_own(reached);
}

#[test]
fn a_stream_goes_through_the_route_of_the_first_provider() {
    let routes =
        Rc::new(RefCell::new(Routes::new(vec![], vec![Answer::events(anthropic_events(&["Hel", "lo"]))])));
    let on = front(&routes)
        .exchange(&request("claude-sonnet-4-5", true), &[Attempt::at("route", Answer::json(200, "{}"))]);
    assert_eq!(on.sent[0].headers.text(":path"), Some("/switchyard/claude/v1/chat/completions"));
    let mut again = request("claude-sonnet-4-5", true);
    again.headers.replace(":path", "/switchyard/claude/v1/chat/completions");
    again.chunks = vec![on.sent[0].body.clone()];
    let done = routes.borrow_mut().ask(&again);
    assert_eq!((text_of(&events(&done.reply.body())), done.reply.complete), ("Hello".to_owned(), true));
    assert_own(&routes.borrow().reached);
}

#[test]
fn each_route_asks_who_it_is() {
    let mut routes = Routes::new(vec![], vec![]);
    for route in ["", "/switchyard/openai", "/switchyard/claude"] {
        let wrong = request("gpt-4.1", false)
            .with(":path", format!("{route}/v1/chat/completions"))
            .with("authorization", "Bearer sk-other");
        let done =
            if route.is_empty() { chain("front", "").exchange(&wrong, &[]) } else { routes.ask(&wrong) };
        assert_eq!((done.reply.status(), done.sent.len()), (401, 0), "{route}");
    }
}
