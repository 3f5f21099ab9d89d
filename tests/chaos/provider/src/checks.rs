//! What is wrong with a request, whatever its format; `formats` tells of its body and path.

use serde_json::Value;

use crate::{
    counts::NO_ID,
    formats::{Api, Asked},
    keys::Keys,
    request::Request,
    settings::Settings,
};

/// Headers that may hold a credential.
const CREDENTIALS: [&str; 9] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-amz-security-token",
    "x-amz-date",
    "x-amz-content-sha256",
    "x-amz-user-agent",
];
/// How headers begin that are nobody's business but the gateway's.
const INTERNAL: [&str; 3] = ["x-switchyard", "x-envoy", "x-forwarded"];
/// Headers that a client sends to the gateway, and nobody further.
const PRIVATE: [&str; 5] = ["cookie", "x-client-secret", "x-request-id", "via", "forwarded"];

/// A request and what it came to.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// The request.
    pub request: &'a Request,
    /// Its path below the cell.
    pub target: &'a str,
    /// The address of the listener.
    pub address: &'a str,
}

/// What a request asks for, with everything that is wrong with it, and its id.
pub fn read(arrival: &Arrival<'_>, settings: &Settings, keys: &Keys) -> (Asked, u64) {
    let api = settings.format.api();
    let mut asked = match serde_json::from_slice::<Value>(&arrival.request.body) {
        Ok(body) => api.ask(arrival.target, &body),
        Err(error) => Asked { wrong: vec![format!("the body is not JSON: {error}")], ..Asked::default() },
    };
    head(arrival, settings, api, &mut asked.wrong);
    let foreign = keys.foreign(&arrival.request.head, &settings.key);
    asked.wrong.extend(foreign.into_iter().map(|cell| format!("the key of cell {cell}")));
    let id = marked(&asked.text, &mut asked.wrong);
    (asked, id)
}

fn head(arrival: &Arrival<'_>, settings: &Settings, api: &dyn Api, wrong: &mut Vec<String>) {
    let request = arrival.request;
    if request.method != "POST" {
        wrong.push(format!("method {}", request.method));
    }
    if arrival.target.contains("key=") || arrival.target.contains("access_token=") {
        wrong.push("a credential in the path".into());
    }
    let (name, before) = api.credential();
    exactly(request, name, &format!("{before}{}", settings.key), wrong);
    exactly(request, "host", settings.host.as_deref().unwrap_or(arrival.address), wrong);
    exactly(request, "content-type", "application/json", wrong);
    for (needed, value) in api.needs() {
        exactly(request, needed, value, wrong);
    }
    for (header, value) in &request.headers {
        let other = CREDENTIALS.contains(&header.as_str()) && header != name;
        let internal = INTERNAL.iter().any(|start| header.starts_with(start));
        if other || internal || PRIVATE.contains(&header.as_str()) {
            wrong.push(format!("a header {header}"));
        }
        if header == "accept-encoding" && value != b"identity" {
            wrong.push(format!("accept-encoding \"{}\"", value.escape_ascii()));
        }
    }
}

/// A header that must be there once, with this value.
fn exactly(request: &Request, name: &str, value: &str, wrong: &mut Vec<String>) {
    let values: Vec<&[u8]> = request.all(name).collect();
    if values != [value.as_bytes()] {
        let shown: Vec<String> = values.iter().map(|value| value.escape_ascii().to_string()).collect();
        wrong.push(format!("{name} {shown:?}"));
    }
}

/// The id in a text, `id:<16 hexadecimal digits>;`, and whether the text is as long as `len:<N>;` in it says.
fn marked(text: &str, wrong: &mut Vec<String>) -> u64 {
    let told = text.split("id:").skip(1).find_map(|rest| {
        let (digits, _) = rest.split_once(';')?;
        if digits.len() == 16 { u64::from_str_radix(digits, 16).ok() } else { None }
    });
    if told.is_none() {
        wrong.push("no id".into());
    }
    if let Some((_, rest)) = text.split_once("len:") {
        let length = rest.split_once(';').and_then(|(digits, _)| digits.parse::<usize>().ok());
        if length != Some(text.len()) {
            wrong.push(format!("a text of {} bytes where it says {length:?}", text.len()));
        }
    }
    told.unwrap_or(NO_ID)
}
