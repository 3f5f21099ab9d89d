use super::Outcome;
use crate::{
    dialect::{
        Dialect,
        chat::{self, scan::Head},
    },
    ir::{ApiError, Request},
    provider::{Format, Upstream, anthropic, bedrock, cohere, gemini, mistral, openai, responses},
};

/// Writes to `out` what a provider of this format is to get for a client's `body`.
///
/// # Errors
///
/// Where the request holds what the format has no place for; the error names the field as the client spelled it.
pub fn request(
    dialect: Dialect,
    format: Format,
    body: &[u8],
    head: &Head,
    upstream: &Upstream<'_>,
    out: &mut Vec<u8>,
) -> Result<Outcome, ApiError> {
    request_with_betas(dialect, format, body, head, upstream, &mut Vec::new(), out)
}

/// As [`request`], with Anthropic's betas ([`anthropic::beta`]): `betas` are those that are configured for the provider,
/// and become those that the header of the request is to name.
///
/// # Errors
///
/// As [`request`].
pub fn request_with_betas(
    dialect: Dialect,
    format: Format,
    body: &[u8],
    head: &Head,
    upstream: &Upstream<'_>,
    betas: &mut Vec<&str>,
    out: &mut Vec<u8>,
) -> Result<Outcome, ApiError> {
    match (dialect, format) {
        (Dialect::Chat, Format::Openai) => Ok(if openai::request::write(body, head, upstream, out)? {
            Outcome::Replaced
        } else {
            Outcome::AsIs
        }),
        _ => {
            write(&chat::parse::parse(body)?, format, upstream, betas, out)?;
            Ok(Outcome::Replaced)
        }
    }
}

/// Writes a request of the intermediate form.
pub(super) fn write(
    request: &Request<'_>,
    format: Format,
    upstream: &Upstream<'_>,
    betas: &mut Vec<&str>,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    match format {
        Format::Openai => openai::request::compose(request, upstream, out),
        Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic => {
            anthropic::request::write_with_betas(request, format, upstream, betas, out)
        }
        Format::Gemini | Format::Vertex => gemini::request::write(request, format, upstream, out),
        Format::Bedrock => bedrock::request::write(request, upstream, out),
        Format::Cohere => cohere::request::write(request, upstream, out),
        Format::Mistral => mistral::request::write(request, upstream, out),
        Format::Responses => responses::request::write(request, upstream, out),
    }
}
