//! `switchyard mock`: a local provider that speaks OpenAI and Anthropic, streams at a human pace, and can be told to
//! fail.

mod answer;
mod anthropic;
mod faults;
mod openai;
mod stream;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::{get, post},
};
use clap::Args;
use faults::{Fault, Faults, Side};
use serde_json::{Value, json};

/// The largest request that is read.
const REQUEST_BYTES: usize = 64 << 20;

/// How long a request that hangs is held: longer than any patience.
const HANG: Duration = Duration::from_secs(24 * 60 * 60);

/// What `mock` can be told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8081")]
    listen: String,
    /// Words a second in streams, 1 to 100000.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pace: u32,
}

/// How fast streams are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pause: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace::words_per_second(20)
    }
}

impl Pace {
    fn words_per_second(words: u32) -> Self {
        Pace { pause: Duration::from_secs(1) / words.max(1) }
    }
}

/// Runs until interrupted.
///
/// # Errors
/// It cannot listen.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| format!("no runtime: {error}"))?.block_on(async {
        let address = start(&arguments.listen, Pace::words_per_second(arguments.pace)).await?;
        println!("The mock listens. OpenAI: http://{address}/v1   Anthropic: http://{address}");
        println!("Models called fail-429, fail-503, fail-hang, fail-cut, fail-error-first fail. So does everything after:");
        println!("  curl http://{address}/mock/fail -d '{{\"provider\": \"openai\", \"status\": 503, \"count\": 3}}'");
        tokio::signal::ctrl_c().await.map_err(|error| format!("signals: {error}"))
    })
}

/// Starts a mock in the background; it ends with the runtime.
///
/// # Errors
/// It cannot listen.
pub(crate) async fn start(listen: &str, pace: Pace) -> Result<SocketAddr, String> {
    let told = |error: std::io::Error| format!("the mock cannot listen on {listen}: {error}");
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(told)?;
    let address = listener.local_addr().map_err(told)?;
    tokio::spawn(async move { axum::serve(listener, router(pace)).await });
    Ok(address)
}

#[derive(Clone)]
struct Mock {
    faults: Arc<Faults>,
    served: Arc<AtomicU64>,
    pace: Pace,
}

fn router(pace: Pace) -> Router {
    let mock = Mock { faults: Arc::default(), served: Arc::default(), pace };
    Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/messages", post(messages))
        .route("/v1/models", get(models))
        .route("/mock/fail", get(list_faults).post(order_fault).delete(clear_faults))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES))
        .with_state(mock)
}

async fn chat(State(mock): State<Mock>, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        let message = "We could not parse the JSON body of your request.";
        return json_response(400, &openai::error("invalid_request_error", message, None));
    };
    let question = match openai::read(&headers, &request) {
        Ok(question) => question,
        Err((status, error)) => return json_response(status, &error),
    };
    let fault = mock.faults.next(Side::Openai, question.model);
    match fault {
        Some(Fault::Status(status)) => return json_response(status, &openai::failure(status)),
        Some(Fault::Hang) => tokio::time::sleep(HANG).await,
        Some(Fault::ErrorFirst) => {
            return event_stream(stream::body(openai::error_first(), mock.pace.pause, false));
        }
        Some(Fault::Cut) | None => {}
    }
    let (id, prompt) = (mock.id(), body.len().div_ceil(4));
    let answer = answer::answer(&question, "OpenAI");
    if request.get("stream") == Some(&Value::Bool(true)) {
        let pieces = openai::stream(&id, now(), prompt, &answer, &request);
        return event_stream(stream::body(pieces, mock.pace.pause, fault == Some(Fault::Cut)));
    }
    let reply = openai::reply(&id, now(), question.model, prompt, &answer);
    whole_or_cut(&reply, fault, mock.pace)
}

async fn messages(State(mock): State<Mock>, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return json_response(
            400,
            &anthropic::error("invalid_request_error", "The request body is not valid JSON."),
        );
    };
    let question = match anthropic::read(&headers, &request) {
        Ok(question) => question,
        Err((status, error)) => return json_response(status, &error),
    };
    let fault = mock.faults.next(Side::Anthropic, question.model);
    match fault {
        Some(Fault::Status(status)) => return json_response(status, &anthropic::failure(status)),
        Some(Fault::Hang) => tokio::time::sleep(HANG).await,
        Some(Fault::ErrorFirst) => {
            return event_stream(stream::body(anthropic::error_first(), mock.pace.pause, false));
        }
        Some(Fault::Cut) | None => {}
    }
    let (id, prompt) = (mock.id(), body.len().div_ceil(4));
    let answer = answer::answer(&question, "Anthropic");
    if request.get("stream") == Some(&Value::Bool(true)) {
        let pieces = anthropic::stream(&id, question.model, prompt, &answer);
        return event_stream(stream::body(pieces, mock.pace.pause, fault == Some(Fault::Cut)));
    }
    whole_or_cut(&anthropic::reply(&id, question.model, prompt, &answer), fault, mock.pace)
}

async fn models() -> Response {
    let names = ["gpt-4.1", "gpt-4.1-mini", "claude-sonnet-4-5"];
    let models = names.map(|name| json!({"id": name, "object": "model", "created": 0, "owned_by": "mock"}));
    json_response(200, &json!({"object": "list", "data": models}))
}

async fn list_faults(State(mock): State<Mock>) -> Response {
    json_response(200, &mock.faults.list())
}

async fn order_fault(State(mock): State<Mock>, body: Bytes) -> Response {
    match mock.faults.order(&body) {
        Ok(()) => json_response(200, &mock.faults.list()),
        Err(mistake) => json_response(400, &json!({"error": mistake})),
    }
}

async fn clear_faults(State(mock): State<Mock>) -> Response {
    mock.faults.clear();
    json_response(200, &mock.faults.list())
}

impl Mock {
    /// An id that no other answer of this mock has.
    fn id(&self) -> String {
        format!("mock{:020}", self.served.fetch_add(1, Ordering::Relaxed))
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn whole_or_cut(reply: &Value, fault: Option<Fault>, pace: Pace) -> Response {
    if fault != Some(Fault::Cut) {
        return json_response(200, reply);
    }
    let text = reply.to_string();
    let pieces = text.split_inclusive(',').map(|piece| stream::Piece::now(piece.to_owned())).collect();
    response(200, "application/json", stream::body(pieces, pace.pause, true))
}

fn json_response(status: u16, value: &Value) -> Response {
    response(status, "application/json", Body::from(value.to_string()))
}

fn event_stream(body: Body) -> Response {
    response(200, "text/event-stream; charset=utf-8", body)
}

fn response(status: u16, content: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content));
    if status == 429 {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    response
}

#[cfg(test)]
mod tests;
