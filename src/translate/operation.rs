//! Requests and replies of whatever operation, and what those that are not chat share.

use super::{Outcome, embeddings, rerank};
use crate::{
    dialect::{Head, ReplyContext, Used},
    ir::{ApiError, Usage},
    provider::{Format, Upstream, fate},
};

/// Writes to `out` what a provider of this format is to get for a client's `body`. `betas` are those of Anthropic that
/// are configured for the provider, and become those that the header of the request is to name.
///
/// # Errors
///
/// Where the request holds what the format has no place for; the error names the field as the client spelled it.
pub fn any_request(
    format: Format,
    body: &[u8],
    head: &Head,
    upstream: &Upstream<'_>,
    betas: &mut Vec<&str>,
    out: &mut Vec<u8>,
) -> Result<Outcome, ApiError> {
    match head {
        Head::Chat(chat) => {
            super::request_with_betas(head.dialect(), format, body, chat, upstream, betas, out)
        }
        Head::Embeddings(head) => embeddings::request(format, body, head, upstream, out),
        Head::Rerank(head) => rerank::request(format, body, head, upstream, out),
    }
}

/// Writes to `out` what the client is to get for a provider's whole reply with status 200, and gives the usage that
/// it reports. `tokens` are those of the prompt that the reply's headers count.
///
/// # Errors
///
/// Where the reply is none: an error in spite of its status, or bytes that cannot be read.
pub fn any_reply(
    format: Format,
    body: &[u8],
    head: &Head,
    context: &ReplyContext,
    tokens: Option<u64>,
    out: &mut Vec<u8>,
) -> Result<(Outcome, Option<Usage>), ApiError> {
    match head {
        Head::Chat(_) => super::reply(head.dialect(), format, body, context, out),
        Head::Embeddings(head) => embeddings::reply(format, body, head, &context.model, tokens, out),
        Head::Rerank(head) => rerank::reply(format, body, head, context, tokens, out),
    }
}

/// Refuses what the target would have to refuse.
pub(super) fn refuse(format: Format, upstream: &Upstream<'_>, used: Used) -> Result<(), ApiError> {
    let Some(refusal) = fate::first_refusal(format, upstream.model, used) else { return Ok(()) };
    let fate::Refusal { param, why } = refusal;
    Err(ApiError::invalid(param, format!("`{param}` cannot be sent to {}: {why}.", format.whose_model())))
}

/// The error for an operation that the format does not have.
pub(super) fn no_endpoint(why: Option<&str>) -> ApiError {
    let why = why.unwrap_or("the provider has no endpoint for it");
    ApiError::invalid("model", format!("The model cannot serve a request of this kind: {why}."))
}

/// The usage of a request that has no answer of tokens.
pub(super) fn input_usage(tokens: Option<u64>) -> Option<Usage> {
    tokens.map(|tokens| Usage { input: Some(tokens), ..Usage::default() })
}
