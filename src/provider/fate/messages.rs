//! What becomes of the fields of a Messages request.

use super::{
    COLUMNS,
    Fate::{self, Forwarded, Refused},
    Target, dropped, mapped, row,
};
use crate::{
    dialect::{chat::field::Field as Chat, messages::field::Field},
    provider::{Format, anthropic, model::ModelFacts},
};

/// The fate of a field at a provider of this format.
pub fn of(format: Format, field: Field) -> Fate {
    match format {
        Format::Anthropic => of_anthropic(field),
        Format::VertexAnthropic | Format::BedrockAnthropic => {
            by_platform(format == Format::BedrockAnthropic, field).unwrap_or_else(|| of_anthropic(field))
        }
        _ => match field.as_chat() {
            Some(_) if format == Format::Openai => of_openai(field),
            Some(field) => super::of_chat(format, field),
            None => beside(field),
        },
    }
}

/// At OpenAI's own format, which a chat request reaches as it came: this one is written anew.
fn of_openai(field: Field) -> Fate {
    use Field as F;
    match field {
        F::TopK => {
            dropped("OpenAI takes none; sent where the provider's row of the catalogue says that it does")
        }
        F::CacheControl => {
            dropped("OpenAI caches by itself; sent where the provider's row says that it takes marks")
        }
        F::Reasoning | F::ForeignReasoning => {
            dropped("OpenAI takes none back; its text is sent where the provider's row says that it does")
        }
        F::Carried => dropped("OpenAI knows none; sent where the provider's row says that it does"),
        F::UnknownBlock => Refused("what is not known cannot be translated"),
        _ => mapped("in the form of a chat request"),
    }
}

/// At Anthropic, which takes its own words as they come; but a plan may hold models that differ.
fn of_anthropic(field: Field) -> Fate {
    use Field as F;
    match field {
        F::Model => mapped("`model`: the target's own name"),
        F::MaxTokens => mapped("as it came, at most what the model is known to give"),
        F::Temperature | F::TopP | F::TopK => mapped(
            "as it came; left out for models that are known to refuse it (from Opus 4.7 on), and where `thinking` had to \
             be told in another way",
        ),
        F::Thinking => mapped(
            "as it came; for a model that is known to take another form of it, in that form: a budget for an effort (up \
             to 4.5), an effort for a budget (from Opus 4.7 on), and its own word for no reasoning",
        ),
        F::Effort => mapped("as it came; left out for models up to 4.5, which are told a budget"),
        F::SystemMessage => mapped(
            "as it came; for a model that is known to take no system message there, marked text of the user, in the turn \
             where it stands",
        ),
        F::MessageOutputConfig | F::Safeguards => mapped(
            "as it came; left out for models that are known to take no system message behind the first turn: it is as new",
        ),
        F::ContextManagement => {
            mapped("as it came; `clear_thinking_*` is left out where the model is not told to think")
        }
        F::ForeignReasoning => dropped("Anthropic takes back only what it signed itself"),
        F::Carried => dropped("signatures of other vendors mean nothing to Anthropic"),
        _ => Forwarded,
    }
}

/// In what Claude on Google's and on Amazon's platforms differs.
fn by_platform(bedrock: bool, field: Field) -> Option<Fate> {
    use Field as F;
    Some(match field {
        F::Model => mapped("the path: the target's own name"),
        F::Stream if bedrock => mapped("the path: `invoke-with-response-stream`"),
        F::Stream => mapped("the path: `streamRawPredict`, and `stream`"),
        F::Link => Refused("Claude takes bytes there, no links"),
        F::UploadedFile => Refused("there are no uploaded files there"),
        F::Container | F::ContainerUpload => Refused("Anthropic alone runs code"),
        F::McpServers => Refused("Anthropic alone asks MCP servers"),
        F::InferenceGeo => Refused("where the model runs is the target's region there"),
        F::WebSearchTool if bedrock => dropped("there is no search of Anthropic's there"),
        F::ForcedWebSearch if bedrock => Refused("there is no search of Anthropic's there"),
        F::ServerTool => dropped("only Anthropic runs it"),
        F::ForcedServerTool => Refused("only Anthropic runs it"),
        F::ServerBlock => mapped(
            "as it came, where the platform has the tool; else left out: what the model said of it stays",
        ),
        F::Speed | F::ServiceTier => dropped("how fast the answer comes is bought apart there"),
        F::Accounts => dropped("Anthropic's own bookkeeping"),
        F::InputExamples | F::EagerInput | F::AllowedCallers => {
            dropped("not known there; the tool is offered all the same")
        }
        F::ContextManagement | F::Safeguards | F::MessageOutputConfig | F::DeferLoading => mapped(
            "as it came where a beta that it belongs to is named and known there, else left out with the beta",
        ),
        _ => return None,
    })
}

/// Of what no chat request has, at formats other than Anthropic's.
fn beside(field: Field) -> Fate {
    use Field as F;
    match field {
        F::BillingLine => {
            dropped("it is for Anthropic, and changes with every request: no prompt cache would hold")
        }
        F::MessageOutputConfig => dropped("the request's own effort holds"),
        F::ClientTool => mapped("a function with the schema that the tool's guide gives"),
        F::ComputerTool => Refused("only Claude was taught to use it"),
        F::WebSearchTool | F::ServerTool => dropped("Anthropic runs it; the model has the other tools"),
        F::ToolSearchTool | F::DeferLoading => dropped("all tools are offered at once"),
        F::ForcedWebSearch | F::ForcedServerTool => {
            Refused("only Anthropic runs the tool that must be called")
        }
        F::EagerInput => dropped("how arguments are streamed is the provider's"),
        F::InputExamples => dropped("a hint; the schema holds"),
        F::AllowedCallers => dropped("the model itself calls the tool"),
        F::ThinkingDisplay => dropped("reasoning is shown as far as the provider shows it"),
        F::LongUserId => dropped("an id for the provider's records; OpenAI takes at most 64 bytes"),
        F::ServiceTier | F::Speed => dropped("how fast the answer comes is bought apart at each provider"),
        F::ContextManagement => dropped("what of the conversation is sent is the client's"),
        F::Container | F::ContainerUpload => Refused("Anthropic alone runs code"),
        F::McpServers => Refused("the answer would lack what the servers offer"),
        F::InferenceGeo => Refused("where a model runs is told apart at each provider"),
        F::Safeguards => dropped("Anthropic alone judges calls; the client's own checks hold"),
        F::Accounts => dropped("Anthropic's own bookkeeping"),
        F::Citations => dropped("what an answer cited is not part of the conversation"),
        F::CitationsAsked => Refused("the answer would lack its citations"),
        F::Transformations => dropped("the picture is sent as it is"),
        F::UploadedFile => Refused("the id of a file at Anthropic stands for no other"),
        F::DocumentText => mapped("a text: the document's title and context, then its words"),
        F::DocumentContext => mapped("a text before the document"),
        F::SearchResult => mapped("a text: its title, source and words"),
        F::Caller => dropped("who made a call does not change what it gave"),
        F::ToolReference => mapped("a text that names the tool"),
        F::ServerBlock => mapped("a text: what was asked, and what it gave, without what is encrypted"),
        _ => dropped("not known to any provider but its own"),
    }
}

/// Why a target has to refuse a request that uses `field`; `None` where it serves it.
pub(super) fn refusal(target: &Target<'_>, field: Field) -> Option<&'static str> {
    let format = target.format;
    if matches!(format, Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic) {
        let known = *target.facts != ModelFacts::default();
        let by_model = |field| anthropic::fate::by_model(target.facts, field);
        return super::refused(of(format, field)).or_else(|| by_model(field.as_chat()?).filter(|_| known));
    }
    match field.as_chat() {
        // Told in words to those that take no schema.
        Some(Chat::JsonSchema) => None,
        Some(chat) => target.refuses(chat).or_else(|| super::refused(of(format, field))),
        None => super::refused(beside(field)),
    }
}

/// Whether a target can be told of a schema for its answer in words only.
pub(crate) fn takes_no_schema(target: &Target<'_>) -> bool {
    target.refuses(Chat::JsonSchema).is_some()
}

/// The section of the documentation: one table of what all other formats share, and one for each of Anthropic's of what
/// does not stay as it came.
pub(super) fn markdown(page: &mut String) {
    for format in [Format::Anthropic, Format::VertexAnthropic, Format::BedrockAnthropic] {
        page.push_str(&format!("\n## Messages to `{}`\n\n", format.name()));
        page.push_str(
            "Same format in and out: every field is sent as it came, known or not, but for these.\n\n",
        );
        page.push_str(COLUMNS);
        let rows = Field::ALL.iter().map(|field| (field, of(format, *field)));
        for (field, fate) in rows.filter(|(_, fate)| *fate != Forwarded) {
            page.push_str(&row(field.name(), field.when(), fate));
        }
    }
    page.push_str("\n## Messages to all others\n\n");
    page.push_str("What a chat request can say too has the fate that it has there, at each format.\n\n");
    page.push_str(COLUMNS);
    for field in Field::ALL {
        match field.as_chat() {
            Some(chat) => {
                let mut how = format!("`{}` of Chat Completions", chat.name());
                if chat == Chat::JsonSchema {
                    how.push_str("; where that is refused, an instruction at the end of the system prompt");
                }
                page.push_str(&format!("| `{}` | {} | as | {how} |\n", field.name(), field.when()));
            }
            None => page.push_str(&row(field.name(), field.when(), beside(*field))),
        }
    }
    page.push_str("\nTo `openai`, which a chat request reaches as it came, of the fields that are as another these are not sent:\n\n");
    page.push_str(COLUMNS);
    let rows =
        Field::ALL.iter().filter(|field| field.as_chat().is_some()).map(|field| (field, of_openai(*field)));
    for (field, fate) in rows.filter(|(_, fate)| !matches!(fate, Fate::Mapped(_))) {
        page.push_str(&row(field.name(), field.when(), fate));
    }
}
