//! Small readers of what providers send, written apart from the converters: what both see must be the same.
//!
//! Each takes the JSON values of one answer: one value, or those of a stream's events in their order.

use serde_json::Value;

pub mod anthropic;
pub mod bedrock;
pub mod cohere;
pub mod gemini;
pub mod openai;
pub mod responses;

/// What an answer says, in the words of OpenAI's chat API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// All text.
    pub text: String,
    /// All reasoning that is shown.
    pub thinking: String,
    /// Name and arguments of each call.
    pub calls: Vec<(String, Value)>,
    /// The finish reason; empty where the answer did not end.
    pub finish: String,
    /// Tokens of prompt, of answer, and of the prompt those that were cached.
    pub usage: Option<(u64, u64, Option<u64>)>,
}

/// A call whose arguments come in pieces.
#[derive(Default)]
pub struct Pieces {
    calls: Vec<(String, String)>,
}

impl Pieces {
    /// The call at `index`, which is new where there are just as many.
    pub fn at(&mut self, index: usize) -> &mut (String, String) {
        while self.calls.len() <= index {
            self.calls.push(Default::default());
        }
        &mut self.calls[index]
    }

    /// A new call.
    pub fn begin(&mut self, name: &str) -> usize {
        self.calls.push((name.to_owned(), String::new()));
        self.calls.len() - 1
    }

    /// The calls with their arguments read; none are an empty object.
    pub fn read(self) -> Vec<(String, Value)> {
        self.calls.into_iter().map(|(name, text)| (name, arguments(&text))).collect()
    }
}

/// Arguments as JSON: none are an empty object, and what is no JSON stays text.
pub fn arguments(text: &str) -> Value {
    match text.trim() {
        "" | "null" => Value::Object(Default::default()),
        text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    }
}

/// The text of a member, or nothing.
pub fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// A list, or nothing.
pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A count, which some write as a float.
pub fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().map(|count| count as u64))
}
