//! `labels` of a request to Vertex AI, by which its cost is told apart on the bill.
//!
//! Source: Google Cloud's pages "Add labels to API calls" of Vertex AI and "Requirements for labels".

use serde_json::value::RawValue;

use crate::{ir::Request, provider::json::Text};

use super::super::json::{Object, members};

/// The longest name or value of a label, in characters.
const MAX_CHARS: usize = 63;

/// The most labels of a request.
const MAX_LABELS: usize = 64;

/// Appends those members of OpenAI's `metadata` that can be labels.
pub(super) fn write(request: &Request<'_>, object: &mut Object<'_>) {
    let metadata = request.extra.iter().find(|(name, _)| name == "metadata");
    let Some(pairs) = metadata.and_then(|(_, raw)| members(raw)) else { return };
    let pairs = pairs.iter().filter_map(|(name, raw)| Some((name.as_ref(), text(raw)?)));
    let legal = pairs.filter(|(name, value)| is_name(name) && is_label(&value.0));
    let mut pairs = legal.take(MAX_LABELS).peekable();
    if pairs.peek().is_none() {
        return;
    }
    let mut labels = Object::begin(object.key("labels"));
    pairs.for_each(|(name, value)| labels.text(name, &value.0));
    labels.end();
}

fn text(raw: &RawValue) -> Option<Text<'_>> {
    serde_json::from_str(raw.get()).ok()
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && is_label(name)
}

/// The page allows letters of other alphabets too; those that have cases, and those that have none, are not told apart
/// here.
fn is_label(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    text.len() <= MAX_CHARS && text.bytes().all(legal)
}
