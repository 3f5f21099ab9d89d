//! The fields of a request for embeddings.

use crate::dialect::fields::fields;

fields! {
    Model "model" "always",
    Input "input" "always",
    InputMany "input[]" "when it has more than one text",
    InputOver96 "input[] (above 96)" "when it has more than 96 texts",
    InputOver100 "input[] (above 100)" "when it has more than 100 texts",
    InputOver250 "input[] (above 250)" "when it has more than 250 texts",
    InputTokens "input[] (tokens)" "when it is tokens, or lists of them",
    InputOther "input[] (other)" "when there is anything but text and tokens in it",
    Dimensions "dimensions" "when not null",
    EncodingFormat "encoding_format" "when not null",
    EncodingOther "encoding_format (other)" "when neither `float` nor `base64`",
    InputType "input_type" "when not null",
    User "user" "when not null",
    Unknown "(any other field)" "when there is one",
}

impl Field {
    /// The member of the request that an error names.
    pub fn param(self) -> &'static str {
        match self {
            Field::InputMany
            | Field::InputOver96
            | Field::InputOver100
            | Field::InputOver250
            | Field::InputTokens
            | Field::InputOther => "input",
            Field::EncodingOther => "encoding_format",
            other => other.name(),
        }
    }
}
