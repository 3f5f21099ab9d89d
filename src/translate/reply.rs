use super::Outcome;
use crate::{
    dialect::{Dialect, ReplyContext, chat},
    ir::{ApiError, Reply, Usage},
    provider::{Format, anthropic, bedrock, cohere, gemini, mistral, openai, responses},
};

/// Writes to `out` what the client is to get for a provider's whole reply with status 200, and gives the usage that
/// it reports.
///
/// # Errors
///
/// Where the reply is none: an error in spite of its status, or bytes that cannot be read.
pub fn reply(
    dialect: Dialect,
    format: Format,
    body: &[u8],
    context: &ReplyContext,
    out: &mut Vec<u8>,
) -> Result<(Outcome, Option<Usage>), ApiError> {
    let reply = match (dialect, format) {
        (Dialect::Chat, Format::Openai) => {
            let (replaced, usage) = openai::response::read(body, out)?;
            return Ok((if replaced { Outcome::Replaced } else { Outcome::AsIs }, usage));
        }
        (Dialect::Chat, Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic) => {
            anthropic::response::read(body)
        }
        (Dialect::Chat, Format::Gemini | Format::Vertex) => gemini::response::read(body, &context.id),
        (Dialect::Chat, Format::Bedrock) => bedrock::response::read(body, &context.id),
        (Dialect::Chat, Format::Cohere) => cohere::response::read(body, &context.id),
        (Dialect::Chat, Format::Mistral) => mistral::response::read(body, &context.id),
        (Dialect::Chat, Format::Responses) => responses::response::read(body, &context.id),
    }?;
    Ok(told(&reply, context, out))
}

fn told(reply: &Reply<'_>, context: &ReplyContext, out: &mut Vec<u8>) -> (Outcome, Option<Usage>) {
    chat::reply::write(reply, context, out);
    (Outcome::Replaced, reply.usage)
}
