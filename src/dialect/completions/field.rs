//! The fields of a Completions request, and which of them a request uses.

use crate::dialect::{chat, fields::fields};

fields! {
    Model "model" "always",
    Prompt "prompt" "always",
    PromptMany "prompt[]" "when it is an array of several texts, or of none",
    PromptTokens "prompt[].tokens" "when it is tokens",
    Stream "stream" "when true",
    StreamOptions "stream_options" "when not null",
    MaxTokens "max_tokens" "when not null",
    Temperature "temperature" "when not null",
    TopP "top_p" "when not null",
    N "n" "when above 1",
    BestOf "best_of" "when above 1",
    Stop "stop" "when not null",
    Seed "seed" "when not null",
    PresencePenalty "presence_penalty" "when not 0",
    FrequencyPenalty "frequency_penalty" "when not 0",
    LogitBias "logit_bias" "when not empty",
    Logprobs "logprobs" "when not null",
    Echo "echo" "when true",
    Suffix "suffix" "when not empty",
    User "user" "when not null",
    Unknown "(any other field)" "when there is one",
}

impl Field {
    /// The member that is to blame where it is refused.
    pub fn param(self) -> &'static str {
        match self {
            Field::PromptMany | Field::PromptTokens => "prompt",
            _ => self.name(),
        }
    }

    /// The field of a chat request that means the same, and so has the same fate; `None` for what only Completions knows.
    pub fn as_chat(self) -> Option<chat::field::Field> {
        use chat::field::Field as Chat;
        Some(match self {
            Field::Model => Chat::Model,
            Field::Prompt => Chat::Messages,
            Field::Stream => Chat::Stream,
            Field::StreamOptions => Chat::StreamOptions,
            Field::MaxTokens => Chat::MaxTokens,
            Field::Temperature => Chat::Temperature,
            Field::TopP => Chat::TopP,
            Field::Stop => Chat::Stop,
            Field::Seed => Chat::Seed,
            Field::PresencePenalty => Chat::PresencePenalty,
            Field::FrequencyPenalty => Chat::FrequencyPenalty,
            Field::LogitBias => Chat::LogitBias,
            Field::User => Chat::User,
            Field::PromptMany
            | Field::PromptTokens
            | Field::N
            | Field::BestOf
            | Field::Logprobs
            | Field::Echo
            | Field::Suffix
            | Field::Unknown => return None,
        })
    }
}
