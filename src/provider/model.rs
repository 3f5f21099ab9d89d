//! What the filter knows of an upstream model.

use serde::{Deserialize, Serialize};

/// How a model is told to reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Thinking {
    /// It cannot, or it is not known.
    #[default]
    None,
    /// By a budget of tokens (Anthropic up to 4.5, Gemini 2.5).
    Budget,
    /// By an effort (Anthropic from 4.6 on).
    Adaptive,
    /// By a level (Gemini from 3 on).
    Level,
}

/// How a model of [`Thinking::Adaptive`] is told not to reason (Anthropic's migration guides to Sonnet 5.5, Opus 5.5
/// and Fable 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThinkingOff {
    /// `thinking` of type `disabled`.
    #[default]
    Disabled,
    /// `thinking` of type `between_tools`: it refuses `disabled`.
    BetweenTools,
    /// Not at all; the lowest effort is the nearest.
    Never,
}

/// Capabilities of one model. The default is what is safest to assume of a model that is not in the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelFacts {
    /// The most tokens it answers with; the default of `max_tokens` where a provider requires that field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output: Option<u64>,
    /// Tokens of prompt and answer that fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// How it reasons.
    #[serde(skip_serializing_if = "is_default")]
    pub thinking: Thinking,
    /// How it is told not to.
    #[serde(skip_serializing_if = "is_default")]
    pub thinking_off: ThinkingOff,
    /// Knows the effort `xhigh`; without it, `high` is sent instead.
    #[serde(skip_serializing_if = "is_default")]
    pub xhigh_effort: bool,
    /// Knows the level `minimal`; without it, `low` is sent instead.
    #[serde(skip_serializing_if = "is_default")]
    pub minimal_effort: bool,
    /// The fewest and the most tokens of a budget of [`Thinking::Budget`], where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_budget: Option<(u64, u64)>,
    /// Refuses `temperature`, `top_p` and `top_k`.
    #[serde(skip_serializing_if = "is_default")]
    pub no_sampling: bool,
    /// Refuses a forced tool (`tool_choice` of `any` or of a name).
    #[serde(skip_serializing_if = "is_default")]
    pub no_forced_tool: bool,
    /// Is known not to reason, and may refuse to be told how.
    #[serde(skip_serializing_if = "is_default")]
    pub no_reasoning: bool,
    /// Takes a JSON Schema for its answer.
    #[serde(skip_serializing_if = "is_default")]
    pub json_schema: bool,
    /// Takes system messages after the first user message.
    #[serde(skip_serializing_if = "is_default")]
    pub system_anywhere: bool,
    /// USD for a million tokens of prompt; `None` is unpriced, never free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_price: Option<f64>,
    /// USD for a million tokens of answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_price: Option<f64>,
    /// USD for a million tokens of prompt read from a prompt cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read_price: Option<f64>,
    /// USD for a million tokens of prompt written to a prompt cache, for the shortest time that can be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_price: Option<f64>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
