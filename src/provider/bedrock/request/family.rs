//! Whose model it is: what goes beside the common form depends on it.

use crate::provider::model::{ModelFacts, Thinking};

/// A family of models that take the same fields of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Anthropic's.
    Claude,
    /// Amazon's, the first generation.
    Nova,
    /// Amazon's, which can be told to reason.
    Nova2,
    /// OpenAI's open models.
    GptOss,
    /// Whose own fields are not known here.
    Other,
}

impl Family {
    /// By the model's id, which names its vendor behind the region that an inference profile begins with: `us.amazon.…`.
    /// The ARN of an application's own profile names none; then how the model is said to reason tells Claude.
    pub(super) fn of(model: &str, facts: &ModelFacts) -> Self {
        let has = |part: &str| model.contains(part);
        let reasons = matches!(facts.thinking, Thinking::Budget | Thinking::Adaptive);
        if has("amazon.nova-2") {
            Family::Nova2
        } else if has("amazon.nova") {
            Family::Nova
        } else if has("openai.gpt-oss") {
            Family::GptOss
        } else if has("anthropic.") || (reasons && !names_a_vendor(model)) {
            Family::Claude
        } else {
            Family::Other
        }
    }

    /// Whether it takes points up to which the prompt is cached. Others answer 403 to them (Bedrock user guide, "Prompt
    /// caching").
    pub(super) fn caches(self) -> bool {
        matches!(self, Family::Claude | Family::Nova | Family::Nova2)
    }
}

/// Whether an id names its vendor: a word before a point. Versions before a point have digits and hyphens.
fn names_a_vendor(model: &str) -> bool {
    let id = model.rsplit('/').next().unwrap_or_default();
    let mut words = id.rsplit('.').skip(1);
    words.any(|word| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_names_the_family() {
        let plain = ModelFacts::default();
        for (model, family) in [
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", Family::Claude),
            ("us.anthropic.claude-opus-4-6-v1", Family::Claude),
            (
                "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0",
                Family::Claude,
            ),
            ("eu.amazon.nova-pro-v1:0", Family::Nova),
            ("global.amazon.nova-2-lite-v1:0", Family::Nova2),
            ("openai.gpt-oss-120b-1:0", Family::GptOss),
            ("us.meta.llama4-maverick-17b-instruct-v1:0", Family::Other),
            ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123", Family::Other),
        ] {
            assert_eq!(Family::of(model, &plain), family, "{model}");
        }
        let adaptive = ModelFacts { thinking: Thinking::Adaptive, ..plain };
        assert_eq!(
            Family::of("arn:aws:bedrock:x:1:application-inference-profile/a", &adaptive),
            Family::Claude
        );
    }
}
