//! What becomes of each field of a client's request at a provider: the promise that nothing is lost in silence.
//!
//! The gateway reads it to leave out targets that would refuse a request; the documentation is rendered from it
//! (`docs/fidelity.md`), and a test holds the converters to it.

use super::{Format, model::ModelFacts};
use crate::dialect::chat::field::{Field, Fields};

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Sent as it came.
    Forwarded,
    /// Sent in the provider's own form; the text says as what.
    Mapped(&'static str),
    /// Left out; the text says why that does no harm.
    Dropped(&'static str),
    /// The request is refused with a 400 that names the field; the text says why.
    Refused(&'static str),
}

/// The fate of a chat request's field at a provider of this format.
pub fn of_chat(format: Format, field: Field) -> Fate {
    match format {
        Format::Openai => Fate::Forwarded,
        Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic => {
            super::anthropic::fate::of_chat(format, field)
        }
        Format::Gemini | Format::Vertex => super::gemini::fate::of_chat(format, field),
        Format::Bedrock => super::bedrock::fate::of_chat(field),
        Format::Cohere => super::cohere::fate::of_chat(field),
        Format::Mistral => super::mistral::fate::of_chat(field),
        Format::Responses => super::responses::fate::of_chat(field),
    }
}

/// Why a target of this format and model has to refuse a request that uses `field`; `None` where it serves it. `lacks`
/// is what its provider cannot serve whatever the format can ([`super::quirks::Quirks::lacks`]).
pub fn refusal(format: Format, facts: &ModelFacts, lacks: Fields, field: Field) -> Option<&'static str> {
    if lacks.contains(field) {
        return super::quirks::lacking(field);
    }
    match of_chat(format, field) {
        Fate::Refused(why) => Some(why),
        _ => match format {
            Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic => {
                super::anthropic::fate::by_model(facts, field)
            }
            Format::Bedrock => super::bedrock::fate::by_model(facts, field),
            Format::Cohere => super::cohere::fate::by_model(facts, field),
            Format::Mistral => super::mistral::fate::by_model(facts, field),
            Format::Responses => super::responses::fate::by_model(facts, field),
            Format::Openai | Format::Gemini | Format::Vertex => None,
        },
    }
}

/// The table as `docs/fidelity.md` holds it: Markdown.
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    for &format in Format::ALL {
        page.push_str(&format!("\n## Chat Completions to `{}`\n\n", format.name()));
        if Field::ALL.iter().all(|field| of_chat(format, *field) == Fate::Forwarded) {
            page.push_str("Same format in and out: every field is sent as it came, known or not. ");
            page.push_str("Only `model` is replaced, and in streams usage is asked for.\n");
            continue;
        }
        page.push_str("| field | counts as used | fate | how, or why |\n|---|---|---|---|\n");
        for field in Field::ALL {
            page.push_str(&row(*field, of_chat(format, *field)));
        }
    }
    page
}

const HEAD: &str = "\
# What becomes of each field

This page is rendered from the tables in `src/provider/*/fate.rs`, which the tests hold the converters to.

- **forwarded**: sent as it came.
- **mapped**: sent in the provider's own form.
- **dropped**: left out, and why that does no harm.
- **refused**: would change the answer if it were left out. The gateway does not send such a request to such a
  provider; where no other is left, the answer is a 400 that names the field.
";

fn row(field: Field, fate: Fate) -> String {
    let (word, text) = match fate {
        Fate::Forwarded => ("forwarded", ""),
        Fate::Mapped(text) => ("mapped", text),
        Fate::Dropped(text) => ("dropped", text),
        Fate::Refused(text) => ("refused", text),
    };
    let name = match field {
        Field::Unknown => field.name().to_owned(),
        _ => format!("`{}`", field.name()),
    };
    format!("| {name} | {} | {word} | {text} |\n", field.when())
}
