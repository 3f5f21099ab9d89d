//! Citations: which part of the answer stands on which documents, or results of tools.
//!
//! Source: guide "Documents and Citations", and the SDK's types `Citation` and `Source`.

use serde_json::value::RawValue;

use super::super::json::{count, list, pick, pick_in, text};
use crate::{ir::Citation, provider::media::is_web_url};

/// Whose extension the raw list is.
pub(in super::super) const VENDOR: &str = "cohere";
/// What it is called there.
pub(in super::super) const NAME: &str = "citations";

/// Gives those sources of a citation that have a URL. The rest is only in the raw list: the document's text is the
/// client's own.
pub(in super::super) fn sources<'a>(raw: &'a RawValue, each: &mut dyn FnMut(Citation<'a>)) {
    let Some([start, end, sources, kind]) = pick(raw.get(), ["start", "end", "sources", "type"]) else {
        return;
    };
    // Places in the plan or in the reasoning are none in the answer's text.
    let in_text = text(kind).is_none_or(|kind| kind == "TEXT_CONTENT");
    let span = count(start).zip(count(end)).filter(|_| in_text);
    for source in list(sources) {
        let Some([document, output]) = pick(source.get(), ["document", "tool_output"]) else { continue };
        // The client's own members, among which these are usual.
        let of = |raw| pick_in(raw, ["url", "title"]);
        let Some([url, title]) = of(document).or_else(|| of(output)) else { continue };
        if let Some(url) = text(url).filter(|url| is_web_url(url)) {
            each(Citation { url, title: text(title).unwrap_or_default(), span });
        }
    }
}
