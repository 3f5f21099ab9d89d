//! Keys and types, held against the JSON Schema of the file.
//!
//! Only what the schemas of [`types`](super::types) use is understood: references, objects, maps, lists, text,
//! numbers, booleans, enumerations, and "or null" for what may be left out.

use serde_json::{Map, Value as Json};

use super::{
    finding::Findings,
    nearest,
    yaml::{Entry, Node, Value},
};

/// Holds a document against the schema and makes JSON of it.
///
/// The result always fits the schema: a wrong value that may be left out is left out, another is replaced by an
/// empty one, so that the rest of the file can be checked too. Each such place is told as a mistake.
pub fn check(document: &Node, schema: &Json, findings: &mut Findings) -> Json {
    findings.locate("", document.line);
    let walk = Walk { root: schema, findings };
    let mut walk = walk;
    walk.value(document, schema, "").unwrap_or_else(|| empty(schema, schema))
}

struct Walk<'a> {
    root: &'a Json,
    findings: &'a mut Findings,
}

impl<'a> Walk<'a> {
    /// `None`: there is nothing usable here, and a mistake says so (or it is an explicit null).
    fn value(&mut self, node: &Node, schema: &'a Json, path: &str) -> Option<Json> {
        let schema = resolve(self.root, schema);
        if *schema == Json::Bool(true) {
            return Some(any(node));
        }
        if let Some(words) = words(schema) {
            return self.word(node, &words, path);
        }
        match (kind(schema), &node.value) {
            (_, Value::Null) => None,
            ("object", Value::Map(entries)) => Some(self.object(entries, schema, path)),
            ("array", Value::List(items)) => self.list(items, schema, path),
            ("string", Value::Text(text)) => self.text(text, schema, path),
            ("boolean", Value::Bool(value)) => Some(Json::Bool(*value)),
            ("integer", Value::Integer(number)) => self.integer(*number, schema, path),
            ("number", Value::Integer(number)) => Some(Json::from(*number)),
            ("number", Value::Float(number)) => Some(Json::from(*number)),
            (expected, found) => self.wrong_type(expected, found, path),
        }
    }

    fn object(&mut self, entries: &[Entry], schema: &'a Json, path: &str) -> Json {
        let mut object = Map::new();
        for entry in entries {
            let path = join(path, &entry.key);
            self.findings.locate(&path, entry.line);
            let Some(of_key) = self.schema_of_key(entry, schema, &path) else { continue };
            if let Some(value) = self.value(&entry.value, of_key, &path) {
                object.insert(entry.key.clone(), value);
            }
        }
        for key in strings(schema, "required") {
            if !object.contains_key(key) {
                self.findings.mistake(&join(path, key), "is missing");
                let of_key = property(schema, key).map_or(Json::Null, |of_key| empty(self.root, of_key));
                object.insert(key.to_owned(), of_key);
            }
        }
        Json::Object(object)
    }

    fn schema_of_key(&mut self, entry: &Entry, schema: &'a Json, path: &str) -> Option<&'a Json> {
        if let Some(of_key) = property(schema, &entry.key) {
            return Some(of_key);
        }
        match schema.get("additionalProperties") {
            Some(of_any @ (Json::Object(_) | Json::Bool(true))) => Some(of_any),
            _ => {
                let known = schema.get("properties").and_then(Json::as_object);
                let known = known.into_iter().flat_map(|known| known.keys().map(String::as_str));
                self.findings.mistake(path, format!("unknown key{}", nearest::hint(&entry.key, known)));
                None
            }
        }
    }

    fn list(&mut self, items: &[Node], schema: &'a Json, path: &str) -> Option<Json> {
        let least = schema.get("minItems").and_then(Json::as_u64).unwrap_or(0);
        if (items.len() as u64) < least {
            self.findings.mistake(path, format!("needs at least {least}"));
        }
        let of_item = schema.get("items")?;
        let mut list = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            self.findings.locate(&path, item.line);
            if matches!(item.value, Value::Null) {
                self.findings.mistake(&path, "is empty");
            }
            let value = self.value(item, of_item, &path);
            list.push(value.unwrap_or_else(|| empty(self.root, of_item)));
        }
        Some(Json::Array(list))
    }

    fn text(&mut self, text: &str, schema: &Json, path: &str) -> Option<Json> {
        // The one pattern of the schema is that of durations, whose own reader tells best what is wrong.
        if schema.get("pattern").is_some()
            && let Err(mistake) = text.parse::<super::duration::Duration>()
        {
            self.findings.mistake(path, mistake);
            return None;
        }
        Some(Json::from(text))
    }

    fn integer(&mut self, number: i64, schema: &Json, path: &str) -> Option<Json> {
        let least = schema.get("minimum").and_then(Json::as_i64).unwrap_or(i64::MIN);
        let most = schema.get("maximum").and_then(Json::as_i64).unwrap_or(i64::MAX);
        if (least..=most).contains(&number) {
            return Some(Json::from(number));
        }
        let most = if most == i64::MAX { "more".to_owned() } else { most.to_string() };
        self.findings.mistake(path, format!("{number} is out of range: from {least} to {most}"));
        None
    }

    fn word(&mut self, node: &Node, words: &[&str], path: &str) -> Option<Json> {
        match &node.value {
            Value::Null => None,
            Value::Text(text) if words.contains(&text.as_str()) => Some(Json::from(text.as_str())),
            Value::Text(text) => {
                let hint = nearest::hint(text, words.iter().copied());
                self.findings.mistake(path, format!("{text:?} is none of {}{hint}", words.join(", ")));
                None
            }
            found => self.wrong_type("string", found, path),
        }
    }

    fn wrong_type(&mut self, expected: &str, found: &Value, path: &str) -> Option<Json> {
        let expected = match expected {
            "object" => "keys and values",
            "array" => "a list",
            "string" => "text",
            "boolean" => "true or false",
            "integer" => "a whole number",
            _ => "a number",
        };
        let quote = match (expected, found) {
            ("text", Value::Integer(_) | Value::Float(_) | Value::Bool(_)) => "; put it in quotes",
            _ => "",
        };
        self.findings.mistake(path, format!("must be {expected}, and is {}{quote}", found.kind()));
        None
    }
}

/// A value of which the schema says nothing.
fn any(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_str()),
        Value::List(items) => items.iter().map(any).collect(),
        Value::Map(entries) => entries.iter().map(|entry| (entry.key.clone(), any(&entry.value))).collect(),
    }
}

/// Follows references, and looks through "or null".
fn resolve<'a>(root: &'a Json, schema: &'a Json) -> &'a Json {
    if let Some(name) = schema.get("$ref").and_then(Json::as_str) {
        let target = name.strip_prefix("#/$defs/").and_then(|name| root.get("$defs")?.get(name));
        return target.map_or(schema, |target| resolve(root, target));
    }
    let options = schema.get("anyOf").and_then(Json::as_array);
    let solid = options.and_then(|options| options.iter().find(|option| kind(option) != "null"));
    solid.map_or(schema, |option| resolve(root, option))
}

/// The type of a schema; of a type "or null", the other one.
fn kind(schema: &Json) -> &str {
    match schema.get("type") {
        Some(Json::String(kind)) => kind,
        Some(Json::Array(kinds)) => {
            kinds.iter().filter_map(Json::as_str).find(|kind| *kind != "null").unwrap_or("")
        }
        _ => "",
    }
}

/// The words of an enumeration.
fn words(schema: &Json) -> Option<Vec<&str>> {
    if schema.get("enum").is_some() {
        return Some(strings(schema, "enum").collect());
    }
    let options = schema.get("oneOf")?.as_array()?;
    Some(options.iter().filter_map(|option| option.get("const")?.as_str()).collect())
}

fn strings<'a>(schema: &'a Json, key: &str) -> impl Iterator<Item = &'a str> {
    schema.get(key).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

fn property<'a>(schema: &'a Json, key: &str) -> Option<&'a Json> {
    schema.get("properties")?.get(key)
}

/// The emptiest value that fits a schema.
fn empty(root: &Json, schema: &Json) -> Json {
    let schema = resolve(root, schema);
    match kind(schema) {
        "object" => {
            let required = strings(schema, "required")
                .filter_map(|key| Some((key.to_owned(), empty(root, property(schema, key)?))));
            Json::Object(required.collect())
        }
        "array" => Json::Array(Vec::new()),
        "string" => Json::from(""),
        _ => Json::Null,
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
