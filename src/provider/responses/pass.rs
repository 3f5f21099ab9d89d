//! A Responses client's request to a provider of Responses, and the reply back: the same bytes but for what must change.
//!
//! What the provider encrypted for itself gets the provider's name before it, by which it goes back to no other:
//! `src/signature.rs`.

mod reply;
mod request;
mod stream;

pub use reply::reply;
pub use request::request;
pub use stream::ResponsesPass;

use serde_json::value::RawValue;

use super::json::{list, pick, pick_bytes, some_text};
use crate::stream::template::position;

/// Where in `whole` the encrypted content of each reasoning item begins, behind its quotation mark, in order. `items` are
/// parts of `whole`.
fn sealed<'i>(whole: &[u8], items: impl IntoIterator<Item = &'i RawValue>) -> Vec<usize> {
    let content = |item: &'i RawValue| {
        let [kind, content] = pick(item.get(), ["type", "encrypted_content"])?;
        let content = content.filter(|content| some_text(Some(content)).is_some())?;
        let is_reasoning = kind.is_some_and(|kind| kind.get() == "\"reasoning\"");
        let start = is_reasoning.then(|| position(whole, content.get().as_bytes()))??;
        Some(start + 1)
    };
    items.into_iter().filter_map(content).collect()
}

/// The items of a response.
fn items(response: &[u8]) -> Vec<&RawValue> {
    pick_bytes(response, ["output"]).map(|[output]| list(output)).unwrap_or_default()
}

/// Appends `whole` to `out`, with `text` at each of these places, which are in order.
fn insert(whole: &[u8], places: &[usize], text: &str, out: &mut Vec<u8>) {
    out.reserve(whole.len() + places.len() * text.len());
    let mut from = 0;
    for place in places {
        out.extend_from_slice(whole.get(from..*place).unwrap_or_default());
        out.extend_from_slice(text.as_bytes());
        from = *place;
    }
    out.extend_from_slice(whole.get(from..).unwrap_or_default());
}
