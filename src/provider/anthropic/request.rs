//! A request in the form of Anthropic's `POST /v1/messages`, or as Vertex AI and Bedrock take it: there the path names
//! the model, and the body the version of the API. Sources: the clients for both in the official SDK (anthropic 2.12.0,
//! `lib/vertex`, `lib/bedrock`).
//!
//! Anthropic refuses keys that it does not know ("Extra inputs are not permitted"), so only what has a place there
//! is written; [`super::fate`] says what becomes of the rest.

use crate::{
    ir::{ApiError, Request},
    provider::{Format, Upstream, extra, tools::offer, turns::Conversation},
};

use super::{
    beta,
    json::{Array, Object, value},
};

mod blocks;
mod media;
mod messages;
pub(in crate::provider) mod settings;
mod sources;
#[cfg(test)]
mod tests;
pub(in crate::provider) mod thinking;
mod tools;

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
    write_with_betas(request, format, upstream, &mut Vec::new(), out)
}

/// As [`write`], with betas. `betas` are those that are configured for the provider, and become
/// those that its header is to name: on Bedrock none, since they stand in the body there.
///
/// # Errors
///
/// As [`write`].
pub fn write_with_betas(
    request: &Request<'_>,
    format: Format,
    upstream: &Upstream<'_>,
    betas: &mut Vec<&str>,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let start = out.len();
    write_object(request, format, upstream, betas, out).inspect_err(|_| out.truncate(start))
}

fn write_object(
    request: &Request<'_>,
    format: Format,
    upstream: &Upstream<'_>,
    betas: &mut Vec<&str>,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    extra::check(request, format)?;
    let files = sources::check(request, format)?.then_some(beta::FILES);
    let configured = std::mem::take(betas);
    *betas = beta::filter(format, configured.into_iter().chain(files), true);
    let conversation = Conversation::with_reasoning(request, upstream.facts)?;
    let offer = offer(request)?;
    offer.check(upstream.facts)?;
    let thinking = thinking::plan(request, upstream.facts, offer.forces())?;
    let mut object = Object::begin(out);
    envelope(format, upstream.model, betas, &mut object);
    settings::write(request, upstream.facts, &thinking, &mut object)?;
    // Bedrock is told in the path alone, and knows no such key.
    if request.stream && format != Format::BedrockAnthropic {
        object.raw("stream", "true");
    }
    // Tools, system, messages: the order in which Anthropic's prompt cache sees them.
    tools::write(&offer, upstream.facts, &mut object)?;
    messages::write_system(&conversation, request.response_format.as_ref(), &mut object)?;
    messages::write(&conversation, &mut object)?;
    object.end();
    Ok(())
}

/// Appends what each platform has around the message: the model's name, or the version of the API, and on Bedrock the
/// betas, of which none are then left for the header.
pub(super) fn envelope(format: Format, model: &str, betas: &mut Vec<&str>, object: &mut Object<'_>) {
    match format {
        Format::VertexAnthropic => object.text("anthropic_version", "vertex-2023-10-16"),
        Format::BedrockAnthropic => {
            object.text("anthropic_version", "bedrock-2023-05-31");
            write_betas(std::mem::take(betas), object);
        }
        _ => object.text("model", model),
    }
}

fn write_betas(betas: Vec<&str>, object: &mut Object<'_>) {
    if betas.is_empty() {
        return;
    }
    let mut array = Array::begin(object.key("anthropic_beta"));
    betas.into_iter().for_each(|beta| value(array.item(), beta));
    array.end();
}
