//! Requests and replies of whatever operation, and what those that are not chat share.

use super::{Outcome, count, embeddings, request::write, rerank};
use crate::{
    dialect::{Head, Operation, ReplyContext, Used, chat::field::Fields, completions, responses as dialect},
    ir::{ApiError, Usage},
    provider::{Format, Upstream, fate, responses},
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
    if head.operation() == Operation::Count {
        return count::request(format, body, head, upstream, betas, out);
    }
    conversation(format, body, head, upstream, betas, out)
}

/// As [`any_request`], of what asks for an answer, also where only its tokens are to be counted.
pub(super) fn conversation(
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
        Head::Messages(head) => super::message::request(format, body, head, upstream, betas, out),
        // Also where it is to be answered as chat.
        Head::Responses(head) if format == Format::Responses => {
            responses::pass::request(body, head, upstream, out).map(outcome)
        }
        // The gateway leaves targets that refuse one of these out before it comes to this.
        Head::Completions(_) => {
            refuse(format, upstream, head.used())?;
            write(&completions::parse::parse(body)?, format, upstream, betas, out)?;
            Ok(Outcome::Replaced)
        }
        Head::Responses(_) => {
            refuse(format, upstream, head.used())?;
            let written = write(&dialect::parse::parse(body)?, format, upstream, betas, out);
            // Writers name places of the intermediate form.
            written.map_err(|error| dialect::parse::place::told(error, body))?;
            Ok(Outcome::Replaced)
        }
        Head::Embeddings(head) => embeddings::request(format, body, head, upstream, out),
        Head::Rerank(head) => rerank::request(format, body, head, upstream, out),
        // The filter passes it on by pieces.
        Head::Pass(_) => Ok(Outcome::AsIs),
    }
}

pub(super) fn outcome(replaced: bool) -> Outcome {
    if replaced { Outcome::Replaced } else { Outcome::AsIs }
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
    if head.operation() == Operation::Count {
        return count::reply(format, body, head, out);
    }
    match head {
        Head::Chat(_) | Head::Completions(_) | Head::Messages(_) | Head::Responses(_) => {
            super::reply(head.dialect(), format, body, context, out)
        }
        Head::Embeddings(head) => embeddings::reply(format, body, head, &context.model, tokens, out),
        Head::Rerank(head) => rerank::reply(format, body, head, context, tokens, out),
        // What serves such a request is passed on before it comes to this: a session was not begun.
        Head::Pass(_) => {
            let message = "The provider did not do what was asked for.";
            Err(ApiError::new(crate::ir::ErrorKind::Server, message).with_code("upstream_invalid_reply"))
        }
    }
}

/// Refuses what the target would have to refuse.
pub(super) fn refuse(format: Format, upstream: &Upstream<'_>, used: Used) -> Result<(), ApiError> {
    // What a provider lacks beside its format decides only who is asked.
    let lacks = Fields::default();
    let target = fate::Target { format, model: upstream.model, facts: upstream.facts, lacks };
    let Some(refusal) = fate::first_refusal(&target, used) else { return Ok(()) };
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
