use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;

async fn mock() -> SocketAddr {
    start("127.0.0.1:0", Pace::words_per_second(1000)).await.unwrap()
}

/// The status, the body, and whether the connection ended as it should.
async fn send(at: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> (u16, String, bool) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    stream.write_all((head + body).as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let whole = !head.contains("chunked") || body.ends_with("0\r\n\r\n");
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned(), whole)
}

const BEARER: &str = "authorization: Bearer k\r\n";
const KEY: &str = "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n";

async fn openai(at: SocketAddr, body: Value) -> (u16, String, bool) {
    send(at, "POST", "/v1/chat/completions", BEARER, &body.to_string()).await
}

async fn anthropic(at: SocketAddr, body: Value) -> (u16, String, bool) {
    send(at, "POST", "/v1/messages", KEY, &body.to_string()).await
}

fn chat(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "hello there"}]})
}

fn message(model: &str) -> Value {
    json!({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hello there"}]})
}

fn parse(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[tokio::test]
async fn both_sides_answer_in_their_own_form() {
    let at = mock().await;
    let (status, body, _) = openai(at, chat("gpt-4.1")).await;
    let reply = parse(&body);
    assert_eq!((status, reply["object"].as_str()), (200, Some("chat.completion")));
    assert!(reply["choices"][0]["message"]["content"].as_str().unwrap().ends_with("You said: hello there"));
    let (status, body, _) = anthropic(at, message("claude")).await;
    let reply = parse(&body);
    assert_eq!((status, reply["type"].as_str()), (200, Some("message")));
    assert!(reply["content"][0]["text"].as_str().unwrap().ends_with("You said: hello there"));
}

#[tokio::test]
async fn both_sides_stream_the_same_words() {
    let at = mock().await;
    let mut asked = chat("gpt-4.1");
    asked["stream"] = json!(true);
    asked["stream_options"] = json!({"include_usage": true});
    let (_, body, whole) = openai(at, asked).await;
    let events: Vec<Value> =
        body.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
    let said: String =
        events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
    assert!(said.ends_with("You said: hello there") && whole && body.contains("data: [DONE]"), "{said}");
    assert!(events.last().unwrap()["usage"]["total_tokens"].as_u64() > Some(0));
    let mut asked = message("claude");
    asked["stream"] = json!(true);
    let (_, body, whole) = anthropic(at, asked).await;
    let events: Vec<Value> =
        body.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
    let said: String = events.iter().filter_map(|event| event["delta"]["text"].as_str()).collect();
    assert!(said.ends_with("You said: hello there") && whole, "{said}");
    assert_eq!(events.last().unwrap()["type"], "message_stop");
}

#[tokio::test]
async fn tools_are_called_in_both_forms() {
    let at = mock().await;
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let mut asked = chat("gpt-4.1");
    asked["tools"] = json!([{"type": "function", "function": {"name": "weather", "parameters": schema}}]);
    asked["tool_choice"] = json!("required");
    let reply = parse(&openai(at, asked).await.1);
    let call = &reply["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(
        (call["name"].as_str(), call["arguments"].as_str()),
        (Some("weather"), Some("{\"city\":\"mock\"}"))
    );
    let mut asked = message("claude");
    asked["tools"] = json!([{"name": "weather", "input_schema": schema}]);
    asked["tool_choice"] = json!({"type": "any"});
    let reply = parse(&anthropic(at, asked).await.1);
    assert_eq!(reply["content"][0]["input"], json!({"city": "mock"}));
    assert_eq!(reply["stop_reason"], "tool_use");
}

#[tokio::test]
async fn wrong_requests_are_refused_as_the_vendors_do() {
    let at = mock().await;
    let post = |path: &'static str, headers: &'static str, body: Value| async move {
        let (status, body, _) = send(at, "POST", path, headers, &body.to_string()).await;
        (status, parse(&body)["error"]["type"].as_str().unwrap().to_owned())
    };
    let (chat_path, messages) = ("/v1/chat/completions", "/v1/messages");
    assert_eq!(post(chat_path, "", chat("m")).await, (401, "invalid_request_error".into()));
    assert_eq!(post(chat_path, BEARER, json!({"model": "m"})).await.0, 400);
    assert_eq!(post(chat_path, BEARER, json!({"model": "m", "messages": [{"role": "usr"}]})).await.0, 400);
    assert_eq!(post(chat_path, BEARER, json!("no object")).await.0, 400);
    assert_eq!(
        post(messages, "anthropic-version: x\r\n", message("m")).await,
        (401, "authentication_error".into())
    );
    assert_eq!(post(messages, "x-api-key: k\r\n", message("m")).await, (400, "invalid_request_error".into()));
    assert_eq!(post(messages, KEY, json!({"model": "m", "messages": [{"role": "user"}]})).await.0, 400);
}

#[tokio::test]
async fn it_fails_when_told_to() {
    let at = mock().await;
    assert_eq!(openai(at, chat("fail-429")).await.0, 429);
    let (status, body, _) = anthropic(at, message("fail-529")).await;
    assert_eq!((status, parse(&body)["error"]["type"].as_str()), (529, Some("overloaded_error")));
    assert!(!openai(at, chat("fail-cut")).await.2);
    let mut asked = chat("error-first");
    asked["stream"] = json!(true);
    let (status, body, _) = openai(at, asked).await;
    assert!(status == 200 && body.contains("data: {\"error\""), "{body}");
    let order = json!({"provider": "openai", "status": 503, "count": 1}).to_string();
    assert_eq!(send(at, "POST", "/mock/fail", "", &order).await.0, 200);
    assert_eq!(anthropic(at, message("m")).await.0, 200);
    assert_eq!(openai(at, chat("m")).await.0, 503);
    assert_eq!(openai(at, chat("m")).await.0, 200);
    assert_eq!(send(at, "POST", "/mock/fail", "", "{\"stauts\":1}").await.0, 400);
}

#[tokio::test]
async fn a_request_that_hangs_gets_nothing() {
    let at = mock().await;
    let wait = tokio::time::timeout(Duration::from_millis(200), openai(at, chat("hang")));
    assert!(wait.await.is_err());
}
