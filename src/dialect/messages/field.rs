//! The fields of a Messages request, and which of them a request uses.

use crate::dialect::{chat, fields::fields};

fields! {
    Model "model" "always",
    Messages "messages" "always",
    MaxTokens "max_tokens" "always",
    Stream "stream" "when true",
    Unknown "(any other field)" "when there is one",
}

impl Field {
    /// The field of a chat request that means the same, and so has the same fate at formats other than Anthropic's own;
    /// `None` for what only Anthropic knows.
    pub fn as_chat(self) -> Option<chat::field::Field> {
        use chat::field::Field as Chat;
        Some(match self {
            Field::Model => Chat::Model,
            Field::Messages => Chat::Messages,
            Field::MaxTokens => Chat::MaxTokens,
            Field::Stream => Chat::Stream,
            Field::Unknown => return None,
        })
    }
}
