//! What the mock says, whoever asks.

use serde_json::{Map, Value, json};

/// The most that is repeated of what the user said, in characters.
const ECHO: usize = 200;

/// How deep an example of a schema goes.
const DEPTH: usize = 8;

/// An answer, before it has a provider's form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// Words.
    Text(String),
    /// A call of a tool: its name, and arguments that fit its schema.
    Call(String, Value),
}

impl Answer {
    /// Tokens, roughly.
    pub(crate) fn tokens(&self) -> usize {
        match self {
            Answer::Text(text) => text.split_whitespace().count(),
            Answer::Call(name, arguments) => (name.len() + arguments.to_string().len()).div_ceil(4),
        }
    }
}

/// What a request asked, in neither provider's form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Question<'a> {
    /// The model.
    pub(crate) model: &'a str,
    /// What the user said last.
    pub(crate) said: String,
    /// The first tool: its name and the schema of its arguments.
    pub(crate) tool: Option<(&'a str, &'a Value)>,
    /// A tool must be called.
    pub(crate) forced: bool,
    /// The schema that the answer must fit.
    pub(crate) schema: Option<&'a Value>,
}

/// Answers. A tool is called when it must be, or when the user says "call".
pub(crate) fn answer(question: &Question<'_>, who: &str) -> Answer {
    let wanted = question.forced || question.said.to_lowercase().contains("call");
    if let (Some((name, schema)), true) = (question.tool, wanted) {
        return Answer::Call(name.to_owned(), example(schema, DEPTH));
    }
    if let Some(schema) = question.schema {
        return Answer::Text(example(schema, DEPTH).to_string());
    }
    let said: String = question.said.chars().take(ECHO).collect();
    let heard = if said.is_empty() { String::new() } else { format!(" You said: {said}") };
    Answer::Text(format!("Hello from the mock of {who}, as {}.{heard}", question.model))
}

/// The words of a text, each with the space after it, so that together they are the text.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}

/// A value that fits a JSON Schema of the plain kind.
fn example(schema: &Value, depth: usize) -> Value {
    if let Some(first) = schema.get("enum").and_then(|values| values.get(0)).or_else(|| schema.get("const")) {
        return first.clone();
    }
    if let Some(option) = schema.get("anyOf").and_then(|options| options.get(0)) {
        return if depth == 0 { Value::Null } else { example(option, depth - 1) };
    }
    let kind = schema.get("type");
    match kind.and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str())) {
        Some("string") => json!("mock"),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("null") => Value::Null,
        Some("array") => array(schema, depth),
        _ => object(schema, depth),
    }
}

fn array(schema: &Value, depth: usize) -> Value {
    match schema.get("items") {
        Some(items) if depth > 0 => json!([example(items, depth - 1)]),
        _ => json!([]),
    }
}

fn object(schema: &Value, depth: usize) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object).filter(|_| depth > 0);
    let examples =
        properties.into_iter().flatten().map(|(name, schema)| (name.clone(), example(schema, depth - 1)));
    Value::Object(examples.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_called_when_asked_for_or_forced() {
        let schema = json!({"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"},
            "unit": {"enum": ["C", "F"]}, "tags": {"type": "array", "items": {"type": "string"}}}});
        let mut question =
            Question { said: "hello".into(), tool: Some(("weather", &schema)), ..Question::default() };
        assert!(matches!(answer(&question, "x"), Answer::Text(_)));
        question.forced = true;
        let arguments = json!({"city": "mock", "days": 1, "unit": "C", "tags": ["mock"]});
        assert_eq!(answer(&question, "x"), Answer::Call("weather".into(), arguments.clone()));
        question.forced = false;
        question.said = "Please CALL it".into();
        assert_eq!(answer(&question, "x"), Answer::Call("weather".into(), arguments));
    }

    #[test]
    fn an_endless_schema_ends() {
        let mut schema = json!({"type": "string"});
        for _ in 0..50 {
            schema = json!({"type": "object", "properties": {"deeper": schema}});
        }
        assert!(example(&schema, DEPTH).to_string().len() < 200);
    }

    #[test]
    fn words_make_the_text_again() {
        let text = "a  b c\n d ";
        assert_eq!(words(text).collect::<String>(), text);
    }
}
