//! Errors of OpenAI-compatible providers.
//!
//! Source of the rules: the OpenAI API reference, "Error codes", and recorded errors of the others. What tells most
//! is looked at first: the code, then the status, then the type, then the words of the message.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::{
    ir::{ApiError, ErrorKind},
    provider::status::by_status,
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
    let found = match serde_json::from_slice::<Value>(body) {
        Ok(value) => details(value).unwrap_or_default(),
        Err(_) => plain(body),
    };
    let status = found.status.filter(|_| status == 200).unwrap_or(status);
    let kind = found.kind(status);
    let message = match found.message {
        _ if kind == ErrorKind::Authentication => "the provider refused the gateway's credentials".to_owned(),
        Some(message) if !message.is_empty() => shortened(without_account(message), MAX_MESSAGE),
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
fn details(body: Value) -> Option<Details> {
    let mut object = match body {
        Value::Object(object) => object,
        Value::Array(list) => return list.into_iter().next().filter(Value::is_object).and_then(details),
        Value::String(message) => return Some(Details { message: Some(message), ..Details::default() }),
        _ => return None,
    };
    match object.remove("error") {
        Some(Value::Object(inner)) => Some(members(inner)),
        Some(Value::String(message)) => {
            let outer = members(object);
            Some(Details { message: outer.message.or(Some(message)), ..outer })
        }
        _ => Some(members(object)),
    }
}

fn members(mut object: Map<String, Value>) -> Details {
    let mut take = |name: &str| object.remove(name).filter(|value| !value.is_null());
    let code = take("code");
    let inner = take("innererror").and_then(|mut inner| Some(inner.get_mut("code")?.take()));
    let message = ["message", "detail", "error_message", "msg"].into_iter().find_map(&mut take);
    let text = |value: Value| if let Value::String(text) = value { Some(text) } else { None };
    let faults = message.as_ref().and_then(faults);
    let number = code.as_ref().and_then(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()));
    Details {
        // Of another form: better as JSON than not at all.
        message: faults
            .as_ref()
            .map(|(told, _)| told.clone())
            .or_else(|| message.map(|message| text(message.clone()).unwrap_or_else(|| message.to_string()))),
        r#type: take("type").and_then(text),
        param: take("param").and_then(text).or(faults.and_then(|(_, param)| param)),
        status: number.and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code)),
        code: match number {
            Some(_) => None,
            None => code.and_then(text).or_else(|| inner.and_then(text)),
        },
    }
}

/// The most faults of a request that are told; validators name one for each member of each message.
const MAX_FAULTS: usize = 5;

/// What the validators of FastAPI say (vLLM, Mistral): a list of `{"loc","msg"}`, which Mistral wraps once more in
/// `{"detail":…}`. Gives them as a sentence, and the place of the first as OpenAI names it.
fn faults(message: &Value) -> Option<(String, Option<String>)> {
    let list = message.get("detail").unwrap_or(message).as_array()?;
    let tell = |fault: &Value| {
        let (said, place) = (fault.get("msg")?.as_str()?, fault.get("loc").and_then(place));
        Some((place.as_ref().map_or_else(|| said.to_owned(), |place| format!("{place}: {said}")), place))
    };
    let told: Vec<_> = list.iter().take(MAX_FAULTS).filter_map(tell).collect();
    let sentence = told.iter().map(|(told, _)| told.as_str()).collect::<Vec<_>>().join("; ");
    let param = told.into_iter().next()?.1;
    Some((sentence, param))
}

/// `["body","messages",0,"content"]` as `messages[0].content`.
fn place(loc: &Value) -> Option<String> {
    let mut place = String::new();
    for step in loc.as_array()?.iter().skip_while(|step| *step == "body") {
        match step {
            Value::Number(index) => place.push_str(&format!("[{index}]")),
            Value::String(name) if place.is_empty() => place.push_str(name),
            Value::String(name) => place.push_str(&format!(".{name}")),
            _ => {}
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

/// OpenAI's ids of organisations, projects and keys.
const ACCOUNT: [&str; 3] = ["org-", "proj_", "sk-"];

/// The message without ids of the operator's account, which OpenAI names in messages about limits: whose account it
/// is, is no matter of the client's.
fn without_account(message: String) -> String {
    if !ACCOUNT.iter().any(|prefix| message.contains(prefix)) {
        return message;
    }
    let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '.');
    let mut out = String::with_capacity(message.len());
    for piece in message.split_inclusive(|c: char| !is_id(c)) {
        let word = piece.trim_end_matches(|c: char| !is_id(c));
        let (word, stop) = word.strip_suffix('.').map_or((word, ""), |word| (word, "."));
        let rest = ACCOUNT.iter().find_map(|prefix| word.strip_prefix(prefix));
        // Digits tell an id from a word like `sk-learn`.
        if rest.is_some_and(|rest| rest.len() >= 8 && rest.contains(|c: char| c.is_ascii_digit() || c == '*'))
        {
            out.push_str("[removed]");
            out.push_str(stop);
            out.push_str(piece.trim_start_matches(is_id));
        } else {
            out.push_str(piece);
        }
    }
    out
}
