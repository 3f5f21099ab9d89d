//! The JSON Schema of the filter's configuration, by which Kong checks it.
//!
//! Draft 4, as Kong has it (`kong/db/schema/json.lua`), without references: what is used twice is written twice. The tests
//! hold it to the types of [`switchyard::config::plugin`] in both directions.

use serde_json::{Map, Value, json};
use switchyard::{config::plugin::VERSION, provider::Format};

/// `switchyard.meta.json`. Kong 3.4 does not read it.
///
/// # Errors
/// It cannot be written as JSON.
pub(super) fn meta() -> Result<String, String> {
    let meta = json!({"config_schema": config()});
    serde_json::to_string_pretty(&meta).map(|text| text + "\n").map_err(|error| error.to_string())
}

/// The schema of the whole document.
pub(super) fn config() -> Value {
    let mut schema = closed(
        &[
            "version",
            "role",
            "request_bytes",
            "reply_bytes",
            "attempts",
            "cooling_ms",
            "buffered_bytes",
            "entry",
            "providers",
            "models",
        ],
        [
            ("version", json!({"enum": [VERSION]})),
            ("role", json!({"enum": ["standalone", "front"]})),
            ("request_bytes", whole()),
            ("reply_bytes", whole()),
            ("attempts", whole()),
            ("cooling_ms", whole()),
            ("list_attempts", flag()),
            ("buffered_bytes", whole()),
            ("entry", entry()),
            ("files", whole()),
            ("providers", some_of(provider())),
            ("models", some_of(model())),
            ("keys", some_of(key())),
        ],
    );
    schema.insert("$schema".to_owned(), "http://json-schema.org/draft-04/schema#".into());
    schema.insert(
        "title".to_owned(),
        "Configuration of the filter Switchyard, by `switchyard render kong`".into(),
    );
    schema.into()
}

fn entry() -> Value {
    let front = object(
        &["call", "prefix", "reply_ms"],
        [("call", text()), ("prefix", text()), ("reply_ms", whole())],
    );
    object(
        &["headers"],
        [
            ("headers", json!({"enum": ["nginx"]})),
            ("authorities", some_of(text())),
            ("prefix", text()),
            ("front", front),
        ],
    )
}

fn provider() -> Value {
    let formats: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
    object(
        &["name", "format", "authority", "scheme", "path"],
        [
            ("name", name()),
            ("format", json!({"enum": formats})),
            ("authority", name()),
            ("scheme", json!({"enum": ["http", "https"]})),
            ("path", name()),
            ("stream_path", text()),
            ("embeddings_path", text()),
            ("rerank_path", text()),
            ("count_path", text()),
            ("auth_header", text()),
            ("auth_prefix", text()),
            ("secret", secret()),
            ("headers", some_of(tuple([text(), text()]))),
            ("quirks", quirks()),
            ("facts", some_of(tuple([text(), facts()]))),
        ],
    )
}

/// What Kong can have: the others are Envoy's.
fn secret() -> Value {
    json!({"oneOf": [object(&["env"], [("env", name())]), object(&["value"], [("value", name())])]})
}

fn quirks() -> Value {
    object(
        &[],
        [
            ("refuses", some_of(text())),
            ("takes", some_of(text())),
            ("known_only", flag()),
            ("clamp", some_of(tuple([text(), number(), number()]))),
            ("values", some_of(tuple([text(), text(), text()]))),
            ("developer_as_system", flag()),
            ("flat_content", flag()),
            ("fixed", some_of(tuple([text(), json!({})]))),
            ("rename", some_of(tuple([text(), text()]))),
        ],
    )
}

fn facts() -> Value {
    object(
        &[],
        [
            ("max_output", whole()),
            ("context", whole()),
            ("thinking", json!({"enum": ["budget", "adaptive", "level"]})),
            ("thinking_off", json!({"enum": ["between_tools", "never"]})),
            ("xhigh_effort", flag()),
            ("minimal_effort", flag()),
            ("thinking_budget", tuple([whole(), whole()])),
            ("no_sampling", flag()),
            ("no_forced_tool", flag()),
            ("no_reasoning", flag()),
            ("json_schema", flag()),
            ("system_anywhere", flag()),
            ("input_price", number()),
            ("output_price", number()),
            ("cache_read_price", number()),
            ("cache_write_price", number()),
        ],
    )
}

fn model() -> Value {
    let target = object(&["provider"], [("provider", whole()), ("model", text())]);
    let elsewhere = object(
        &["context_length", "content_policy"],
        [("context_length", flag()), ("content_policy", flag())],
    );
    object(
        &["name", "targets"],
        [
            ("name", name()),
            ("targets", some_of(target)),
            ("elsewhere", elsewhere),
            ("cards", some_of(card())),
        ],
    )
}

fn card() -> Value {
    object(
        &["id", "owner"],
        [("id", text()), ("owner", text()), ("context", whole()), ("max_output", whole()), ("more", text())],
    )
}

fn key() -> Value {
    let sum = json!({"type": "string", "minLength": 64, "maxLength": 64});
    object(&["name", "sha256"], [("name", name()), ("sha256", sum), ("models", some_of(text()))])
}

/// A closed object.
fn object<const N: usize>(required: &[&str], members: [(&str, Value); N]) -> Value {
    closed(required, members).into()
}

fn closed<const N: usize>(required: &[&str], members: [(&str, Value); N]) -> Map<String, Value> {
    let members: Map<String, Value> =
        members.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let all =
        [("type", "object".into()), ("additionalProperties", false.into()), ("properties", members.into())];
    // Draft 4 has no empty list of what is required (5.4.3).
    let required = (!required.is_empty()).then(|| ("required", required.into()));
    all.into_iter().chain(required).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A list that is not empty: an empty one would be an object after Kong has read it.
fn some_of(item: Value) -> Value {
    json!({"type": "array", "minItems": 1, "items": item})
}

/// A list of these, in this order.
fn tuple<const N: usize>(items: [Value; N]) -> Value {
    json!({"type": "array", "minItems": N, "additionalItems": false, "items": Vec::from(items)})
}

fn text() -> Value {
    json!({"type": "string"})
}

/// Text that is not empty.
fn name() -> Value {
    json!({"type": "string", "minLength": 1})
}

fn whole() -> Value {
    json!({"type": "integer", "minimum": 0})
}

fn number() -> Value {
    json!({"type": "number"})
}

fn flag() -> Value {
    json!({"type": "boolean"})
}
