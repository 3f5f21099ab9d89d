//! A request in the form of Bedrock's `Converse` and `ConverseStream`.
//!
//! Bedrock brings each model's own API into one form. What has no place in it, such as how a model is told to reason,
//! goes in the model's own form under `additionalModelRequestFields`, so that the model's family matters.
//!
//! Source: Amazon Bedrock API reference, "Converse", and the service model `bedrock-runtime` of botocore 1.44.5.

use crate::{
    ir::{ApiError, Request},
    provider::{Format, Upstream, anthropic::request::thinking, extra, tools::offer, turns::Conversation},
};

use super::json::Object;

mod blocks;
mod family;
mod labels;
mod media;
mod messages;
mod reasoning;
mod settings;
#[cfg(test)]
mod tests;
mod tool_config;

use family::Family;

/// Appends `request` to `out` as one JSON object.
///
/// # Errors
///
/// Where the request holds what Bedrock has no place for, naming the field as the client spelled it. `out` is then as
/// it was.
pub fn write(request: &Request<'_>, upstream: &Upstream<'_>, out: &mut Vec<u8>) -> Result<(), ApiError> {
    let start = out.len();
    write_object(request, upstream, out).inspect_err(|_| out.truncate(start))
}

fn write_object(request: &Request<'_>, upstream: &Upstream<'_>, out: &mut Vec<u8>) -> Result<(), ApiError> {
    extra::check(request, Format::Bedrock)?;
    let facts = upstream.facts;
    let family = Family::of(upstream.model, facts);
    let conversation = Conversation::with_reasoning(request, facts)?;
    let offer = offer(request)?;
    offer.check(facts)?;
    let thinking = thinking::plan(request, facts, offer.forces())?;
    let reasoning = reasoning::plan(request, family, thinking);
    let mut object = Object::begin(out);
    // Tools, system, messages: the order in which the prompt caches see them.
    tool_config::write(&offer, request, facts, family, &mut object)?;
    messages::write_system(&conversation, request.response_format.as_ref(), family, &mut object)?;
    messages::write(&conversation, family, &mut object)?;
    settings::write(request, facts, family, &reasoning, &offer, &mut object)?;
    labels::write(request, &mut object);
    object.end();
    Ok(())
}

/// Appends the member `name` if `members` writes any.
fn some_members(
    name: &str,
    object: &mut Object<'_>,
    members: impl FnOnce(&mut Object<'_>) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    let mut written = Vec::new();
    let mut inner = Object::begin(&mut written);
    members(&mut inner)?;
    inner.end();
    if written != b"{}" {
        object.key(name).extend_from_slice(&written);
    }
    Ok(())
}
