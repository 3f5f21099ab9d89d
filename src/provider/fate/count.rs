//! Who counts the tokens of a prompt.

use crate::provider::{Format, path};

/// Why no provider of this format counts tokens; `None` where it may.
pub fn lacks(format: Format) -> Option<&'static str> {
    match format {
        Format::Cohere => Some("Cohere counts the tokens of plain text only"),
        Format::Mistral => Some("Mistral does not count the tokens of a prompt"),
        Format::Openai
        | Format::Responses
        | Format::Anthropic
        | Format::VertexAnthropic
        | Format::Gemini
        | Format::Vertex
        | Format::Bedrock
        | Format::BedrockAnthropic => None,
    }
}

/// Why a model of this name is not counted, where its format is. Bedrock counts for Claude alone; others answer "doesn't
/// support counting tokens" ([R]), and so it does for profiles of an application's own, which name no model.
pub fn by_model(format: Format, model: &str) -> Option<&'static str> {
    let bedrock = matches!(format, Format::Bedrock | Format::BedrockAnthropic);
    let counted = !bedrock || path::foundation(model).starts_with("anthropic.");
    (!counted).then_some("Bedrock counts the tokens of Anthropic's models only")
}
