//! What becomes of the fields of a Responses request.
//!
//! To a provider of Responses the request passes as it is. Elsewhere a field that chat requests have too has that field's
//! fate; what only Responses knows has the same fate everywhere: only its own providers keep state and run tools.

use super::{COLUMNS, Fate, Target, dropped, mapped, row};
use crate::{dialect::responses::field::Field, provider::Format};

/// The fate of a field at a provider of this format.
pub fn of(format: Format, field: Field) -> Fate {
    if format == Format::Responses {
        return Fate::Forwarded;
    }
    match field.as_chat() {
        Some(_) if format == Format::Openai => as_openai(field),
        Some(field) => super::of_chat(format, field),
        None => beside(field),
    }
}

/// Of what chat requests have too, at providers of chat completions. The request is written anew for them, so that a chat
/// client's extensions, which pass as they are from a chat client, go only to those whose row says that they take them.
fn as_openai(field: Field) -> Fate {
    use Field as F;
    match field {
        F::PartUnknown => Fate::Refused("what is not known cannot be translated"),
        F::CacheControl => dropped("OpenAI caches prompts by itself; providers that take marks get them"),
        F::Annotations => dropped("what a reply cited is not part of the conversation"),
        F::Thoughts | F::Encrypted => {
            dropped("chat completions take no reasoning back; providers that do get its text")
        }
        _ => mapped("the field of Chat Completions that means the same"),
    }
}

/// Of what no chat request has, or has in another way.
#[expect(clippy::too_many_lines, reason = "a table, one row a field")]
fn beside(field: Field) -> Fate {
    use Field as F;
    match field {
        F::PreviousResponse => {
            Fate::Refused("the gateway keeps no responses; send the whole conversation as `input`")
        }
        F::Conversation => {
            Fate::Refused("the gateway keeps no conversations; send the whole of it as `input`")
        }
        F::ItemReference => Fate::Refused(
            "the gateway keeps no items that an `item_reference` could name; send the item itself",
        ),
        F::Store => Fate::Refused("the gateway keeps no responses; leave `store` out or set it to false"),
        F::Background => Fate::Refused("the gateway keeps no responses that could be asked for later"),
        F::Prompt => Fate::Refused("templates of prompts are kept by their own provider"),
        F::Moderation => Fate::Refused("only its own provider moderates within a request"),
        F::TopLogprobs | F::Logprobs => {
            Fate::Refused("the gateway does not pass on probabilities of tokens here")
        }
        F::DataTools => Fate::Refused(
            "only their own provider can run `file_search` and `mcp`, and the answer would lack what they find",
        ),
        F::ClientTools => Fate::Refused(
            "only models that were made for `computer`, `shell`, `local_shell` and `apply_patch` can call them",
        ),
        F::ToolUnknown | F::ItemUnknown => Fate::Refused("what is not known cannot be translated"),
        F::ForcedHosted => {
            Fate::Refused("only its own provider can run this tool, so that it cannot be called")
        }
        F::ImageId => Fate::Refused(
            "the id of a picture means something to its own provider alone; send its bytes or a URL",
        ),
        F::ClientItems => Fate::Refused(
            "items of computers, shells, patches, programs, drawn pictures and approvals are known to providers of Responses \
             alone",
        ),
        F::Compaction => Fate::Refused("only its own provider can read what `compaction` stands for"),
        F::CustomTools => mapped(
            "a function with one string, `input`; a grammar is told in its description. The call is told as \
             `custom_tool_call` again",
        ),
        F::Namespaces => mapped(
            "each of its tools as a function `<namespace>__<name>`, of at most 64 characters; what it is for is told with \
             its first tool. A call is told with `namespace` and `name` again",
        ),
        F::HostedTools => dropped("only its own provider can run it, and the model may answer without it"),
        F::HostedItems => dropped(
            "what it gave is in the answer that follows; the tools that `tool_search_output` brings are offered",
        ),
        F::StreamOptions => dropped(
            "nothing of the stream is padded (`include_obfuscation`); `include_usage`, of requests that are answered as \
             chat, is kept to",
        ),
        F::Include => dropped(
            "reasoning is always told so that it can be sent back; the rest is of tools that only its own provider runs",
        ),
        F::ReasoningSummary => dropped("reasoning is told as the provider gives it"),
        F::ReasoningContext => {
            dropped("the reasoning of all turns that the client sends goes back to its provider")
        }
        F::Service => dropped(
            "how OpenAI's service handles the request; the conversation is sent as it is, and an error told where it is \
             too long",
        ),
        F::Phase => dropped("the order of the items tells the same"),
        // The others have their chat field's fate.
        _ => dropped("not known to any provider but its own"),
    }
}

/// Why a target has to refuse a request that uses `field`; `None` where it serves it.
pub(super) fn refusal(target: &Target<'_>, field: Field) -> Option<&'static str> {
    let format = target.format;
    if format == Format::Responses {
        return None;
    }
    match field.as_chat() {
        Some(chat) => super::refused(of(format, field)).or_else(|| target.refuses(chat)),
        None => super::refused(beside(field)),
    }
}

/// The section of the documentation.
pub(super) fn markdown(page: &mut String) {
    page.push_str(HEAD);
    page.push_str(COLUMNS);
    for field in Field::ALL {
        match field.as_chat() {
            Some(chat) => {
                let text = format!("has the fate of `{}` in Chat Completions", chat.name());
                page.push_str(&format!("| `{}` | {} | as chat | {text} |\n", field.name(), field.when()));
            }
            None => page.push_str(&row(field.name(), field.when(), beside(*field))),
        }
    }
}

const HEAD: &str = "
## Responses

To `openai-responses` every field is sent as it came, known or not; only `model` is replaced, and reasoning that another
provider gave is left out (`docs/responses.md`). To all other formats, where \"as chat\" at `openai` means that the field is
written anew, so that a chat client's extensions (marks of prompt caches, reasoning) go only to providers that take them:

";
