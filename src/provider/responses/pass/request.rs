//! What a provider of Responses gets of a client's request: the same bytes but for the spans that must change.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{
    dialect::{Dialect, responses::scan::Head},
    ir::ApiError,
    provider::{
        Upstream,
        json::{self, Object, pick_bytes, value},
        openai::edits::Edits,
    },
    signature::MARK,
};

mod items;
mod mixture;
#[cfg(test)]
mod tests;

/// Appends to `out` what a provider is to get instead of a client's `body`; false, with
/// `out` as it was, where that can be sent as it is. Changed are:
///
/// - `model`;
/// - reasoning that carries a mark of the gateway's ([`items`]);
/// - what the provider's quirks say that it refuses (`include`, `reasoning.summary`), which is left out;
/// - what is of a chat request, in one that is answered as chat ([`mixture`]).
///
/// # Errors
///
/// None so far: there is a place for all that the dialect has.
pub fn request(
    body: &[u8],
    head: &Head,
    upstream: &Upstream<'_>,
    out: &mut Vec<u8>,
) -> Result<bool, ApiError> {
    let is_mixture = head.answer == Dialect::Chat;
    if (is_mixture || !upstream.quirks.refuses.is_empty())
        && let Some(members) = json::document(body).and_then(json::members)
    {
        rewrite(&members, is_mixture, upstream, out);
        return Ok(true);
    }
    let mut edits = Edits::default();
    if head.model != upstream.model {
        let mut name = Vec::with_capacity(upstream.model.len() + 2);
        value(&mut name, upstream.model);
        edits.add(head.model_span.clone(), name);
    }
    if is_marked(body)
        && let Some([Some(input)]) = pick_bytes(body, ["input"])
    {
        items::edit(body, input, upstream.provider, &mut edits);
    }
    Ok(edits.apply(body, out))
}

/// Whether there may be reasoning that carries a mark of the gateway's.
fn is_marked(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| text.contains(MARK))
}

type Member<'a> = (Cow<'a, str>, &'a RawValue);

/// Appends the request member by member, each as it came but for those that must change.
fn rewrite(members: &[Member<'_>], is_mixture: bool, upstream: &Upstream<'_>, out: &mut Vec<u8>) {
    let refused = |name: &str| upstream.quirks.refuses(name);
    let mut object = Object::begin(out);
    for (name, raw) in members.iter().filter(|(name, _)| !refused(name)) {
        if is_mixture && mixture::write(name, raw, members, &mut object) {
            continue;
        }
        match name.as_ref() {
            "model" => object.text("model", upstream.model),
            "input" => {
                let (text, mut edits) = (raw.get().as_bytes(), Edits::default());
                items::edit(text, raw, upstream.provider, &mut edits);
                let out = object.key("input");
                if !edits.apply(text, out) {
                    out.extend_from_slice(text);
                }
            }
            name => inner(name, raw, &refused, &mut object),
        }
    }
    if is_mixture && !members.iter().any(|(name, _)| name == "store") {
        // As with chat completions, nothing stays at the provider without a word from the client.
        object.raw("store", "false");
    }
    object.end();
}

/// A member, without those of its own members that are refused: `reasoning.summary`.
fn inner(name: &str, raw: &RawValue, refused: &dyn Fn(&str) -> bool, object: &mut Object<'_>) {
    let members = json::members(raw).unwrap_or_default();
    let keeps = |inner: &str| !refused(&[name, ".", inner].concat());
    if members.iter().all(|(inner, _)| keeps(inner)) {
        return object.any_key(name).extend_from_slice(raw.get().as_bytes());
    }
    let mut kept = Object::begin(object.any_key(name));
    for (inner, raw) in members.iter().filter(|(inner, _)| keeps(inner)) {
        kept.any_key(inner).extend_from_slice(raw.get().as_bytes());
    }
    kept.end();
}
