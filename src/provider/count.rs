//! The count of a prompt's tokens, as providers are asked for it: with what a request for the answer would be, in an
//! envelope, and without what no prompt is made of.
//!
//! Source: API references: Anthropic "Count tokens in a Message" (`MessageCountTokensParams`); Google `countTokens` of the
//! Gemini API and of Vertex AI, and "Count tokens for Claude models"; AWS "CountTokens"; OpenAI "Get input token counts".

use super::{
    Format, Upstream,
    json::{self, Object, count, pick_bytes},
};
use crate::base64;

#[cfg(test)]
mod tests;

/// What only makes a message: the count's endpoint refuses it.
const OF_MESSAGES: &[&str] = &[
    "max_tokens",
    "stream",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "metadata",
    "service_tier",
    "container",
    "inference_geo",
    "diagnostics",
];

/// What OpenAI's endpoint takes.
const OF_RESPONSES: &[&str] = &[
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
    "truncation",
    "conversation",
    "previous_response_id",
];

/// What Vertex AI's endpoint takes.
const OF_VERTEX: &[&str] = &["contents", "systemInstruction", "tools", "generationConfig"];

/// What Bedrock's takes of a `Converse` request.
const OF_CONVERSE: &[&str] = &["messages", "system", "toolConfig", "additionalModelRequestFields"];

/// The tokens that an answer may have, of which Bedrock wants to be told although there will be none.
const ANSWER: u64 = 1024;

/// Appends to `out` the request for the count of what `request`, which asks a provider of this format for an answer,
/// holds; false, with `out` as it was, where it is that already. A provider of OpenAI's chat is asked with a request of
/// Responses.
pub fn write(format: Format, request: &[u8], upstream: &Upstream<'_>, out: &mut Vec<u8>) -> bool {
    let text = std::str::from_utf8(request).unwrap_or_default();
    match format {
        Format::Anthropic => return messages(text, out),
        Format::VertexAnthropic => vertex_messages(text, upstream.model, out),
        Format::BedrockAnthropic => invoke(text, out),
        Format::Bedrock => {
            out.extend_from_slice(b"{\"input\":{\"converse\":");
            kept(text, &|name| OF_CONVERSE.contains(&name), out);
            out.extend_from_slice(b"}}");
        }
        Format::Gemini => gemini(text, upstream.model, out),
        Format::Vertex => kept(text, &|name| OF_VERTEX.contains(&name), out),
        Format::Openai | Format::Responses => kept(text, &|name| OF_RESPONSES.contains(&name), out),
        // They count nothing.
        Format::Cohere | Format::Mistral => return false,
    }
    true
}

/// The count that a provider's reply tells; `None` where it is none.
pub fn read(format: Format, reply: &[u8]) -> Option<u64> {
    let name = match format {
        Format::Gemini | Format::Vertex => "totalTokens",
        Format::Bedrock | Format::BedrockAnthropic => "inputTokens",
        _ => "input_tokens",
    };
    let [tokens] = pick_bytes(reply, [name])?;
    count(tokens)
}

/// Appends the members that are to be kept.
fn kept(request: &str, keep: &dyn Fn(&str) -> bool, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    members(request, keep, &mut object);
    object.end();
}

fn members(request: &str, keep: &dyn Fn(&str) -> bool, object: &mut Object<'_>) {
    json::each_member(request, &mut |name, raw| {
        if keep(name) {
            object.any_key(name).extend_from_slice(raw.get().as_bytes());
        }
    });
}

fn messages(request: &str, out: &mut Vec<u8>) -> bool {
    let mut refused = false;
    json::each_member(request, &mut |name, _| refused |= OF_MESSAGES.contains(&name));
    if refused {
        kept(request, &|name| !OF_MESSAGES.contains(&name), out);
    }
    refused
}

/// There the path names no model, and an alias of a version is none of a model.
fn vertex_messages(request: &str, model: &str, out: &mut Vec<u8>) {
    let plain = ["@default", "@latest"].iter().find_map(|alias| model.strip_suffix(alias));
    let mut object = Object::begin(out);
    object.text("model", plain.unwrap_or(model));
    members(request, &|name| name != "model" && !OF_MESSAGES.contains(&name), &mut object);
    object.end();
}

/// The body of `InvokeModel` in base64, which has to be one that could be answered.
fn invoke(request: &str, out: &mut Vec<u8>) {
    let names = ["max_tokens", "thinking"];
    let [most, thinking] = json::pick(request, names).unwrap_or_default();
    let mut body = Vec::with_capacity(request.len() + 32);
    let mut object = Object::begin(&mut body);
    members(request, &|name| !matches!(name, "max_tokens" | "stream"), &mut object);
    let [budget] = json::pick_in(thinking, ["budget_tokens"]).unwrap_or_default();
    let least = count(budget).unwrap_or(0).saturating_add(ANSWER);
    json::value(object.key("max_tokens"), &count(most).unwrap_or(least));
    object.end();
    out.extend_from_slice(b"{\"input\":{\"invokeModel\":{\"body\":\"");
    base64::encode(body, out);
    out.extend_from_slice(b"\"}}}");
}

/// The whole request as one member, which has to name the model that the path names.
fn gemini(request: &str, model: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"generateContentRequest\":");
    let mut object = Object::begin(out);
    object.text("model", &["models/", model].concat());
    members(request, &|name| name != "model", &mut object);
    object.end();
    out.push(b'}');
}
