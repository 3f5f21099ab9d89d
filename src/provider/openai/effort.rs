//! OpenAI's word for how much to reason, in both of its APIs.

use crate::{
    ir::{Effort, Reasoning},
    provider::model::{ModelFacts, Thinking, ThinkingOff},
};

/// The word for `reasoning`; `None` where the model may refuse to be told. Words that a model is known not to take are brought to the nearest that it does; of a model
/// of which nothing is known, the client knows what it takes.
pub(in crate::provider) fn word(reasoning: Reasoning, facts: &ModelFacts) -> Option<&'static str> {
    if facts.no_reasoning {
        return None;
    }
    let known = facts.thinking != Thinking::None;
    let effort = match reasoning {
        Reasoning::Off if !known || facts.thinking_off != ThinkingOff::Never => return Some("none"),
        Reasoning::Off => Effort::Minimal,
        Reasoning::Effort(effort) => effort,
        Reasoning::Budget(budget) => Effort::of_budget(budget),
    };
    Some(match effort {
        Effort::Minimal if known && !facts.minimal_effort => "low",
        Effort::Xhigh | Effort::Max if known && !facts.xhigh_effort => "high",
        // Which models know `max` is not told; those of which all else is known take this for sure.
        Effort::Max if known => "xhigh",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Xhigh => "xhigh",
        Effort::Max => "max",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::catalogue;

    #[test]
    fn models_are_told_in_words_that_they_take() {
        let max = Reasoning::Effort(Effort::Max);
        for (model, off, minimal, most) in [
            ("gpt-5", Some("minimal"), Some("minimal"), Some("high")),
            ("o3", Some("low"), Some("low"), Some("high")),
            ("gpt-5.1", Some("none"), Some("low"), Some("high")),
            ("gpt-5.2", Some("none"), Some("low"), Some("xhigh")),
            ("gpt-4.1", None, None, None),
        ] {
            let facts = catalogue::facts("openai", model).unwrap();
            let words =
                [Reasoning::Off, Reasoning::Effort(Effort::Minimal), max].map(|asked| word(asked, &facts));
            assert_eq!(words, [off, minimal, most], "{model}");
        }
        // Of a model of which nothing is known, the client knows more.
        assert_eq!(word(max, &ModelFacts::default()), Some("max"));
    }
}
