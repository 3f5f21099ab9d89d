//! The path of a request, for providers that are told the model there.

use std::borrow::Cow;

use super::{Format, gemini};
use crate::{
    config::plugin,
    dialect::{Operation, pass},
    ir::ApiError,
};

/// What stands for the model in a configured path.
const PLACE: &str = "{model}";

/// The most bytes of an id or ARN (service model `bedrock-runtime`, `ConversationalModelId`).
const BEDROCK_ID: usize = 2048;

/// The `:path` of a request for `model` to `provider`.
///
/// # Errors
///
/// Where a path cannot hold the model's name, and where the provider has no endpoint for the operation.
pub fn of<'p>(
    provider: &'p plugin::Provider,
    operation: Operation,
    model: &str,
    stream: bool,
) -> Result<Cow<'p, str>, ApiError> {
    let Some(path) = provider.endpoint(operation, stream) else {
        let message = format!("The provider has no endpoint for {}.", operation.name());
        return Err(ApiError::invalid("model", message));
    };
    let counted = operation == Operation::Count && is_bedrock(provider.format);
    let path = fill(path, if counted { foundation(model) } else { model }, provider.format)?;
    // On Vertex models of two kinds are asked in two ways, at paths that differ in their last word.
    match path.strip_suffix(":predict") {
        Some(before)
            if provider.format == Format::Vertex && gemini::embeddings::is_batch(Format::Vertex, model) =>
        {
            Ok(Cow::Owned(format!("{before}:batchEmbedContents")))
        }
        _ => Ok(path),
    }
}

/// The `:path` of a request that is passed on to `provider`.
///
/// # Errors
///
/// As [`of`].
pub fn passed(provider: &plugin::Provider, head: &pass::Head, model: &str) -> Result<String, ApiError> {
    let Some((base, query)) = provider.base() else {
        return Err(ApiError::invalid("model", "The provider has no such endpoint."));
    };
    let below = if head.socket.is_some() { pass::realtime::path(model).into() } else { head.path.clone() };
    let mut path = fill(base, model, provider.format)?.into_owned();
    path.push_str(&below);
    if let Some(query) = query.strip_prefix('?') {
        path.push(if below.contains('?') { '&' } else { '?' });
        path.push_str(query);
    }
    Ok(path)
}

/// The parts of the world that stand before the names of Bedrock's inference profiles (Amazon Bedrock user guide,
/// "Supported Regions and models for inference profiles").
const REGIONS: &[&str] = &["us", "us-gov", "eu", "apac", "global", "jp", "au", "ca", "mx"];

/// The name of a model on Bedrock without the region before it.
pub(super) fn without_region(model: &str) -> &str {
    match model.split_once('.') {
        Some((region, name)) if REGIONS.contains(&region) => name,
        _ => model,
    }
}

/// The id of the model that an inference profile is of, which is all that Bedrock counts tokens for; also of an ARN that
/// names one. What names none is left as it is.
pub(super) fn foundation(model: &str) -> &str {
    without_region(if model.starts_with("arn:") { model.rsplit('/').next().unwrap_or(model) } else { model })
}

/// `path`, which may have a query, with the model's name in the place of `{model}`.
///
/// The name is not escaped but refused where it would need it: with a pattern it is the client's, and must not lead the
/// request, which carries the gateway's credential, to another endpoint. On Bedrock, where ids hold `:` and ARNs `/` as
/// well, these two are escaped as AWS's own clients do, and anything else is refused.
///
/// # Errors
///
/// For a name of other characters than letters, digits and `-._~@:+`, with `..` in it, or with a `/` that the format
/// does not allow; it names `model`.
pub fn fill<'p>(path: &'p str, model: &str, format: Format) -> Result<Cow<'p, str>, ApiError> {
    if !path.contains(PLACE) {
        return Ok(Cow::Borrowed(path));
    }
    let bedrock = is_bedrock(format);
    let marks: &[u8] = if bedrock { b"-._:" } else { b"-._~@:+" };
    let slashes = has_slashes(format) || (bedrock && model.starts_with("arn:"));
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || marks.contains(&byte) || (byte == b'/' && slashes);
    let segments = model.split('/').all(|segment| !segment.is_empty() && segment != ".");
    let short = !bedrock || model.len() <= BEDROCK_ID;
    if segments && short && !model.contains("..") && model.bytes().all(legal) {
        return Ok(Cow::Owned(if bedrock {
            path.replace(PLACE, &model.replace(':', "%3A").replace('/', "%2F"))
        } else {
            path.replace(PLACE, model)
        }));
    }
    let mut name = Vec::new();
    super::json::value(&mut name, model);
    let name = String::from_utf8(name).unwrap_or_default();
    let message = format!("The provider is told the model in the path, which cannot hold the name {name}.");
    Err(ApiError::invalid("model", message))
}

/// Whether names of models may have a `/`. No format's do so far: those with one are of gateways, which are told the
/// model in the body.
fn has_slashes(format: Format) -> bool {
    match format {
        Format::Openai
        | Format::Anthropic
        | Format::Gemini
        | Format::Vertex
        | Format::VertexAnthropic
        | Format::Bedrock
        | Format::BedrockAnthropic
        | Format::Cohere
        | Format::Mistral
        | Format::Responses => false,
    }
}

fn is_bedrock(format: Format) -> bool {
    matches!(format, Format::Bedrock | Format::BedrockAnthropic)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GEMINI: &str = "/v1beta/models/{model}:generateContent";

    #[test]
    fn the_model_goes_into_its_place() {
        let path = |model: &str| fill(GEMINI, model, Format::Gemini).map(Cow::into_owned);
        for model in ["gemini-2.5-pro", "gemini-3.1-pro-preview", "a@001", "ft:x_1~+"] {
            assert_eq!(path(model), Ok(format!("/v1beta/models/{model}:generateContent")));
        }
        // Azure's names of deployments, and a query behind the place.
        let azure = "/openai/deployments/{model}/chat/completions?api-version=2024-10-21";
        let filled = fill(azure, "gpt-4.1_eu.prod-2", Format::Openai).unwrap();
        assert_eq!(filled, "/openai/deployments/gpt-4.1_eu.prod-2/chat/completions?api-version=2024-10-21");
        assert!(fill(azure, "x?api-version=1", Format::Openai).is_err());
        // Without a place in the path, the name is not the path's matter.
        assert_eq!(fill("/v1/messages", "a/../b?", Format::Anthropic), Ok(Cow::Borrowed("/v1/messages")));
    }

    #[test]
    fn tokens_are_counted_for_the_model_behind_a_profile() {
        for (model, counted) in [
            ("us.anthropic.claude-opus-4-6-v1", "anthropic.claude-opus-4-6-v1"),
            ("anthropic.claude-opus-4-6-v1", "anthropic.claude-opus-4-6-v1"),
            ("global.amazon.nova-2-lite-v1:0", "amazon.nova-2-lite-v1:0"),
            ("arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-x", "anthropic.claude-x"),
            ("arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2", "a1b2"),
        ] {
            assert_eq!(foundation(model), counted);
        }
    }

    #[test]
    fn a_name_cannot_lead_elsewhere() {
        for model in [
            "", ".", "..", "a..b", "../files", "a/b", "/", "a?key=x", "a#b", "a%2e%2e", "a b", "a\\b",
            "a\r\nb", "\0", "é", "a{model}", "a;b", "a&b", "\u{7f}",
        ] {
            let error = fill(GEMINI, model, Format::Gemini).unwrap_err();
            assert_eq!(error.param.as_deref(), Some("model"), "{model:?}");
        }
    }

    #[test]
    fn ids_and_arns_of_bedrock_are_escaped() {
        for format in [Format::Bedrock, Format::BedrockAnthropic] {
            let path = |model: &str| fill("/model/{model}/converse", model, format).map(Cow::into_owned);
            for (model, escaped) in [
                ("anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1%3A0"),
                ("us.anthropic.claude-opus-4-6-v1", "us.anthropic.claude-opus-4-6-v1"),
                ("global.amazon.nova-2-lite-v1:0:256k", "global.amazon.nova-2-lite-v1%3A0%3A256k"),
                (
                    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0",
                    "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.amazon.nova-pro-v1%3A0",
                ),
                (
                    "arn:aws:bedrock:eu-west-1::foundation-model/openai.gpt-oss-120b-1:0",
                    "arn%3Aaws%3Abedrock%3Aeu-west-1%3A%3Afoundation-model%2Fopenai.gpt-oss-120b-1%3A0",
                ),
                ("my_imported-model", "my_imported-model"),
            ] {
                assert_eq!(path(model), Ok(format!("/model/{escaped}/converse")));
            }
            let long = "a".repeat(BEDROCK_ID + 1);
            for model in [
                "",
                ".",
                "..",
                "a..b",
                "a/b",
                "/",
                "../x",
                "a%3A0",
                "a%2F..",
                "a?b",
                "a#b",
                "a b",
                "a\\b",
                "a\r\nb",
                "\0",
                "é",
                "a@b",
                "a+b",
                "a~b",
                "arn:/",
                "arn:a//b",
                "arn:a/../b",
                "arn:a/./b",
                "arn:a/",
                "Arn:a/b",
                &long,
            ] {
                let error = path(model).unwrap_err();
                assert_eq!(error.param.as_deref(), Some("model"), "{model:?}");
            }
        }
    }
}
