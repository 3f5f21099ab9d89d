//! Which of the gateway's endpoints a request is for.

use std::borrow::Cow;

use crate::{
    dialect::{Ask, Dialect, chat::scan::MAX_MODEL, pass::files},
    ir::{ApiError, ErrorKind},
};

/// What a method and a path ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint<'a> {
    /// One that a provider answers.
    Ask(Ask),
    /// `GET /`: what this is.
    Home,
    /// `GET /health`: the gateway answers.
    Health,
    /// `GET /v1/models`. Codex, which tells its version in the query, wants a member more.
    Models {
        /// It is Codex that asks.
        codex: bool,
    },
    /// `GET /v1/models/{id}`, percent escapes undone: clients escape the slash of `openai/gpt-4.1`. At most
    /// three times [`MAX_MODEL`] bytes.
    Model(Cow<'a, str>),
}

impl<'a> Endpoint<'a> {
    /// Reads a request line. `HEAD` is answered where `GET` is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] for an unknown path, [`ErrorKind::MethodNotAllowed`] for a wrong method.
    pub fn of(method: &[u8], path: &'a [u8]) -> Result<Self, ApiError> {
        let mut parts = path.splitn(2, |byte| *byte == b'?');
        let (path, query) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let known = "This gateway answers POST /v1/chat/completions, /v1/completions, /v1/messages, \
                     /v1/messages/count_tokens, /v1/responses, /v1/responses/input_tokens, /v1/embeddings, /v1/rerank, \
                     /v1/moderations, /v1/images/… and /v1/audio/…, GET /v1/models and /v1/realtime; GET / lists all.";
        let unknown = |shown: &str| {
            let message = format!("There is nothing at `{shown}`. {known}");
            ApiError::new(ErrorKind::NotFound, message).with_code("unknown_url")
        };
        let path = std::str::from_utf8(path).map_err(|_| unknown("(a path that is not UTF-8)"))?;
        let bare = path.strip_suffix('/').unwrap_or(path);
        if let Some(methods) = files::methods(bare) {
            let known = methods.iter().any(|known| known.as_bytes() == method);
            return if known {
                Ok(Self::Ask(Ask::Files))
            } else {
                Err(wrong_method(path, &methods.join(" and ")))
            };
        }
        let (allowed, endpoint) = match bare {
            "/v1/chat/completions" => ("POST", Self::Ask(Ask::Chat)),
            "/v1/completions" => ("POST", Self::Ask(Ask::Completions)),
            "/v1/messages" => ("POST", Self::Ask(Ask::Messages)),
            "/v1/messages/count_tokens" => ("POST", Self::Ask(Ask::CountMessages)),
            "/v1/responses" => ("POST", Self::Ask(Ask::Responses)),
            "/v1/responses/input_tokens" => ("POST", Self::Ask(Ask::CountResponses)),
            "/v1/embeddings" => ("POST", Self::Ask(Ask::Embeddings)),
            // Cohere's SDK asks the second.
            "/v1/rerank" | "/v2/rerank" => ("POST", Self::Ask(Ask::Rerank)),
            "/v1/moderations" => ("POST", Self::Ask(Ask::Moderations)),
            "/v1/images/generations" => ("POST", Self::Ask(Ask::ImageGenerations)),
            "/v1/images/edits" => ("POST", Self::Ask(Ask::ImageEdits)),
            "/v1/images/variations" => ("POST", Self::Ask(Ask::ImageVariations)),
            "/v1/audio/speech" => ("POST", Self::Ask(Ask::Speech)),
            "/v1/audio/transcriptions" => ("POST", Self::Ask(Ask::Transcriptions)),
            "/v1/audio/translations" => ("POST", Self::Ask(Ask::Translations)),
            "/v1/realtime" => ("GET", Self::Ask(Ask::Realtime)),
            "" if !path.is_empty() => ("GET", Self::Home),
            "/health" => ("GET", Self::Health),
            "/v1/models" => ("GET", Self::Models { codex: query.starts_with(b"client_version=") }),
            other => match other.strip_prefix("/v1/models/") {
                Some(id) if id.len() <= 3 * MAX_MODEL => ("GET", Self::Model(decoded(id))),
                _ => return Err(unknown(&shorten(path))),
            },
        };
        let session = endpoint == Self::Ask(Ask::Realtime);
        if method == allowed.as_bytes() || (method == b"HEAD" && allowed == "GET" && !session) {
            return Ok(endpoint);
        }
        Err(wrong_method(path, allowed))
    }
}

fn wrong_method(path: &str, allowed: &str) -> ApiError {
    let message = format!("`{}` takes {allowed} only.", shorten(path));
    ApiError::new(ErrorKind::MethodNotAllowed, message).with_code("method_not_allowed")
}

/// In whose words a client is told that its request could not be read so far, by its path and by whether it has the
/// header `anthropic-version`, which only Anthropic's clients send.
pub fn dialect(path: &[u8], has_anthropic_version: bool) -> Dialect {
    if has_anthropic_version || path.starts_with(b"/v1/messages") {
        Dialect::Messages
    } else if path.starts_with(b"/v1/responses") {
        Dialect::Responses
    } else {
        Dialect::Chat
    }
}

/// Percent escapes undone (RFC 3986 section 2.1); as it stands where they are none, or give no UTF-8.
pub(in crate::dialect) fn decoded(id: &str) -> Cow<'_, str> {
    if !id.contains('%') {
        return Cow::Borrowed(id);
    }
    let mut bytes = Vec::with_capacity(id.len());
    let mut rest = id.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (Some(high), Some(low)) = (digit(), digit()) else { return Cow::Borrowed(id) };
        bytes.push((high * 16 + low) as u8);
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(id), Cow::Owned)
}

/// A path in a message: a client may send a very long one.
fn shorten(path: &str) -> String {
    const LONGEST: usize = 120;
    if path.len() <= LONGEST { path.to_owned() } else { path.chars().take(LONGEST).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_model_is_decoded() {
        for (path, id) in [
            ("/v1/models/openai%2Fgpt-4.1", "openai/gpt-4.1"),
            ("/v1/models/ft%3agpt:org", "ft:gpt:org"),
            ("/v1/models/%C3%A9", "é"),
            // What is no escape, or no text, stays.
            ("/v1/models/100%", "100%"),
            ("/v1/models/%zz", "%zz"),
            ("/v1/models/%ff", "%ff"),
        ] {
            assert_eq!(Endpoint::of(b"GET", path.as_bytes()), Ok(Endpoint::Model(id.into())), "{path}");
        }
        let long = format!("/v1/models/{}", "x".repeat(60_000));
        assert!(Endpoint::of(b"GET", long.as_bytes()).unwrap_err().message.len() < 500);
    }

    #[test]
    fn known_paths_with_their_method_only() {
        for (path, ask) in [
            (&b"/v1/chat/completions?x=1"[..], Ask::Chat),
            (b"/v1/completions", Ask::Completions),
            (b"/v1/messages?beta=true", Ask::Messages),
            (b"/v1/messages/count_tokens?beta=true", Ask::CountMessages),
            (b"/v1/responses", Ask::Responses),
            (b"/v1/responses/input_tokens", Ask::CountResponses),
            (b"/v1/embeddings", Ask::Embeddings),
            (b"/v1/rerank/", Ask::Rerank),
            (b"/v2/rerank", Ask::Rerank),
            (b"/v1/moderations", Ask::Moderations),
            (b"/v1/images/variations/", Ask::ImageVariations),
            (b"/v1/audio/translations", Ask::Translations),
            (b"/v1/batches/batch_1/cancel", Ask::Files),
        ] {
            assert_eq!(Endpoint::of(b"POST", path), Ok(Endpoint::Ask(ask)));
        }
        assert_eq!(Endpoint::of(b"GET", b"/v1/models/?limit=1000"), Ok(Endpoint::Models { codex: false }));
        let codex = Endpoint::of(b"GET", b"/v1/models?client_version=0.169.0");
        assert_eq!(codex, Ok(Endpoint::Models { codex: true }));
        assert_eq!(Endpoint::of(b"HEAD", b"/"), Ok(Endpoint::Home));
        assert_eq!(Endpoint::of(b"GET", b"/?x"), Ok(Endpoint::Home));
        assert_eq!(Endpoint::of(b"GET", b"/health"), Ok(Endpoint::Health));
        assert_eq!(Endpoint::of(b"GET", b"/v1/models/a/b"), Ok(Endpoint::Model("a/b".into())));
        for (method, path, kind) in [
            (&b"GET"[..], &b"/v1/chat/completions"[..], ErrorKind::MethodNotAllowed),
            (b"\xff", b"/v1/models", ErrorKind::MethodNotAllowed),
            (b"POST", b"/v1/chat", ErrorKind::NotFound),
            (b"POST", b"/\xff", ErrorKind::NotFound),
            (b"POST", b"", ErrorKind::NotFound),
            (b"HEAD", b"/v1/messages", ErrorKind::MethodNotAllowed),
            (b"HEAD", b"/v1/realtime", ErrorKind::MethodNotAllowed),
            (b"PUT", b"/v1/files", ErrorKind::MethodNotAllowed),
            (b"GET", b"/v1/files/../models", ErrorKind::NotFound),
            (b"POST", b"/health", ErrorKind::MethodNotAllowed),
        ] {
            assert_eq!(Endpoint::of(method, path).unwrap_err().kind, kind, "{path:?}");
        }
    }
}
