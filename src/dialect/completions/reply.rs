//! A reply in the form of a `text_completion`.

use crate::{
    dialect::{
        ReplyContext,
        chat::{json, words},
    },
    ir::{Reply, ReplyPart},
};

/// What every object of an answer is called.
pub(super) const OBJECT: &str = "text_completion";

/// Appends `reply` to `out` as one JSON object. Reasoning has no place in it, and is left out.
pub fn write(reply: &Reply<'_>, context: &ReplyContext, out: &mut Vec<u8>) {
    let (id, model) = (reply.id.as_deref(), reply.model.as_deref());
    words::head(OBJECT, id, reply.created, model, context, out);
    out.extend_from_slice(b",\"choices\":[{\"text\":\"");
    for part in &reply.parts {
        if let ReplyPart::Text(text) | ReplyPart::Refusal(text) = part {
            json::escaped(text, out);
        }
    }
    out.push(b'"');
    finish(Some(words::finish_reason(&reply.finish)), out);
    if let Some(usage) = &reply.usage {
        out.extend_from_slice(b",\"usage\":");
        words::usage(usage, out);
    }
    out.push(b'}');
}

/// Appends the rest of the one choice: OpenAI's words are those of chats without calls.
pub(super) fn finish(finish: Option<&str>, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"index\":0,\"logprobs\":null,\"finish_reason\":");
    json::string_or_null(finish, out);
    out.extend_from_slice(b"}]");
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ir::{Finish, Usage};

    #[test]
    fn texts_are_one_text() {
        let parts = vec![
            ReplyPart::Thinking { text: "hm".into(), signature: None },
            ReplyPart::Text("a\n".into()),
            ReplyPart::Text("b".into()),
        ];
        let usage = Some(Usage { input: Some(3), output: Some(2), ..Usage::default() });
        let reply = Reply { id: None, model: None, created: None, parts, finish: Finish::Length, usage };
        let context =
            ReplyContext { id: "x".into(), created: 7, model: "m".into(), ..ReplyContext::default() };
        let mut out = Vec::new();
        write(&reply, &context, &mut out);
        assert_eq!(
            serde_json::from_slice::<Value>(&out).unwrap(),
            json!({"id": "cmpl-x", "object": "text_completion", "created": 7, "model": "m",
                "choices": [{"text": "a\nb", "index": 0, "logprobs": null, "finish_reason": "length"}],
                "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})
        );
    }
}
