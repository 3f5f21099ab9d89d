//! Requests for embeddings, and their replies.

use super::Outcome;
use crate::{
    dialect::embeddings::{parse, reply as writer, scan::Head},
    ir::{ApiError, Usage},
    provider::{Format, Upstream, bedrock, cohere, fate, gemini, mistral, openai},
};

/// Writes to `out` what a provider of this format is to get for a client's `body`.
///
/// # Errors
///
/// Where the request holds what the format has no place for; the error names the field as the client spelled it.
pub fn request(
    format: Format,
    body: &[u8],
    head: &Head,
    upstream: &Upstream<'_>,
    out: &mut Vec<u8>,
) -> Result<Outcome, ApiError> {
    if matches!(format, Format::Openai | Format::Responses) {
        let spliced = openai::embeddings::splice(body, (&head.model, &head.model_span), upstream, out);
        return Ok(if spliced { Outcome::Replaced } else { Outcome::AsIs });
    }
    // The gateway leaves such targets out before it comes to this.
    super::refuse(format, upstream, super::Used::Embeddings(head.fields))?;
    let request = parse::parse(body)?;
    match format {
        Format::Gemini | Format::Vertex => gemini::embeddings::write(&request, format, upstream, out),
        Format::Bedrock => bedrock::embeddings::write(&request, upstream, out),
        Format::Cohere => cohere::embeddings::write(&request, upstream, out),
        Format::Mistral => mistral::embeddings::write(&request, upstream, out),
        Format::Openai
        | Format::Responses
        | Format::Anthropic
        | Format::VertexAnthropic
        | Format::BedrockAnthropic => Err(super::no_endpoint(fate::embeddings::lacks(format))),
    }?;
    Ok(Outcome::Replaced)
}

/// Writes to `out` what the client is to get for a provider's reply with status 200, and gives the usage that it
/// reports. `model` is the upstream's name of it, `tokens` what the reply's headers count.
///
/// # Errors
///
/// Where the reply is none: an error in spite of its status, or bytes that cannot be read.
pub fn reply(
    format: Format,
    body: &[u8],
    head: &Head,
    model: &str,
    tokens: Option<u64>,
    out: &mut Vec<u8>,
) -> Result<(Outcome, Option<Usage>), ApiError> {
    let reply = match format {
        Format::Gemini | Format::Vertex => gemini::embeddings::read(body),
        Format::Bedrock => bedrock::embeddings::read(body, tokens),
        Format::Cohere => cohere::embeddings::read(body),
        Format::Mistral => mistral::embeddings::read(body),
        Format::Openai
        | Format::Responses
        | Format::Anthropic
        | Format::VertexAnthropic
        | Format::BedrockAnthropic => {
            let (changed, tokens) = openai::embeddings::pass(body, head, out)?;
            return Ok((if changed { Outcome::Replaced } else { Outcome::AsIs }, super::input_usage(tokens)));
        }
    }?;
    if head.texts.is_some_and(|texts| texts != reply.vectors.len()) {
        return Err(writer::miscounted(reply.vectors.len()));
    }
    writer::write(&reply, head.encoding, model, out)?;
    Ok((Outcome::Replaced, super::input_usage(reply.tokens)))
}
