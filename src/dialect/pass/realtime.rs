//! `GET /v1/realtime`: a WebSocket session (RFC 6455). Only its handshake is read.
//!
//! Sources: OpenAI API reference, "Realtime"; OpenAI's guide "Realtime API with WebSocket", for browsers, which cannot send
//! headers and send the key as a subprotocol.

use std::borrow::Cow;

use super::Head;
use crate::{
    dialect::{chat::scan::MAX_MODEL, endpoint::decoded},
    ir::ApiError,
};

/// What the subprotocol that carries a key begins with.
const KEY: &str = "openai-insecure-api-key.";

/// The longest header of the handshake.
const MAX_HEADER: usize = 1024;

/// What goes on of the client's handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handshake {
    /// Names and values, lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The subprotocols that go on.
    pub protocols: Vec<String>,
}

/// The headers that go on as they are. `openai-beta` chooses the form of the events.
const NAMES: [&str; 4] =
    ["sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "openai-beta"];

/// The header of the subprotocols.
pub const PROTOCOL: &str = "sec-websocket-protocol";

/// The key that a browser's client presents as a subprotocol.
pub fn key(protocols: &[u8]) -> Option<&[u8]> {
    items(std::str::from_utf8(protocols).ok()?).find_map(|item| item.strip_prefix(KEY)).map(str::as_bytes)
}

fn items(protocols: &str) -> impl Iterator<Item = &str> {
    protocols.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// Reads the handshake. `header` gives the value of a header, `path` has its query.
///
/// # Errors
///
/// For a request that is no WebSocket's, one that names no model, and one whose query has anything else.
pub fn head<'h>(path: &[u8], header: impl Fn(&str) -> Option<&'h [u8]>) -> Result<Head, ApiError> {
    if !header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case(b"websocket")) {
        let error = ApiError::invalid("upgrade", "`/v1/realtime` is for WebSocket connections only.");
        return Err(error.with_code("websocket_required"));
    }
    let text = |name: &str| match header(name).map(std::str::from_utf8) {
        Some(Ok(value)) if value.len() <= MAX_HEADER => Ok(Some(value)),
        None => Ok(None),
        _ => Err(ApiError::invalid(name, format!("The header `{name}` cannot be read."))),
    };
    let mut headers = Vec::with_capacity(NAMES.len());
    for name in NAMES {
        headers.extend(text(name)?.map(|value| (name, value.to_owned())));
    }
    // Those of an organisation and a project are of the client's own account, as its key is.
    let goes_on = |item: &&str| {
        !["openai-insecure-", "openai-organization.", "openai-project."]
            .iter()
            .any(|prefix| item.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
    };
    let protocols = items(text(PROTOCOL)?.unwrap_or_default()).filter(goes_on).map(str::to_owned).collect();
    let path = std::str::from_utf8(path).unwrap_or_default();
    let model = model(path.split_once('?').map_or("", |(_, query)| query))?;
    Ok(Head {
        model,
        stream: true,
        method: "GET",
        path: "/realtime".into(),
        socket: Some(Handshake { headers, protocols }),
        ..Head::default()
    })
}

fn model(query: &str) -> Result<String, ApiError> {
    let mut model = None;
    for (name, value) in query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    {
        if name != "model" || model.is_some() {
            let message = "The query of `/v1/realtime` is `model=NAME` and nothing else.";
            return Err(ApiError::invalid("model", message).with_code("unsupported_query"));
        }
        model = Some(decoded(value));
    }
    let named = model.filter(|name: &Cow<'_, str>| {
        (1..=MAX_MODEL).contains(&name.len()) && !name.chars().any(char::is_control)
    });
    named
        .map(Cow::into_owned)
        .ok_or_else(|| ApiError::invalid("model", "you must provide a `model` in the query"))
}

/// The path of the provider's session, with its own name of the model.
pub fn path(model: &str) -> String {
    let mut path = String::from("/realtime?model=");
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            path.push(char::from(byte));
        } else {
            let digit =
                |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase();
            path.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    path
}

impl Handshake {
    /// Whether a provider may choose this subprotocol: it was offered one of this name.
    pub fn offers(&self, protocol: &[u8]) -> bool {
        self.protocols.iter().any(|offered| offered.as_bytes() == protocol)
    }
}
