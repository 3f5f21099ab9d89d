//! What becomes of the fields of a Completions request: it is sent as a chat request of one message.

use super::{
    COLUMNS,
    Fate::{self, Refused},
    Target, row,
};
use crate::{dialect::completions::field::Field, provider::Format};

/// The fate of a field at a provider of this format.
pub fn of(format: Format, field: Field) -> Fate {
    match field.as_chat() {
        Some(_) if field == Field::Prompt => super::mapped("one message of the user's"),
        Some(field) => super::of_chat(format, field),
        None => beside(field),
    }
}

/// Of what no chat request has.
fn beside(field: Field) -> Fate {
    match field {
        Field::PromptMany => Refused("a chat has one prompt"),
        Field::PromptTokens => Refused("a chat is told in text, not in tokens"),
        Field::N | Field::BestOf => Refused("one answer is given for a request"),
        Field::Logprobs => Refused("probabilities of tokens are told in another form by chats"),
        Field::Echo => Refused("a chat does not repeat its prompt"),
        Field::Suffix => Refused("a chat cannot fill in between two texts"),
        _ => super::dropped("not known to Completions"),
    }
}

/// Why a target has to refuse a request that uses `field`; `None` where it serves it.
pub(super) fn refusal(target: &Target<'_>, field: Field) -> Option<&'static str> {
    match field.as_chat() {
        Some(field) => target.refuses(field),
        None => super::refused(beside(field)),
    }
}

/// The table as `docs/fidelity.md` holds it.
pub(super) fn markdown(page: &mut String) {
    page.push_str("\n## Completions\n\nSent as a chat request of one message to every format.\n\n");
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
