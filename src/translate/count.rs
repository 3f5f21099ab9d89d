//! Requests for the count of a prompt's tokens, and their replies.

use super::{Outcome, operation::conversation, passes};
use crate::{
    dialect::{Dialect, Head, chat::json},
    ir::{ApiError, ErrorKind, Usage},
    provider::{Format, Upstream, count, fate},
};

mod estimate;

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
    betas: &mut Vec<&str>,
    out: &mut Vec<u8>,
) -> Result<Outcome, ApiError> {
    let lacks = fate::count::lacks(format).or_else(|| fate::count::by_model(format, upstream.model));
    if lacks.is_some() {
        return Err(super::no_endpoint(lacks));
    }
    let mut answer = Vec::new();
    // OpenAI counts what a request of Responses holds.
    let asked = if format == Format::Openai { Format::Responses } else { format };
    let outcome = conversation(asked, body, head, upstream, betas, &mut answer)?;
    let request = if outcome == Outcome::AsIs { body } else { &answer };
    if count::write(format, request, upstream, out) {
        return Ok(Outcome::Replaced);
    }
    if outcome == Outcome::Replaced {
        out.append(&mut answer);
    }
    Ok(outcome)
}

/// Writes to `out` what the client is to get for a provider's reply with status 200.
///
/// # Errors
///
/// Where the reply is none.
pub fn reply(
    format: Format,
    body: &[u8],
    head: &Head,
    out: &mut Vec<u8>,
) -> Result<(Outcome, Option<Usage>), ApiError> {
    let tokens = count::read(format, body).ok_or_else(|| {
        ApiError::new(ErrorKind::Server, "The provider answered with something that is no count of tokens.")
    })?;
    // Anthropic tells more of a prompt that would be shortened.
    if passes(head.dialect(), format) && format != Format::BedrockAnthropic {
        return Ok((Outcome::AsIs, None));
    }
    write(head.dialect(), tokens, out);
    Ok((Outcome::Replaced, None))
}

/// Appends what a client gets of a gateway that has nobody to ask: about how many tokens the prompt of `body` has, a
/// request for the count of them.
pub fn estimated(body: &[u8], head: &Head, out: &mut Vec<u8>) {
    write(head.dialect(), estimate::tokens(body), out);
}

fn write(dialect: Dialect, tokens: u64, out: &mut Vec<u8>) {
    let object: &[u8] = if dialect == Dialect::Responses {
        b"{\"object\":\"response.input_tokens\",\"input_tokens\":"
    } else {
        b"{\"input_tokens\":"
    };
    out.extend_from_slice(object);
    json::number(tokens, out);
    out.push(b'}');
}

#[cfg(test)]
mod tests;
