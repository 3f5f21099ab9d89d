//! Errors of OpenAI-compatible providers.
//!
//! Source of the rules: the OpenAI API reference, "Error codes", and recorded errors of the others. What tells most
//! is looked at first: the code, then the status, then the type, then the words of the message.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{
    ir::{ApiError, ErrorKind},
    provider::{json, status::by_status},
};

#[cfg(test)]
mod tests;

/// The most bytes of a provider's message that are passed on; some quote the whole prompt.
const MAX_MESSAGE: usize = 4096;

/// The longest code and parameter that are passed on.
const MAX_WORD: usize = 256;

/// Reads a reply whose status is not 200. Whatever the body holds (JSON of any shape, HTML, nothing), there is an
/// error.
///
/// The provider's words are kept but where it refuses the credentials: those are not the client's, and some
/// providers quote them.
pub fn read(status: u16, body: &[u8]) -> ApiError {
    let found = match json::document(body) {
        Some(raw) => details(raw).unwrap_or_default(),
        None => plain(body),
    };
    let status = found.status.filter(|_| status == 200).unwrap_or(status);
    let kind = found.kind(status);
    let message = match found.message {
        _ if kind == ErrorKind::Authentication => "the provider refused the gateway's credentials".to_owned(),
        Some(message) if !message.is_empty() => shortened(message, MAX_MESSAGE),
        _ => format!("the provider answered with status {status} and no message"),
    };
    ApiError {
        kind,
        message,
        code: found.code.filter(|code| code.len() <= MAX_WORD).map(Cow::Owned),
        param: found.param.filter(|param| param.len() <= MAX_WORD),
        upstream_status: Some(status),
        retry_after: None,
    }
}

/// What an error body says.
#[derive(Default)]
struct Details {
    message: Option<String>,
    r#type: Option<String>,
    code: Option<String>,
    param: Option<String>,
    /// A code that is a number is a status: OpenRouter's.
    status: Option<u16>,
}

/// Reads OpenAI's `{"error":{…}}` and what others have made of it: `{"error":"…"}`, the members without the wrapper
/// (Mistral, vLLM), `{"detail":…}` (FastAPI), a list of one (Gemini).
fn details(body: &RawValue) -> Option<Details> {
    if let Some(list) = json::elements(body) {
        return list.first().filter(|first| first.get().starts_with('{')).and_then(|first| details(first));
    }
    if let Some(message) = json::text(Some(body)) {
        return Some(Details { message: Some(message.into_owned()), ..Details::default() });
    }
    let [error] = json::pick(body.get(), ["error"])?;
    if let Some(inner) = error.and_then(members) {
        return Some(inner);
    }
    let outer = members(body)?;
    let message = json::text(error).map(Cow::into_owned);
    Some(Details { message: message.filter(|_| outer.message.is_none()).or(outer.message), ..outer })
}

/// The members of an object that tell of an error; `None` where `raw` is no object.
fn members(raw: &RawValue) -> Option<Details> {
    let names = ["code", "innererror", "message", "detail", "error_message", "msg", "type", "param"];
    let [code, inner, message, detail, error_message, msg, kind, param] = json::pick(raw.get(), names)?;
    let message = message.or(detail).or(error_message).or(msg);
    let text = |raw| json::text(raw).map(Cow::into_owned);
    let (sentence, place) = message.and_then(faults).unzip();
    let number = code.and_then(|code| code.get().trim_matches('"').parse::<u64>().ok());
    let inner = || text(json::pick_in(inner, ["code"])?[0]);
    Some(Details {
        // Of another form: better as JSON than not at all.
        message: sentence
            .or_else(|| text(message))
            .or_else(|| message.map(|raw| json::compact(raw.get()).into_owned())),
        r#type: text(kind),
        param: text(param).or(place.flatten()),
        status: number.and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code)),
        code: match number {
            Some(_) => None,
            None => text(code).or_else(inner),
        },
    })
}

/// The most faults of a request that are told; validators name one for each member of each message.
const MAX_FAULTS: usize = 5;

/// What the validators of FastAPI say (vLLM, Mistral): a list of `{"loc","msg"}`, which Mistral wraps once more in
/// `{"detail":…}`. Gives them as a sentence, and the place of the first as OpenAI names it.
fn faults(message: &RawValue) -> Option<(String, Option<String>)> {
    let wrapped = json::pick(message.get(), ["detail"]).and_then(|[detail]| detail);
    let (mut sentence, mut param) = (String::new(), None);
    let mut told = 0;
    for fault in json::elements(wrapped.unwrap_or(message))?.into_iter().take(MAX_FAULTS) {
        let Some([said, loc]) = json::pick(fault.get(), ["msg", "loc"]) else { continue };
        let Some(said) = json::text(said) else { continue };
        let place = loc.and_then(place);
        if told > 0 {
            sentence.push_str("; ");
        }
        if let Some(place) = &place {
            sentence.push_str(place);
            sentence.push_str(": ");
        }
        sentence.push_str(&said);
        if told == 0 {
            param = place;
        }
        told += 1;
    }
    (told > 0).then_some((sentence, param))
}

/// `["body","messages",0,"content"]` as `messages[0].content`.
fn place(loc: &RawValue) -> Option<String> {
    let mut place = String::new();
    for step in json::elements(loc)?.into_iter().skip_while(|step| step.get() == "\"body\"") {
        match json::text(Some(step)) {
            Some(name) => {
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(&name);
            }
            None if step.get().starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                place.push('[');
                place.push_str(step.get());
                place.push(']');
            }
            None => {}
        }
    }
    (!place.is_empty()).then_some(place)
}

/// A body that is not JSON: a short text is the message, a page is not.
fn plain(body: &[u8]) -> Details {
    let text = std::str::from_utf8(body).map(str::trim).unwrap_or_default();
    let readable = !text.is_empty() && text.len() <= MAX_WORD && !text.contains(['<', '{', '\0']);
    Details { message: readable.then(|| text.to_owned()), ..Details::default() }
}

impl Details {
    fn kind(&self, status: u16) -> ErrorKind {
        let code = self.code.as_deref().and_then(kind_of_code);
        let by_type = || self.r#type.as_deref().and_then(kind_of_type);
        let kind = match (code, status) {
            (Some(kind), _) => kind,
            (None, 200) => by_type().unwrap_or(ErrorKind::Server),
            // The same status as too many requests, but waiting does not help.
            // Mistral's, with status 400.
            (None, 400) if self.r#type.as_deref() == Some("invalid_model") => ErrorKind::NotFound,
            (None, 402 | 403 | 429) if by_type() == Some(ErrorKind::Billing) => ErrorKind::Billing,
            (None, status) => by_status(status),
        };
        match kind {
            ErrorKind::InvalidRequest | ErrorKind::TooLarge if self.tells_of_context() => {
                ErrorKind::ContextLength
            }
            ErrorKind::InvalidRequest if self.tells_of_the_key() => ErrorKind::Authentication,
            kind => kind,
        }
    }

    /// Servers that tell of a wrong key by 400 and words: xAI, Gemini.
    fn tells_of_the_key(&self) -> bool {
        let message = self.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        ["incorrect api key", "invalid api key", "api key not valid"]
            .iter()
            .any(|words| message.contains(words))
    }

    /// Servers that have no code for a prompt that is too long: vLLM, llama.cpp, Together, Groq, xAI.
    fn tells_of_context(&self) -> bool {
        let message = self.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        [
            "maximum context length",
            "context length exceeded",
            "context window",
            "maximum prompt length",
            "context size",
        ]
        .iter()
        .any(|words| message.contains(words))
    }
}

fn kind_of_code(code: &str) -> Option<ErrorKind> {
    Some(match code {
        "context_length_exceeded" | "string_above_max_length" => ErrorKind::ContextLength,
        "content_filter" | "content_policy_violation" | "ResponsibleAIPolicyViolation" => {
            ErrorKind::ContentPolicy
        }
        "insufficient_quota" | "billing_hard_limit_reached" | "billing_not_active" => ErrorKind::Billing,
        // Azure: no such deployment, and a deployment of a model that does not chat.
        "model_not_found" | "DeploymentNotFound" | "OperationNotSupported" => ErrorKind::NotFound,
        "invalid_api_key" => ErrorKind::Authentication,
        "rate_limit_exceeded" => ErrorKind::RateLimit,
        _ => return None,
    })
}

fn kind_of_type(r#type: &str) -> Option<ErrorKind> {
    Some(match r#type {
        "invalid_request_error" | "BadRequestError" => ErrorKind::InvalidRequest,
        "authentication_error" => ErrorKind::Authentication,
        "permission_error" => ErrorKind::Permission,
        "insufficient_quota" | "billing_error" => ErrorKind::Billing,
        "not_found_error" | "NotFoundError" => ErrorKind::NotFound,
        "rate_limit_error" | "rate_limit_exceeded" | "requests" | "tokens" => ErrorKind::RateLimit,
        "timeout" | "timeout_error" => ErrorKind::Timeout,
        "overloaded_error" | "service_unavailable" => ErrorKind::Overloaded,
        _ => return None,
    })
}

fn shortened(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
        text.push('…');
    }
    text
}
