//! What a whole reply and a stream say in the same words: ids, reasons to stop, usage, sources.

use crate::{
    dialect::{ReplyContext, chat::json},
    ir::{Citation, Extra, Finish, Usage},
    signature::Carried,
};

/// What every id of a message begins with.
const ID: &str = "msg_";

/// Appends the members of a message before its content: `{"id":…,"type":"message","role":"assistant","model":…`.
///
/// A provider's id of another form is not kept: clients take the prefix for granted.
pub(super) fn head(id: Option<&str>, model: Option<&str>, context: &ReplyContext, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"id\":\"");
    match id.filter(|id| id.len() > ID.len() && id.starts_with(ID)) {
        Some(id) => json::escaped(id, out),
        None => {
            out.extend_from_slice(ID.as_bytes());
            json::escaped(&context.id, out);
        }
    }
    out.extend_from_slice(b"\",\"type\":\"message\",\"role\":\"assistant\",\"model\":");
    json::string(model.filter(|model| !model.is_empty()).unwrap_or(&context.model), out);
}

/// Appends `"stop_reason":…,"stop_sequence":…`, and `stop_details` where the answer was declined. `calls`: the answer
/// has calls, which then are why it stopped, whatever the provider says (OpenAI says `stop` of a call that was forced);
/// `declines`: it has text that declines.
pub(super) fn stop(finish: &Finish<'_>, calls: bool, declines: bool, out: &mut Vec<u8>) {
    let reason = match finish {
        Finish::Stop | Finish::ToolCalls if calls => "tool_use",
        Finish::Stop if declines => "refusal",
        // Clients answer every call of such a turn, and there is none.
        Finish::Stop | Finish::ToolCalls => "end_turn",
        Finish::StopSequence(_) => "stop_sequence",
        Finish::Length => "max_tokens",
        Finish::ContentFilter | Finish::Refusal => "refusal",
    };
    let sequence = if let Finish::StopSequence(sequence) = finish { sequence.as_deref() } else { None };
    out.extend_from_slice(b"\"stop_reason\":");
    json::string(reason, out);
    out.extend_from_slice(b",\"stop_sequence\":");
    json::string_or_null(sequence, out);
    if reason == "refusal" {
        // No other vendor tells of one of Anthropic's categories.
        out.extend_from_slice(
            b",\"stop_details\":{\"type\":\"refusal\",\"category\":null,\"explanation\":null}",
        );
    }
}

/// Appends the counts that a message and a stream's `message_delta` share, without the closing brace. Clients add them
/// up, so that what the provider did not report is 0; the part that went into reasoning is told where it is known.
pub(super) fn usage(usage: &Usage, out: &mut Vec<u8>) {
    let counts = [
        (&b"{\"input_tokens\":"[..], usage.input),
        (b",\"cache_creation_input_tokens\":", usage.cache_write),
        (b",\"cache_read_input_tokens\":", usage.cache_read),
        (b",\"output_tokens\":", usage.output),
    ];
    for (name, count) in counts {
        out.extend_from_slice(name);
        json::number(count.unwrap_or(0), out);
    }
    if let Some(thinking) = usage.reasoning {
        out.extend_from_slice(b",\"output_tokens_details\":{\"thinking_tokens\":");
        json::number(thinking, out);
        out.push(b'}');
    }
}

/// The rest of a message's usage: what no other vendor tells, and the SDK's types always have.
pub(super) const USAGE_REST: &[u8] =
    b",\"cache_creation\":null,\"server_tool_use\":null,\"service_tier\":null}";

/// Appends a source as `web_search_result_location`, the one kind with a link that stands for nothing in the request.
/// What it cites is not told (a [`Citation`]'s span is of the answer), and there is nothing to send back by it.
pub(super) fn source(citation: &Citation<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"web_search_result_location\",\"url\":");
    json::string(&citation.url, out);
    out.extend_from_slice(b",\"title\":");
    json::string_or_null(Some(&*citation.title).filter(|title| !title.is_empty()), out);
    out.extend_from_slice(b",\"cited_text\":\"\",\"encrypted_index\":\"\"}");
}

/// Appends a block of encrypted reasoning.
pub(super) fn redacted(data: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"redacted_thinking\",\"data\":");
    json::string(data, out);
    out.push(b'}');
}

/// Appends the members of a call before its input.
pub(super) fn call(id: &str, name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"tool_use\",\"id\":");
    json::string(id, out);
    out.extend_from_slice(b",\"name\":");
    json::string(name, out);
    out.extend_from_slice(b",\"input\":");
}

/// The data of the block that carries the signature of the answer's text, where `extra` is that. All else that only one
/// vendor tells has no place in Anthropic's types, and is left out.
pub(super) fn of_text(extra: &Extra<'_>) -> Option<String> {
    let is_signature = extra.vendor == "google" && extra.name == "thought_signature";
    let signature: String = is_signature.then(|| serde_json::from_str(&extra.json).ok()).flatten()?;
    Some(Carried::OfText(&signature).data())
}
