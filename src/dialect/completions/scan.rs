//! One pass over the bytes of a Completions request: all that the gateway needs.

use std::ops::Range;

use super::field::{Field, Fields};
use crate::{
    dialect::{
        chat::scan::{body::wrong_type, shape::Shape},
        embeddings::scan::items,
        flat::{self, Flat, Names},
        node::Members,
    },
    ir::ApiError,
};

const NAMES: Names = Names {
    known: &[
        "model",
        "prompt",
        "stream",
        "stream_options",
        "max_tokens",
        "temperature",
        "top_p",
        "n",
        "best_of",
        "stop",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "echo",
        "suffix",
        "user",
    ],
    guarded: 4,
};

/// What the gateway knows of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The model as the client named it, unescaped.
    pub model: String,
    /// The bytes of the model's JSON string, quotes included.
    pub model_span: Range<usize>,
    /// The client wants a stream.
    pub stream: bool,
    /// The client wants usage in the stream.
    pub include_usage: bool,
    /// What the request uses.
    pub fields: Fields,
}

/// Reads the head of a Completions request.
///
/// # Errors
///
/// [`crate::ir::ErrorKind::InvalidRequest`] as of a chat request; and for a `prompt` that is missing or neither a string
/// nor an array.
pub fn scan(body: &[u8]) -> Result<Head, ApiError> {
    let flat = flat::read(body, &NAMES)?;
    let mut fields = Fields::default();
    fields.insert(Field::Model);
    prompt(&flat, &mut fields)?;
    for field in Field::ALL.iter().filter(|field| !matches!(field, Field::Model | Field::Prompt)) {
        if flat.get(field.name()).is_some_and(|(_, shape)| is_used(*field, shape)) {
            fields.insert(*field);
        }
    }
    if flat.unknown {
        fields.insert(Field::Unknown);
    }
    let stream = match flat.get("stream") {
        None => false,
        Some((_, Shape::Bool(stream))) => stream,
        Some((_, other)) => return Err(wrong_type("stream", "a boolean", other)),
    };
    let include_usage = match flat.get("stream_options") {
        None => false,
        Some((raw, _)) => {
            let Members(members) = serde_json::from_str(raw.get()).unwrap_or_default();
            members.iter().any(|(name, value)| name == "include_usage" && value.get() == "true")
        }
    };
    let Flat { model, model_span, .. } = flat;
    Ok(Head { model, model_span, stream, include_usage, fields })
}

fn prompt(flat: &Flat<'_>, fields: &mut Fields) -> Result<(), ApiError> {
    let (raw, shape) = flat.need("prompt")?;
    let items = match shape {
        Shape::String(_) => Vec::new(),
        Shape::Array(_) => items(raw),
        other => return Err(wrong_type("prompt", "a string or an array", other)),
    };
    fields.insert(Field::Prompt);
    if items.iter().any(|item| !item.get().starts_with('"')) {
        fields.insert(Field::PromptTokens);
    } else if matches!(shape, Shape::Array(_)) && items.len() != 1 {
        fields.insert(Field::PromptMany);
    }
    Ok(())
}

fn is_used(field: Field, shape: Shape) -> bool {
    match (field, shape) {
        (Field::N | Field::BestOf, Shape::Number(number)) => number > 1.0,
        (Field::PresencePenalty | Field::FrequencyPenalty, Shape::Number(number)) => number != 0.0,
        (Field::Stream | Field::Echo, Shape::Bool(on)) => on,
        (Field::Suffix | Field::LogitBias, shape) => !shape.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(body: &str) -> Vec<Field> {
        let head = scan(body.as_bytes()).unwrap();
        head.fields.iter().filter(|field| !matches!(field, Field::Model | Field::Prompt)).collect()
    }

    #[test]
    fn what_means_nothing_is_not_used() {
        let idle = r#"{"model":"m","prompt":["a"],"n":1,"best_of":1,"echo":false,"stream":false,"suffix":"",
            "logit_bias":{},"presence_penalty":0,"frequency_penalty":0.0,"logprobs":null,"user":null}"#;
        assert_eq!(used(idle), []);
        let busy = r#"{"model":"m","prompt":"a","n":2,"best_of":2,"echo":true,"stream":true,"suffix":"z",
            "logit_bias":{"1":1},"presence_penalty":1,"frequency_penalty":-0.5,"logprobs":0,"user":"u","x":1,
            "stream_options":{"include_usage":true},"max_tokens":1,"temperature":0,"top_p":1,"stop":"s","seed":1}"#;
        let all: Vec<Field> = Field::ALL
            .iter()
            .copied()
            .filter(|field| {
                !matches!(field, Field::Model | Field::Prompt | Field::PromptMany | Field::PromptTokens)
            })
            .collect();
        assert_eq!(used(busy), all);
        let head = scan(busy.as_bytes()).unwrap();
        assert!(head.stream && head.include_usage && head.model == "m");
    }

    #[test]
    fn prompts_of_every_form() {
        assert_eq!(used(r#"{"model":"m","prompt":["a","b"]}"#), [Field::PromptMany]);
        assert_eq!(used(r#"{"model":"m","prompt":[]}"#), [Field::PromptMany]);
        assert_eq!(used(r#"{"model":"m","prompt":[1,2]}"#), [Field::PromptTokens]);
        assert_eq!(used(r#"{"model":"m","prompt":[[1],[2]]}"#), [Field::PromptTokens]);
        for (body, param) in [
            (r#"{"model":"m"}"#, "prompt"),
            (r#"{"model":"m","prompt":7}"#, "prompt"),
            (r#"{"model":"m","prompt":"a","stream":"yes"}"#, "stream"),
            (r#"{"prompt":"a"}"#, "model"),
        ] {
            assert_eq!(scan(body.as_bytes()).unwrap_err().param.as_deref(), Some(param), "{body}");
        }
    }
}
