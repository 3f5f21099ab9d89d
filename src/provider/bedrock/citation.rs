//! Sources of an answer: those on the web as every client knows them, all others as Bedrock tells them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json::{compact, pick, pick_in, some_text, text};
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

/// The page of the web that `raw` names, for the text of `span`; any other source is added to `sources`.
pub(super) fn read<'a>(
    raw: &'a RawValue,
    span: Option<(u64, u64)>,
    sources: &mut Sources,
) -> Option<Citation<'a>> {
    let [title, location] = pick(raw.get(), ["title", "location"])?;
    let [web] = pick_in(location, ["web"]).unwrap_or_default();
    let [url] = pick_in(web, ["url"]).unwrap_or_default();
    if let Some(url) = some_text(url) {
        return Some(Citation { url, title: text(title).unwrap_or_default(), span });
    }
    if sources.list.len() + raw.get().len() < MAX_BYTES {
        sources.list.push(',');
        sources.list.push_str(&compact(raw.get()));
    }
    None
}
