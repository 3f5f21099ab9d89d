//! A request in the form of Anthropic's `POST /v1/messages`.
//!
//! Anthropic refuses keys that it does not know ("Extra inputs are not permitted"), so only what has a place there
//! is written; [`super::fate`] says what becomes of the rest.

use crate::{
    ir::{ApiError, Request},
    provider::{Format, Upstream, extra},
};

use super::json::Object;

mod blocks;
mod conversation;
mod ids;
mod media;
mod messages;
mod schema;
mod settings;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;

use conversation::Conversation;

/// Appends `request` to `out` as one JSON object.
///
/// # Errors
///
/// Where the request holds what Anthropic has no place for, naming the field as the client spelled it. `out` is then
/// as it was.
pub fn write(
    request: &Request<'_>,
    format: Format,
    upstream: &Upstream<'_>,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let start = out.len();
    write_object(request, format, upstream, out).inspect_err(|_| out.truncate(start))
}

fn write_object(
    request: &Request<'_>,
    format: Format,
    upstream: &Upstream<'_>,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    extra::check(request, format)?;
    let conversation = Conversation::of(request, upstream.facts)?;
    let tools = tools::plan(request, upstream.facts)?;
    let thinking = thinking::plan(request, upstream.facts, tools.forced())?;
    let mut object = Object::begin(out);
    object.text("model", upstream.model);
    settings::write(request, upstream.facts, &thinking, &mut object)?;
    if request.stream {
        object.raw("stream", "true");
    }
    // Tools, system, messages: the order in which Anthropic's prompt cache sees them.
    tools.write(&mut object)?;
    messages::write_system(&conversation, request.response_format.as_ref(), &mut object)?;
    messages::write(&conversation, &mut object)?;
    object.end();
    Ok(())
}
