//! What becomes of each field of a client's request at a provider: the promise that nothing is lost in silence.
//!
//! The gateway reads it to leave out targets that would refuse a request; the documentation is rendered from it
//! (`docs/fidelity.md`), and a test holds the converters to it.

use super::{Format, model::ModelFacts};
use crate::dialect::{
    Operation, Used,
    chat::field::{Field, Fields},
};

pub mod completions;
pub mod count;
pub mod embeddings;
pub mod messages;
pub mod rerank;
pub mod responses;

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

/// As [`Fate::Mapped`]. How it is mapped is for the documentation: the filter, which asks only what is refused, is built
/// without these texts.
pub(super) const fn mapped(text: &'static str) -> Fate {
    Fate::Mapped(documented(text))
}

/// As [`Fate::Dropped`], likewise.
pub(super) const fn dropped(text: &'static str) -> Fate {
    Fate::Dropped(documented(text))
}

const fn documented(text: &'static str) -> &'static str {
    if cfg!(target_arch = "wasm32") { "" } else { text }
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

/// Something that a target would have to refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The member of the request that is to blame; `model` where the target has no such endpoint.
    pub param: &'static str,
    /// Why.
    pub why: &'static str,
}

/// A target, as far as it decides what of a request has to be refused.
#[derive(Clone, Copy, Debug)]
pub struct Target<'t> {
    /// Its format.
    pub format: Format,
    /// The provider's own name of the model.
    pub model: &'t str,
    /// What is known of that model.
    pub facts: &'t ModelFacts,
    /// What its provider cannot serve whatever the format can ([`super::quirks::Quirks::lacks`]).
    pub lacks: Fields,
}

impl Target<'_> {
    /// Why it has to refuse a request that uses this field of a chat request.
    fn refuses(&self, field: Field) -> Option<&'static str> {
        refusal(self.format, self.facts, self.lacks, field)
    }
}

/// The first thing that a target would have to refuse in a request; `None` where it serves it.
pub fn first_refusal(target: &Target<'_>, used: Used) -> Option<Refusal> {
    let Target { format, model, lacks, .. } = *target;
    match used {
        // OpenAI's own format has a place for every field of its own dialect.
        Used::Chat(_) if format == Format::Openai && lacks == Fields::default() => None,
        Used::Chat(fields) => first(fields.iter(), |field| Some((field.name(), target.refuses(field)?))),
        Used::Completions(fields) => {
            first(fields.iter(), |field| Some((field.param(), completions::refusal(target, field)?)))
        }
        Used::Messages(fields) => {
            first(fields.iter(), |field| Some((field.name(), messages::refusal(target, field)?)))
        }
        Used::Responses(fields) => {
            first(fields.iter(), |field| Some((field.param(), responses::refusal(target, field)?)))
        }
        Used::Embeddings(fields) => first(fields.iter(), |field| {
            let why = refused(embeddings::of(format, field));
            Some((field.param(), why.or_else(|| embeddings::by_model(format, model, field))?))
        }),
        Used::Pass => None,
        Used::Rerank(fields) => first(fields.iter(), |field| {
            let why = refused(rerank::of(format, field));
            Some((field.param(), why.or_else(|| rerank::by_model(format, model, field))?))
        }),
    }
}

fn first<F>(
    mut fields: impl Iterator<Item = F>,
    refuses: impl FnMut(F) -> Option<(&'static str, &'static str)>,
) -> Option<Refusal> {
    fields.find_map(refuses).map(|(param, why)| Refusal { param, why })
}

fn refused(fate: Fate) -> Option<&'static str> {
    match fate {
        Fate::Refused(why) => Some(why),
        _ => None,
    }
}

/// Why no provider of this format has an endpoint for `operation`; `None` where it may have one.
pub fn lacks(format: Format, operation: Operation) -> Option<&'static str> {
    match operation {
        Operation::Chat => None,
        Operation::Embeddings => embeddings::lacks(format),
        Operation::Rerank => rerank::lacks(format),
        Operation::Count => count::lacks(format),
        Operation::Pass => (!matches!(format, Format::Openai | Format::Responses | Format::Mistral))
            .then_some("its API has no such endpoints, or others"),
    }
}

/// The table as `docs/fidelity.md` holds it: Markdown.
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    for &format in Format::ALL {
        page.push_str(&format!("\n## Chat Completions to `{}`\n\n", format.name()));
        if Field::ALL.iter().all(|field| of_chat(format, *field) == Fate::Forwarded) {
            page.push_str("Same format in and out: every field is sent as it came, known or not. ");
            page.push_str("Only `model` is replaced, and in streams usage is asked for.\n\n");
            page.push_str(&of_quirks());
            continue;
        }
        page.push_str(COLUMNS);
        for field in Field::ALL {
            page.push_str(&row(field.name(), field.when(), of_chat(format, *field)));
        }
    }
    for &format in Format::ALL {
        use crate::dialect::embeddings::field::Field;
        let rows =
            Field::ALL.iter().map(|field| (field.name(), field.when(), embeddings::of(format, *field)));
        other(&mut page, "Embeddings", format, embeddings::lacks(format), rows);
    }
    for &format in Format::ALL {
        use crate::dialect::rerank::field::Field;
        let rows = Field::ALL.iter().map(|field| (field.name(), field.when(), rerank::of(format, *field)));
        other(&mut page, "Rerank", format, rerank::lacks(format), rows);
    }
    messages::markdown(&mut page);
    responses::markdown(&mut page);
    completions::markdown(&mut page);
    page
}

/// The section of an operation that not every format has.
fn other<'f>(
    page: &mut String,
    operation: &str,
    format: Format,
    lacks: Option<&str>,
    rows: impl Iterator<Item = (&'f str, &'f str, Fate)>,
) {
    page.push_str(&format!("\n## {operation} to `{}`\n\n", format.name()));
    if let Some(why) = lacks {
        page.push_str(&format!("There is none: {why}.\n"));
        return;
    }
    page.push_str(COLUMNS);
    rows.for_each(|(name, when, fate)| page.push_str(&row(name, when, fate)));
}

/// What becomes of fields at a provider of OpenAI's format that refuses them, by its quirks.
fn of_quirks() -> String {
    let names = |lacking: bool| {
        let fields = Field::ALL.iter().filter(|field| super::quirks::lacking(**field).is_some() == lacking);
        let fields = fields.filter(|field| !matches!(field, Field::Unknown));
        fields.map(|field| format!("`{}`", field.name())).collect::<Vec<_>>().join(", ")
    };
    format!(
        "Compatible providers may refuse some fields, as their row of the catalogue tells (`quirks`). What is only a \
         hint is then **dropped**: {}. What would change the answer is **refused**: {}.\n",
        names(false),
        names(true)
    )
}

const HEAD: &str = "\
# What becomes of each field

This page is rendered from the tables in `src/provider/*/fate.rs` and `src/provider/fate/`, which the tests hold the converters to.

- **forwarded**: sent as it came.
- **mapped**: sent in the provider's own form.
- **dropped**: left out, and why that does no harm.
- **refused**: would change the answer if it were left out. The gateway does not send such a request to such a
  provider; where no other is left, the answer is a 400 that names the field.
";

const COLUMNS: &str = "| field | counts as used | fate | how, or why |\n|---|---|---|---|\n";

fn row(name: &str, when: &str, fate: Fate) -> String {
    let (word, text) = match fate {
        Fate::Forwarded => ("forwarded", ""),
        Fate::Mapped(text) => ("mapped", text),
        Fate::Dropped(text) => ("dropped", text),
        Fate::Refused(text) => ("refused", text),
    };
    let name = if name.starts_with('(') { name.to_owned() } else { format!("`{name}`") };
    format!("| {name} | {when} | {word} | {text} |\n")
}
