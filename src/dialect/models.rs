//! `GET /v1/models` and `GET /v1/models/{id}`, in OpenAI's form and in Anthropic's; and what the gateway says of itself.
//!
//! Sources: OpenAI API reference, "Models": `{"object":"list","data":[{"id","object","created","owned_by"}]}`. Anthropic API
//! reference, "Models", and the SDK's `ModelInfo` (anthropic 2.12.0). All models are in one page: clients that ask for a
//! page get all, and are told that there is no more.

use super::{
    Dialect,
    chat::json::{number, string},
};
use crate::{
    config::plugin::{Card, Plugin},
    ir::{ApiError, ErrorKind},
};

/// What `GET /` answers.
pub const HOME: &[u8] = concat!(
    r#"{"name":"switchyard","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#"","status":"ok","endpoints":["POST /v1/chat/completions","POST /v1/completions","POST /v1/messages","#,
    r#""POST /v1/messages/count_tokens","POST /v1/responses","POST /v1/responses/input_tokens","#,
    r#""POST /v1/embeddings","POST /v1/rerank","POST /v1/moderations","POST /v1/images/generations","#,
    r#""POST /v1/images/edits","POST /v1/images/variations","POST /v1/audio/speech","POST /v1/audio/transcriptions","#,
    r#""POST /v1/audio/translations","GET /v1/realtime","GET /v1/models","GET /v1/models/{id}","GET /health"]}"#
)
.as_bytes();

/// What `GET /health` answers: the filter runs and has its configuration. Of providers it says nothing, so that a
/// provider that is down does not make a load balancer take the gateway away.
pub const HEALTH: &[u8] =
    concat!(r#"{"status":"ok","version":""#, env!("CARGO_PKG_VERSION"), r#""}"#).as_bytes();

/// Writes the list of the models that `allows` lets through. `codex`: with the member that Codex's own list has, which it
/// cannot do without and which may be empty.
pub fn list(plugin: &Plugin, dialect: Dialect, codex: bool, allows: impl Fn(&str) -> bool) -> Vec<u8> {
    let mut listed: Vec<&Card> = Vec::new();
    for card in plugin.models.iter().flat_map(|model| &model.cards) {
        if allows(&card.id) && !listed.iter().any(|before| before.id == card.id) {
            listed.push(card);
        }
    }
    let mut out = Vec::with_capacity(64 + 400 * listed.len());
    out.extend_from_slice(if dialect == Dialect::Messages {
        &b"{\"data\":["[..]
    } else {
        b"{\"object\":\"list\",\"data\":["
    });
    for (index, card) in listed.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(card, dialect, &mut out);
    }
    out.push(b']');
    if dialect == Dialect::Messages {
        let ends = [(&b",\"first_id\":"[..], listed.first()), (b",\"last_id\":", listed.last())];
        for (name, card) in ends {
            out.extend_from_slice(name);
            super::chat::json::string_or_null(card.map(|card| card.id.as_str()), &mut out);
        }
        out.extend_from_slice(b",\"has_more\":false");
    } else if codex {
        out.extend_from_slice(b",\"models\":[]");
    }
    out.push(b'}');
    out
}

/// Writes one model.
///
/// # Errors
///
/// [`ErrorKind::NotFound`] where `index` is `None`: the name stands for no model.
pub fn one(plugin: &Plugin, dialect: Dialect, id: &str, index: Option<usize>) -> Result<Vec<u8>, ApiError> {
    let model = index.and_then(|index| plugin.models.get(index)).ok_or_else(|| {
        let message = format!("The model `{id}` is not configured in this gateway.");
        ApiError::new(ErrorKind::NotFound, message).with_code("model_not_found").with_param("model")
    })?;
    let provider = model.targets.first().and_then(|target| plugin.providers.get(target.provider));
    let unlisted = || Card {
        id: id.to_owned(),
        owner: provider.map(|provider| provider.name.clone()).unwrap_or_default(),
        ..Card::default()
    };
    let mut out = Vec::with_capacity(512);
    match model.cards.iter().find(|card| card.id == id) {
        Some(card) => write(card, dialect, &mut out),
        // A pattern matches names that no one knows.
        None => write(&unlisted(), dialect, &mut out),
    }
    Ok(out)
}

fn write(card: &Card, dialect: Dialect, out: &mut Vec<u8>) {
    if dialect == Dialect::Messages {
        out.extend_from_slice(b"{\"type\":\"model\",\"id\":");
        string(&card.id, out);
        out.extend_from_slice(b",\"display_name\":");
        string(&card.id, out);
        // The gateway knows no date, and Anthropic's clients require one: this is what Anthropic says where it is unknown.
        out.extend_from_slice(b",\"created_at\":\"1970-01-01T00:00:00Z\",\"lifecycle\":\"active\"");
        member(b",\"max_input_tokens\":", card.context, out);
        member(b",\"max_tokens\":", card.max_output, out);
    } else {
        out.extend_from_slice(b"{\"id\":");
        string(&card.id, out);
        // OpenAI's clients require a time.
        out.extend_from_slice(b",\"object\":\"model\",\"created\":0,\"owned_by\":");
        string(&card.owner, out);
        member(b",\"context_length\":", card.context, out);
        member(b",\"max_output_tokens\":", card.max_output, out);
    }
    if !card.more.is_empty() {
        out.push(b',');
        out.extend_from_slice(card.more.as_bytes());
    }
    out.push(b'}');
}

fn member(name: &[u8], value: Option<u64>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        out.extend_from_slice(name);
        number(value, out);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn plugin() -> Plugin {
        let card = |id: &str, more: &str| json!({"id": id, "owner": "p", "context": 9, "max_output": 3, "more": more});
        let models = json!([
            {"name": "a", "targets": [{"provider": 0}], "cards": [card("a", r#""mode":"chat""#)]},
            {"name": "b*", "targets": [{"provider": 0}], "cards": [card("b1", ""), card("a", "")]},
        ]);
        let provider =
            json!({"name": "p", "format": "openai", "authority": "a", "scheme": "http", "path": "/"});
        let plugin = json!({"version": crate::config::plugin::VERSION, "role": "gateway",
            "request_bytes": 1, "reply_bytes": 1, "models": models, "providers": [provider]});
        crate::config::plugin::read(plugin.to_string().as_bytes()).unwrap()
    }

    fn read(bytes: Vec<u8>) -> Value {
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn each_dialect_has_its_list() {
        let plugin = plugin();
        let a = json!({"id": "a", "object": "model", "created": 0, "owned_by": "p", "context_length": 9,
            "max_output_tokens": 3, "mode": "chat"});
        let openai = read(list(&plugin, Dialect::Chat, false, |id| id == "a"));
        assert_eq!(openai, json!({"object": "list", "data": [a]}));
        let codex = read(list(&plugin, Dialect::Chat, true, |_| true));
        assert_eq!((&codex["models"], codex["data"].as_array().unwrap().len()), (&json!([]), 2));
        let anthropic = read(list(&plugin, Dialect::Messages, false, |_| true));
        assert_eq!(anthropic["data"][1]["type"], "model");
        assert_eq!(anthropic["data"][1]["max_input_tokens"], 9);
        assert_eq!(
            (&anthropic["first_id"], &anthropic["last_id"], &anthropic["has_more"]),
            (&json!("a"), &json!("b1"), &json!(false))
        );
        let none = read(list(&plugin, Dialect::Messages, false, |_| false));
        assert_eq!(none, json!({"data": [], "first_id": null, "last_id": null, "has_more": false}));
    }

    #[test]
    fn a_name_that_only_a_pattern_knows_is_a_model_too() {
        let plugin = plugin();
        let one = |id, index| one(&plugin, Dialect::Chat, id, index).map(read);
        assert_eq!(one("b1", Some(1)).unwrap()["context_length"], 9);
        let unlisted = json!({"id": "b2", "object": "model", "created": 0, "owned_by": "p"});
        assert_eq!(one("b2", Some(1)).unwrap(), unlisted);
        assert_eq!(one("c", None).unwrap_err().kind, ErrorKind::NotFound);
    }

    #[test]
    fn what_the_gateway_says_of_itself_is_json() {
        for text in [HOME, HEALTH] {
            assert_eq!(read(text.to_vec())["status"], "ok");
        }
    }
}
