//! Embeddings of OpenAI-compatible providers: the client's bytes but for the model's name, and the provider's but for
//! embeddings in another form than the client wants.
//!
//! Many of them know no `encoding_format`, and answer with numbers whatever is asked for.

use std::ops::Range;

use serde_json::value::RawValue;

use super::error;
use crate::{
    dialect::{
        chat::json::string,
        embeddings::{
            reply::{miscounted, unreadable},
            scan::Head,
            vector,
        },
    },
    ir::{ApiError, EmbeddingsReply, ErrorKind},
    provider::{Upstream, embeddings, json},
};

/// Appends to `out` the `body` with the upstream's name of the model in place of the one at `span`. Returns false, with
/// `out` as it was, where the name is the same.
pub fn splice(
    body: &[u8],
    (name, span): (&str, &Range<usize>),
    upstream: &Upstream<'_>,
    out: &mut Vec<u8>,
) -> bool {
    if name == upstream.model {
        return false;
    }
    out.reserve(body.len() + upstream.model.len());
    out.extend_from_slice(body.get(..span.start).unwrap_or_default());
    string(upstream.model, out);
    out.extend_from_slice(body.get(span.end..).unwrap_or_default());
    true
}

/// Looks at a reply with status 200, and appends to `out` what the client is to get instead. Returns whether there is
/// such, and the tokens that the provider counted.
///
/// # Errors
///
/// Where the bytes are no list of embeddings: what they say instead. `out` is then as it was.
pub fn pass(body: &[u8], head: &Head, out: &mut Vec<u8>) -> Result<(bool, Option<u64>), ApiError> {
    let (reply, items) = open(body)?;
    if head.texts.is_some_and(|texts| texts != items.len()) {
        return Err(miscounted(items.len()));
    }
    let (start, mut from) = (out.len(), 0);
    for (place, item) in items.iter().enumerate() {
        let raw = item.embedding.ok_or_else(|| unreadable(place))?;
        // Types that are not known here (one vector a token, several forms at once) are the client's matter.
        let Some(found) = vector::read(raw).filter(|found| !vector::fits(found, head.encoding)) else {
            continue;
        };
        let at = raw.get().as_ptr().addr().wrapping_sub(body.as_ptr().addr());
        out.extend_from_slice(body.get(from..at).unwrap_or_default());
        if vector::write(&found, head.encoding, out).is_none() {
            out.truncate(start);
            return Err(unreadable(place));
        }
        from = at + raw.get().len();
    }
    let changed = from > 0;
    if changed {
        out.extend_from_slice(body.get(from..).unwrap_or_default());
    }
    Ok((changed, reply.tokens))
}

/// Reads a reply with status 200 into the intermediate form.
///
/// # Errors
///
/// As [`pass`].
pub fn read(body: &[u8]) -> Result<EmbeddingsReply<'_>, ApiError> {
    let (reply, items) = open(body)?;
    let mut places = vec![None; items.len()];
    for (place, item) in items.iter().enumerate() {
        // Those without an index stand where they came.
        let index = item.index.map_or(Some(place), |index| usize::try_from(index).ok());
        let vector = item.embedding.and_then(vector::read).ok_or_else(|| unreadable(place))?;
        match index.and_then(|index| places.get_mut(index)) {
            Some(slot @ None) => *slot = Some(vector),
            // Twice, or of a text that there is not.
            _ => return Err(unreadable(place)),
        }
    }
    let vectors = places.into_iter().flatten().collect();
    Ok(EmbeddingsReply { vectors, tokens: reply.tokens, model: json::text(reply.model) })
}

/// What a reply says beside its embeddings.
struct Reply<'a> {
    model: Option<&'a RawValue>,
    tokens: Option<u64>,
}

struct Item<'a> {
    embedding: Option<&'a RawValue>,
    index: Option<u64>,
}

fn open(body: &[u8]) -> Result<(Reply<'_>, Vec<Item<'_>>), ApiError> {
    let [data, model, usage] = whole(body, ["data", "model", "usage"])?;
    let items = data.and_then(json::elements).and_then(|items| items.into_iter().map(item).collect());
    let items = items.ok_or_else(embeddings::unreadable)?;
    Ok((Reply { model, tokens: usage.and_then(tokens) }, items))
}

fn item(raw: &RawValue) -> Option<Item<'_>> {
    let [embedding, index] = json::pick_in(Some(raw), ["embedding", "index"])?;
    Some(Item { embedding, index: json::count(index) })
}

/// The members of a reply that is no error.
pub(super) fn whole<'a, const N: usize>(
    body: &'a [u8],
    names: [&str; N],
) -> Result<[Option<&'a RawValue>; N], ApiError> {
    let document = json::document(body);
    if let Some([Some(_)]) = document.and_then(|raw| json::pick_in(Some(raw), ["error"])) {
        return Err(error::read(200, body));
    }
    document.and_then(|raw| json::pick_in(Some(raw), names)).ok_or_else(|| {
        let message = "the provider's reply is not a JSON object";
        ApiError::new(ErrorKind::Server, message).with_upstream_status(200)
    })
}

/// The tokens that a `usage` tells of: all are the prompt's.
pub(super) fn tokens(usage: &RawValue) -> Option<u64> {
    json::pick_in(Some(usage), ["prompt_tokens", "total_tokens"])?
        .into_iter()
        .flatten()
        .find_map(|raw| json::count(Some(raw)))
}
