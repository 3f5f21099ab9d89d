//! What becomes of the fields of a Completions request.

use super::{Fate, Target};
use crate::{dialect::completions::field::Field, provider::Format};

/// The fate of a field at a provider of this format.
pub fn of(format: Format, field: Field) -> Fate {
    match field.as_chat() {
        Some(field) => super::of_chat(format, field),
        None => beside(field),
    }
}

/// Of what no chat request has.
fn beside(_field: Field) -> Fate {
    super::dropped("not known to any provider but its own")
}

/// Why a target has to refuse a request that uses `field`; `None` where it serves it.
pub(super) fn refusal(target: &Target<'_>, field: Field) -> Option<&'static str> {
    match field.as_chat() {
        Some(field) => target.refuses(field),
        None => super::refused(beside(field)),
    }
}
