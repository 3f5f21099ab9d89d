//! YAML text to values that know their lines.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use super::finding::Findings;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// What it is.
    pub value: Value,
}

/// A value of YAML's core schema.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing, or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in the order of the file.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The line of the key.
    pub line: usize,
    /// Its value.
    pub value: Node,
}

impl Value {
    /// What it is, for a message.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "keys and values",
        }
    }
}

/// Reads the one document of a text; `None` after a mistake that leaves nothing to look at.
pub fn load(text: &str, findings: &mut Findings) -> Option<Node> {
    let documents = match MarkedYaml::load_from_str(text) {
        Ok(documents) => documents,
        Err(error) => {
            findings.locate("", error.marker().line());
            findings.mistake("", format!("this is not YAML: {}", error.info()));
            return None;
        }
    };
    let mut documents = documents.into_iter();
    let Some(document) = documents.next() else {
        findings.mistake("", "the file is empty: it needs providers and models");
        return None;
    };
    if let Some(second) = documents.next() {
        findings.locate("", second.span.start.line());
        findings.mistake("", "a second document begins here: the file must hold one");
        return None;
    }
    Some(convert(document, findings))
}

fn convert(node: MarkedYaml<'_>, findings: &mut Findings) -> Node {
    let line = node.span.start.line();
    let value = match node.data {
        YamlData::Value(scalar) => scalar_value(scalar),
        YamlData::Sequence(items) => {
            Value::List(items.into_iter().map(|item| convert(item, findings)).collect())
        }
        YamlData::Mapping(entries) => {
            Value::Map(entries.into_iter().filter_map(|(key, value)| entry(key, value, findings)).collect())
        }
        YamlData::Tagged(_, inner) => convert(*inner, findings).value,
        YamlData::Representation(text, ..) => Value::Text(text.into_owned()),
        YamlData::Alias(_) | YamlData::BadValue => {
            findings.locate("", line);
            findings.mistake("", "this value cannot be read");
            Value::Null
        }
    };
    Node { line, value }
}

fn entry(key: MarkedYaml<'_>, value: MarkedYaml<'_>, findings: &mut Findings) -> Option<Entry> {
    let line = key.span.start.line();
    if let YamlData::Value(Scalar::String(key)) = key.data {
        return Some(Entry { key: key.into_owned(), line, value: convert(value, findings) });
    }
    findings.locate("", line);
    findings.mistake("", "a key must be text");
    None
}

fn scalar_value(scalar: Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => Value::Bool(value),
        Scalar::Integer(value) => Value::Integer(value),
        Scalar::FloatingPoint(value) => Value::Float(value.into_inner()),
        Scalar::String(text) => Value::Text(text.into_owned()),
    }
}
