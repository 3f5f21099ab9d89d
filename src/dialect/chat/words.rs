//! What a whole reply and a stream say in the same words: finish reasons, usage, ids, reasoning.

use super::json;
use crate::{
    dialect::ReplyContext,
    ir::{Citation, Extra, Finish, Usage},
};

/// OpenAI's word for why the model stopped. There is none for which stop sequence was met, nor for a model that
/// declined of itself, which clients are best told of as filtered.
pub(in crate::dialect) fn finish_reason(finish: &Finish<'_>) -> &'static str {
    match finish {
        Finish::Stop | Finish::StopSequence(_) => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::ContentFilter | Finish::Refusal => "content_filter",
    }
}

/// Appends the members that every object of one answer shares: `{"id":…,"object":…,"created":…,"model":…`.
///
/// The provider's own id is kept, so that a user's report can be found in the provider's logs.
pub(in crate::dialect) fn head(
    object: &str,
    id: Option<&str>,
    created: Option<u64>,
    model: Option<&str>,
    context: &ReplyContext,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"{\"id\":\"");
    match id.filter(|id| !id.is_empty()) {
        Some(id) => json::escaped(id, out),
        None => {
            out.extend_from_slice(if object == "text_completion" { b"cmpl-" } else { b"chatcmpl-" });
            json::escaped(&context.id, out);
        }
    }
    out.extend_from_slice(b"\",\"object\":");
    json::string(object, out);
    out.extend_from_slice(b",\"created\":");
    json::number(created.unwrap_or(context.created), out);
    out.extend_from_slice(b",\"model\":");
    json::string(model.filter(|model| !model.is_empty()).unwrap_or(&context.model), out);
}

/// Appends `usage` as OpenAI's object. Its details hold only what the provider reported.
pub(in crate::dialect) fn usage(usage: &Usage, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"prompt_tokens\":");
    json::number(usage.prompt(), out);
    out.extend_from_slice(b",\"completion_tokens\":");
    json::number(usage.output.unwrap_or(0), out);
    out.extend_from_slice(b",\"total_tokens\":");
    json::number(usage.total(), out);
    let prompt = [("cached_tokens", usage.cache_read), ("cache_write_tokens", usage.cache_write)];
    details("prompt_tokens_details", &prompt, out);
    details("completion_tokens_details", &[("reasoning_tokens", usage.reasoning)], out);
    out.push(b'}');
}

fn details(name: &str, counts: &[(&str, Option<u64>)], out: &mut Vec<u8>) {
    let mut before: &[u8] = b"{";
    for (key, count) in counts {
        let Some(count) = count else { continue };
        if before == b"{" {
            out.push(b',');
            json::string(name, out);
            out.push(b':');
        }
        out.extend_from_slice(before);
        json::string(key, out);
        out.push(b':');
        json::number(*count, out);
        before = b",";
    }
    if before != b"{" {
        out.push(b'}');
    }
}

/// Appends one block of the `thinking_blocks` extension (LiteLLM's, which other gateways took over): with its
/// signature, reasoning can be sent back to the provider that wrote it. `at`: as [`index`].
pub(super) fn thinking_block(text: &str, signature: Option<&str>, at: Option<u32>, out: &mut Vec<u8>) {
    out.push(b'{');
    index(at, out);
    out.extend_from_slice(b"\"type\":\"thinking\",\"thinking\":");
    json::string(text, out);
    if let Some(signature) = signature {
        out.extend_from_slice(b",\"signature\":");
        json::string(signature, out);
    }
    out.push(b'}');
}

/// Appends one block of encrypted reasoning. `at`: as [`index`].
pub(super) fn redacted_block(data: &str, at: Option<u32>, out: &mut Vec<u8>) {
    out.push(b'{');
    index(at, out);
    out.extend_from_slice(b"\"type\":\"redacted_thinking\",\"data\":");
    json::string(data, out);
    out.push(b'}');
}

/// Appends the `extra_content` of a tool call, in which Google's own OpenAI-compatible API gives the signature of the
/// reasoning behind it, and takes it back.
pub(super) fn signature(signature: Option<&str>, out: &mut Vec<u8>) {
    let Some(signature) = signature else { return };
    out.extend_from_slice(b",\"extra_content\":{\"google\":{\"thought_signature\":");
    json::string(signature, out);
    out.extend_from_slice(b"}}");
}

/// Appends the first member of an element of a list that comes in several chunks of a stream: which element it is, or
/// adds to. OpenAI's own SDKs need it to build the list up, and fail without it.
fn index(at: Option<u32>, out: &mut Vec<u8>) {
    if let Some(at) = at {
        out.extend_from_slice(b"\"index\":");
        json::number(at.into(), out);
        out.push(b',');
    }
}

/// Appends one element of `annotations`. Its span has to be there; where the provider tells none it is empty. `at`: as
/// [`index`].
pub(super) fn annotation(citation: &Citation<'_>, at: Option<u32>, out: &mut Vec<u8>) {
    let (start, end) = citation.span.unwrap_or_default();
    out.push(b'{');
    index(at, out);
    out.extend_from_slice(b"\"type\":\"url_citation\",\"url_citation\":{\"start_index\":");
    json::number(start, out);
    out.extend_from_slice(b",\"end_index\":");
    json::number(end, out);
    out.extend_from_slice(b",\"title\":");
    json::string(&citation.title, out);
    out.extend_from_slice(b",\"url\":");
    json::string(&citation.url, out);
    out.extend_from_slice(b"}}");
}

/// Appends `"extra_content":{vendor:{name:…}}`, where Google's own OpenAI-compatible API has what OpenAI's has no place
/// for. `extras` are those of one vendor after those of another.
pub(crate) fn extra_content<'e>(extras: impl IntoIterator<Item = &'e Extra<'e>>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"extra_content\":{");
    let mut vendor = "";
    for extra in extras {
        let same = vendor == extra.vendor;
        if same {
            out.push(b',');
        } else {
            out.extend_from_slice(if vendor.is_empty() { b"" } else { b"}," });
            json::string(extra.vendor, out);
            out.extend_from_slice(b":{");
        }
        vendor = extra.vendor;
        json::string(extra.name, out);
        out.push(b':');
        out.extend_from_slice(extra.json.as_bytes());
    }
    out.extend_from_slice(if vendor.is_empty() { b"}" } else { b"}}" });
}
