//! Rerank requests, and their replies.

use super::Outcome;
use crate::{
    dialect::{
        ReplyContext,
        rerank::{parse, reply as writer, scan::Head},
    },
    ir::{ApiError, Usage},
    provider::{Format, Upstream, bedrock, cohere, fate, openai},
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
    if format == Format::Openai {
        let spliced = openai::rerank::splice(body, (&head.model, &head.model_span), upstream, out);
        return Ok(if spliced { Outcome::Replaced } else { Outcome::AsIs });
    }
    // The gateway leaves such targets out before it comes to this.
    super::refuse(format, upstream, super::Used::Rerank(head.fields))?;
    let request = parse::parse(body)?;
    match format {
        Format::Cohere => cohere::rerank::write(&request, upstream, out),
        Format::Bedrock => bedrock::rerank::write(&request, upstream.model, out),
        _ => return Err(super::no_endpoint(fate::rerank::lacks(format))),
    }
    Ok(Outcome::Replaced)
}

/// Writes to `out` what the client is to get for a provider's reply with status 200, and gives the usage that it
/// reports.
///
/// # Errors
///
/// Where the reply is none: an error in spite of its status, or bytes that cannot be read.
pub fn reply(
    format: Format,
    body: &[u8],
    head: &Head,
    context: &ReplyContext,
    tokens: Option<u64>,
    out: &mut Vec<u8>,
) -> Result<(Outcome, Option<Usage>), ApiError> {
    let mut reply = match format {
        Format::Cohere => cohere::rerank::read(body),
        Format::Bedrock => bedrock::rerank::read(body),
        _ => return Ok((Outcome::AsIs, super::input_usage(openai::rerank::observe(body)?))),
    }?;
    reply.tokens = reply.tokens.or(tokens);
    writer::write(&reply, head, context, out)?;
    Ok((Outcome::Replaced, super::input_usage(reply.tokens)))
}
