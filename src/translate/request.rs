use super::Outcome;
use crate::{
    dialect::{
        Dialect,
        chat::{self, scan::Head},
    },
    ir::ApiError,
    provider::{Format, Upstream, anthropic, gemini, openai},
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
    match (dialect, format) {
        (Dialect::Chat, Format::Openai) => Ok(if openai::request::splice(body, head, upstream, out) {
            Outcome::Replaced
        } else {
            Outcome::AsIs
        }),
        (Dialect::Chat, Format::Anthropic) => {
            let request = chat::parse::parse(body)?;
            anthropic::request::write(&request, upstream, out)?;
            Ok(Outcome::Replaced)
        }
        (Dialect::Chat, Format::Gemini) => {
            let request = chat::parse::parse(body)?;
            gemini::request::write(&request, upstream, out)?;
            Ok(Outcome::Replaced)
        }
    }
}
