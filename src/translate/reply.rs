use super::Outcome;
use crate::{
    dialect::{
        Dialect, ReplyContext, chat, completions, messages, responses as responses_dialect, responses::custom,
    },
    ir::{ApiError, ErrorKind, Reply, Usage},
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
    let customs = dialect == Dialect::Chat && custom::are_told_as_chat(context);
    if super::passes(dialect, format) && !customs {
        let (replaced, usage) = match dialect {
            Dialect::Messages => anthropic::pass::reply(body, out),
            Dialect::Responses => responses::pass::reply(body, context, out),
            Dialect::Chat | Dialect::Completions => openai::response::read(body, out),
        }?;
        return Ok((if replaced { Outcome::Replaced } else { Outcome::AsIs }, usage));
    }
    let mut reply = read(format, body, context)?;
    if context.declined_is_error && reply.is_declined() {
        let message = "The provider refused the content by its policy.";
        return Err(ApiError::new(ErrorKind::ContentPolicy, message));
    }
    if let (true, Some(asked)) = (customs, &context.asked) {
        custom::tell_as_chat(&mut reply, asked);
    }
    write(dialect, &reply, context, out);
    Ok((Outcome::Replaced, reply.usage))
}

/// Reads a whole reply into the intermediate form. The id of `context` names what the provider leaves without a
/// name.
fn read<'a>(format: Format, body: &'a [u8], context: &ReplyContext) -> Result<Reply<'a>, ApiError> {
    let id = context.id.as_str();
    match format {
        Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic => {
            anthropic::response::read(body)
        }
        Format::Gemini | Format::Vertex => gemini::response::read(body, id),
        Format::Bedrock => bedrock::response::read(body, id),
        Format::Cohere => cohere::response::read(body, id),
        Format::Openai => openai::response::parse(body, id),
        Format::Mistral => mistral::response::read(body, id),
        Format::Responses => responses::response::read(body, id, &context.provider),
    }
}

fn write(dialect: Dialect, reply: &Reply<'_>, context: &ReplyContext, out: &mut Vec<u8>) {
    match dialect {
        Dialect::Chat => chat::reply::write(reply, context, out),
        Dialect::Completions => completions::reply::write(reply, context, out),
        Dialect::Messages => messages::reply::write(reply, context, out),
        Dialect::Responses => responses_dialect::reply::write(reply, context, out),
    }
}
