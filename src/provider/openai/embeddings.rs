//! Embeddings of OpenAI-compatible providers: the client's bytes but for the model's name, and the provider's but for
//! embeddings in another form than the client wants.
//!
//! Many of them know no `encoding_format`, and answer with numbers whatever is asked for.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error;
use crate::{
    dialect::{
        chat::json,
        embeddings::{
            reply::{miscounted, unreadable},
            scan::Head,
            vector,
        },
    },
    ir::{ApiError, EmbeddingsReply, ErrorKind},
    provider::{
        Upstream,
        json::{Count, MaybeText},
    },
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
    json::string(upstream.model, out);
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
    Ok((changed, reply.tokens()))
}

/// Reads a reply with status 200 into the intermediate form.
///
/// # Errors
///
/// As [`pass`].
pub fn read(body: &[u8]) -> Result<EmbeddingsReply<'_>, ApiError> {
    let (reply, mut items) = open(body)?;
    // Those without an index stay behind each other.
    items.sort_by_key(|item| item.index.0.unwrap_or(u64::MAX));
    let mut vectors = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        vectors.push(item.embedding.and_then(vector::read).ok_or_else(|| unreadable(place))?);
    }
    Ok(EmbeddingsReply { vectors, tokens: reply.tokens(), model: reply.model.0 })
}

fn open(body: &[u8]) -> Result<(Reply<'_>, Vec<Item<'_>>), ApiError> {
    let unreadable = |message| ApiError::new(ErrorKind::Server, message).with_upstream_status(200);
    let Ok(mut reply) = serde_json::from_slice::<Reply<'_>>(body) else {
        return Err(unreadable("the provider's reply is not a JSON object"));
    };
    if reply.error.take().is_some_and(|error| error.get() != "null") {
        return Err(error::read(200, body));
    }
    let items = reply.data.take().and_then(|data| serde_json::from_str(data.get()).ok());
    Ok((reply, items.ok_or_else(|| unreadable("the provider's reply has no embeddings"))?))
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    model: MaybeText<'a>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

impl Reply<'_> {
    fn tokens(&self) -> Option<u64> {
        tokens(self.usage?)
    }
}

/// The tokens that a `usage` tells of: all are the prompt's.
pub(super) fn tokens(usage: &RawValue) -> Option<u64> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Usage {
        prompt_tokens: Count,
        total_tokens: Count,
    }
    let usage: Usage = serde_json::from_str(usage.get()).ok()?;
    usage.prompt_tokens.0.or(usage.total_tokens.0)
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    embedding: Option<&'a RawValue>,
    #[serde(default)]
    index: Count,
}
