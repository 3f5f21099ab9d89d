//! A chat client's request to an OpenAI-compatible provider: the same bytes but for the spans that must change. For a
//! provider with quirks, what they name is changed too.

use super::edits::Edits;
use crate::{
    dialect::chat::{json, node::Members, scan::Head},
    ir::ApiError,
    provider::Upstream,
};

mod adapt;
pub(in crate::provider) mod compose;
#[cfg(test)]
mod tests;

pub use compose::compose;

const INCLUDE_USAGE: &str = "include_usage";

/// Appends to `out` what is to be sent instead of `body`: the upstream's model name, usage asked for in streams, and
/// what the provider's quirks change. Returns false, with `out` as it was, where `body` can be sent as it is.
///
/// # Errors
///
/// Where the request uses what the quirks keep from the provider; it names the field.
pub fn write(body: &[u8], head: &Head, upstream: &Upstream<'_>, out: &mut Vec<u8>) -> Result<bool, ApiError> {
    let quirks = upstream.quirks;
    if !quirks.is_none() {
        adapt::check(head, quirks)?;
        if adapt::write(body, head, upstream, out) {
            return Ok(true);
        }
    }
    Ok(splice(body, head, upstream.model, adapt::asks_for_usage(head, quirks), out))
}

fn splice(body: &[u8], head: &Head, model: &str, ask_for_usage: bool, out: &mut Vec<u8>) -> bool {
    let mut edits = Edits::default();
    if head.model != model {
        let mut name = Vec::with_capacity(model.len() + 2);
        json::string(model, &mut name);
        edits.add(head.model_span.clone(), name);
    }
    if ask_for_usage && !head.include_usage {
        match &head.stream_options_span {
            Some(span) => edits.add(span.clone(), with_usage(body.get(span.clone()).unwrap_or_default())),
            None => {
                let member = b"\"stream_options\":{\"include_usage\":true},".to_vec();
                edits.add(head.insert_at..head.insert_at, member);
            }
        }
    }
    edits.apply(body, out)
}

/// The value of `stream_options` with `include_usage` on and all else as it was.
fn with_usage(options: &[u8]) -> Vec<u8> {
    let mut out = b"{\"include_usage\":true".to_vec();
    // `null` has no members.
    let Members(members) = serde_json::from_slice(options).unwrap_or_default();
    for (name, value) in members.iter().filter(|(name, _)| name != INCLUDE_USAGE) {
        out.push(b',');
        json::string(name, &mut out);
        out.push(b':');
        out.extend_from_slice(value.get().as_bytes());
    }
    out.push(b'}');
    out
}
