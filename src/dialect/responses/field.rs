//! The fields of a Responses request, and which of them a request uses.

use crate::dialect::{chat, fields::fields};

fields! {
    Model "model" "always",
    Input "input" "when not null",
    Stream "stream" "when true",
    Unknown "(any other field)" "when there is one",
}

impl Field {
    /// The field of a chat request that means the same, and so has the same fate at formats other than Responses;
    /// `None` for what only Responses knows.
    pub fn as_chat(self) -> Option<chat::field::Field> {
        use chat::field::Field as Chat;
        Some(match self {
            Field::Model => Chat::Model,
            Field::Input => Chat::Messages,
            Field::Stream => Chat::Stream,
            Field::Unknown => return None,
        })
    }
}
