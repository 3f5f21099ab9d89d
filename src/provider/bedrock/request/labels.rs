//! What labels a request, and the tier that serves it: no part of what the model reads.

use std::borrow::Cow;

use crate::{
    ir::Request,
    provider::json::{Text, members},
};

use super::super::json::{Object, value};

/// The most pairs of `requestMetadata`, and the most characters of a name or a value (service model).
const MOST: usize = 16;
const CHARS: usize = 256;

/// Appends `serviceTier` and `requestMetadata`.
pub(super) fn write(request: &Request<'_>, object: &mut Object<'_>) {
    if let Some(tier) = tier(request) {
        let mut service = Object::begin(object.key("serviceTier"));
        service.text("type", &tier);
        service.end();
    }
    let labels = labels(request);
    if !labels.is_empty() {
        let mut metadata = Object::begin(object.key("requestMetadata"));
        for (name, label) in labels {
            value(metadata.any_key(&name), label.as_ref());
        }
        metadata.end();
    }
}

/// The tiers that Bedrock sells under the same names. `auto` and `default` are what it does by itself.
fn tier<'a>(request: &Request<'a>) -> Option<Cow<'a, str>> {
    let (_, raw) = request.extra.iter().find(|(name, _)| name == "service_tier")?;
    let tier = serde_json::from_str::<Text<'_>>(raw.get()).ok()?.0;
    matches!(tier.as_ref(), "priority" | "flex" | "reserved").then_some(tier)
}

/// The user's id and the client's own labels, by which invocation logs can be filtered. Those that are not legal there
/// are left out, and a label does not take the place of the user's id.
fn labels<'a>(request: &'a Request<'_>) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    let user = request.user.as_deref().filter(|user| !user.is_empty() && is_legal(user));
    let mut labels: Vec<(Cow<'a, str>, Cow<'a, str>)> =
        user.map(|user| (Cow::Borrowed("user"), Cow::Borrowed(user))).into_iter().collect();
    let metadata = request.extra.iter().find(|(name, _)| name == "metadata");
    for (name, raw) in metadata.and_then(|(_, raw)| members(raw)).unwrap_or_default() {
        if labels.len() == MOST {
            break;
        }
        if let Ok(Text(label)) = serde_json::from_str(raw.get())
            && !name.is_empty()
            && is_legal(&name)
            && is_legal(&label)
            && labels.iter().all(|(before, _)| *before != name)
        {
            labels.push((name, label));
        }
    }
    labels
}

fn is_legal(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || ":_@$#=/+,-.".contains(c);
    text.len() <= CHARS && text.chars().all(legal)
}
