//! Sources of an answer: those on the web as every client knows them, all others as Bedrock tells them.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{MaybeText, compact, object};
use crate::ir::{Citation, Extra};

/// The most bytes of sources that are kept until the answer ends; those beyond are left out, since the client sees the
/// text all the same.
const MAX_BYTES: usize = 1024 * 1024;

/// The sources so far that are no pages of the web: documents of the request, results of its searches.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// JSON texts behind commas.
    list: String,
}

impl Sources {
    /// All of them as one list, where there are any.
    pub(super) fn give(&self) -> Option<Extra<'static>> {
        let list = self.list.strip_prefix(',')?;
        Some(Extra { vendor: "aws", name: "citations", json: Cow::Owned(["[", list, "]"].concat()) })
    }
}

#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow, default)]
    title: MaybeText<'a>,
    #[serde(borrow, default)]
    location: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Location<'a> {
    #[serde(borrow, default)]
    web: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Web<'a> {
    #[serde(borrow, default)]
    url: MaybeText<'a>,
}

/// The page of the web that `raw` names, for the text of `span`; any other source is added to `sources`.
pub(super) fn read<'a>(
    raw: &'a RawValue,
    span: Option<(u64, u64)>,
    sources: &mut Sources,
) -> Option<Citation<'a>> {
    let told: Told<'_> = object(raw)?;
    let web = told.location.and_then(object::<Location<'_>>).and_then(|location| location.web);
    let url = web.and_then(object::<Web<'_>>).and_then(|web| web.url.0).filter(|url| !url.is_empty());
    if let Some(url) = url {
        return Some(Citation { url, title: told.title.0.unwrap_or_default(), span });
    }
    if sources.list.len() + raw.get().len() < MAX_BYTES {
        sources.list.push(',');
        sources.list.push_str(&compact(raw.get()));
    }
    None
}
