//! What a chat client is given, read and checked as OpenAI's own SDK would.

use std::{fs, path::PathBuf};

use jsonschema::Validator;
use serde_json::Value;

use crate::read::{Seen, openai};

/// The values of a client's stream, its end and its error.
pub struct Told {
    pub chunks: Vec<Value>,
    pub done: bool,
    pub error: Option<Value>,
}

/// Reads a client's stream.
///
/// # Errors
///
/// What breaks the form of such a stream.
pub fn stream(bytes: &[u8]) -> Result<Told, String> {
    let text = str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut told = Told { chunks: Vec::new(), done: false, error: None };
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with(':')) {
        let data = line.strip_prefix("data:").map(str::trim_start);
        let Some(data) = data else {
            if line.starts_with("event:") || line.starts_with("id:") || line.starts_with("retry:") {
                continue;
            }
            return Err(format!("a line that is no event: {line}"));
        };
        if told.done || told.error.is_some() {
            return Err(format!("after the end: {data}"));
        }
        if data == "[DONE]" {
            told.done = true;
            continue;
        }
        // Fillers of some hosts.
        if data.is_empty() {
            continue;
        }
        let value: Value = serde_json::from_str(data).map_err(|error| format!("{error}: {data}"))?;
        if value["error"].is_object() { told.error = Some(value) } else { told.chunks.push(value) }
    }
    Ok(told)
}

/// What the client makes of a stream that ended well.
pub fn seen(told: &Told) -> Seen {
    openai::stream(&told.chunks)
}

/// One usage chunk with no choices where it was asked for, and no other usage.
///
/// # Errors
///
/// Which chunk breaks the rule.
pub fn usage_rule(told: &Told, asked: bool) -> Result<(), String> {
    let with_usage: Vec<usize> =
        (0..told.chunks.len()).filter(|at| told.chunks[*at]["usage"].is_object()).collect();
    for at in &with_usage {
        let chunk = &told.chunks[*at];
        if !asked {
            return Err(format!("usage that was not asked for: {chunk}"));
        }
        if chunk["choices"].as_array().is_none_or(|choices| !choices.is_empty()) {
            return Err(format!("usage in a chunk with choices: {chunk}"));
        }
    }
    match with_usage.len() {
        0 | 1 => Ok(()),
        count => Err(format!("{count} chunks with usage")),
    }
}

/// The schemas of what a client gets.
pub struct Schemas {
    response: Validator,
    chunk: Validator,
    /// The same, which let other keys pass: for what passes through.
    open_response: Validator,
    open_chunk: Validator,
    embeddings: Validator,
    message: Validator,
    step: Validator,
}

/// A closed schema beside the repository; `None` where it is not there.
pub fn document(name: &str) -> Option<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/validators/schemas");
    let text = fs::read_to_string(path.join(format!("{name}.json"))).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

impl Schemas {
    /// Reads them; `None` where they are not there.
    pub fn read() -> Option<Self> {
        let (response, chunk) = (document("openai.response")?, document("openai.chunk")?);
        let embeddings = document("openai.embeddings")?;
        let (message, step) = (document("anthropic.response")?, document("anthropic.stream_event")?);
        let validator = |document: &Value| jsonschema::validator_for(document).unwrap();
        let open = |mut document: Value| {
            open_up(&mut document);
            validator(&document)
        };
        Some(Self {
            embeddings: open(embeddings),
            message: validator(&message),
            step: validator(&step),
            response: validator(&response),
            chunk: validator(&chunk),
            open_response: open(response),
            open_chunk: open(chunk),
        })
    }

    /// Checks a reply with embeddings, which may hold the vendor's own keys.
    ///
    /// # Errors
    ///
    /// What breaks the schema.
    pub fn check_embeddings(&self, value: &Value) -> Result<(), String> {
        first(&self.embeddings, value)
    }

    /// Checks a whole message of Anthropic's.
    ///
    /// # Errors
    ///
    /// What breaks the schema.
    pub fn check_message(&self, value: &Value) -> Result<(), String> {
        first(&self.message, value)
    }

    /// Checks one event of a stream of Anthropic's.
    ///
    /// # Errors
    ///
    /// What breaks the schema.
    pub fn check_step(&self, value: &Value) -> Result<(), String> {
        first(&self.step, value)
    }

    /// Checks one whole reply or one chunk. `open`: it passed through, and may hold the vendor's own keys.
    ///
    /// # Errors
    ///
    /// What breaks the schema.
    pub fn check(&self, value: &Value, chunk: bool, open: bool) -> Result<(), String> {
        let validator = match (chunk, open) {
            (false, false) => &self.response,
            (true, false) => &self.chunk,
            (false, true) => &self.open_response,
            (true, true) => &self.open_chunk,
        };
        let mut value = value.clone();
        without_extensions(&mut value);
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors.join("; ").chars().take(600).collect()) }
    }
}

fn first(validator: &Validator, value: &Value) -> Result<(), String> {
    let mut errors = validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path()));
    errors.next().map_or(Ok(()), |error| Err(error.chars().take(300).collect()))
}

fn open_up(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("additionalProperties") == Some(&Value::Bool(false)) {
                members.remove("additionalProperties");
            }
            members.values_mut().for_each(open_up);
        }
        Value::Array(items) => items.iter_mut().for_each(open_up),
        _ => {}
    }
}

/// The members that OpenAI's types do not have, and that the documentation names.
fn without_extensions(value: &mut Value) {
    for choice in value["choices"].as_array_mut().into_iter().flatten() {
        for place in ["message", "delta"] {
            let Some(object) = choice.get_mut(place).and_then(Value::as_object_mut) else { continue };
            for extension in ["reasoning_content", "thinking_blocks", "extra_content", "images"] {
                object.remove(extension);
            }
            // In a stream OpenAI sends them too, and its types do not say so.
            if place == "delta" {
                object.remove("annotations");
            }
            for call in object.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
                call.as_object_mut().map(|call| call.remove("extra_content"));
            }
        }
    }
}
