//! What Gemini tells beside the text: sources, ratings, what its own tools did, the signature of a text.
//!
//! Source: reference of `GenerateContentResponse`, `Candidate`, `GroundingMetadata` and `CitationMetadata`, guides
//! "Grounding with Google Search" and "Thought signatures".

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    chars::Chars,
    json::{count, list, pick, text, value},
    response::{Candidate, Said},
};
use crate::{
    ir::{Citation, Extra},
    provider::beside::Beside,
};

/// Most sources of one answer that are told apart from the provider's own JSON, where all of them are. Answers have
/// dozens; each may be named for many passages.
const MAX_CITATIONS: usize = 512;

/// The longest URL or title of such a source in bytes: servers and clients take no longer URLs.
const MAX_URL: usize = 8 * 1024;

/// What was told so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    extras: Beside,
    text: Chars,
    /// For each part of a whole reply, at which byte of the text it begins. In a stream parts come in pieces.
    starts: Vec<usize>,
}

impl Told {
    /// Of a whole reply, which is bounded already.
    pub(super) fn whole() -> Self {
        Self { extras: Beside::up_to(usize::MAX), ..Self::default() }
    }

    /// A part of a whole reply begins.
    pub(super) fn begin_part(&mut self) {
        self.starts.push(self.text.bytes());
    }

    /// Text was given.
    pub(super) fn text(&mut self, text: &str) {
        self.text.push(text);
    }

    /// What a part holds besides text, thoughts and calls.
    pub(super) fn part(&mut self, said: &Said<'_>) {
        if let Some(raw) = said.other {
            self.extras.push("parts", raw.get());
        }
        if let Some(signature) = &said.signature {
            let mut json = Vec::new();
            value(&mut json, signature.as_ref());
            self.extras.put("thought_signature", &String::from_utf8(json).unwrap_or_default());
        }
    }

    /// What is said of an answer, or of a piece of it.
    pub(super) fn candidate(&mut self, candidate: &Candidate<'_>) {
        for (name, raw) in [
            ("safety_ratings", candidate.safety_ratings),
            ("finish_message", candidate.finish_message),
            ("url_context_metadata", candidate.url_context_metadata),
        ] {
            self.member(name, raw);
        }
        // Pieces of a stream tell of a search's entry point before they tell of its results.
        let results = |json: &str| json.contains("\"groundingChunks\"");
        let known = self.extras.get("grounding_metadata").is_some_and(results);
        self.member(
            "grounding_metadata",
            candidate.grounding_metadata.filter(|raw| !known || results(raw.get())),
        );
        let names = ["citationSources", "citations"];
        // The one is the Gemini API's, the other Vertex AI's.
        let [own, vertex] =
            candidate.citation_metadata.and_then(|raw| pick(raw.get(), names)).unwrap_or_default();
        for raw in list(own.or(vertex)) {
            self.extras.push_new("citation_metadata", raw.get());
        }
    }

    /// A member of the reply, where it is there.
    pub(super) fn member(&mut self, name: &'static str, raw: Option<&RawValue>) {
        if let Some(raw) = raw {
            self.extras.put(name, raw.get());
        }
    }

    /// All that is kept until the answer ends.
    pub(super) fn finish(&mut self) -> (Vec<Citation<'static>>, Vec<Extra<'static>>) {
        let mut citations = Vec::new();
        self.repeated(&mut citations);
        if let Some([chunks, supports]) = self.extras.get("grounding_metadata").and_then(|json| {
            let names = ["groundingChunks", "groundingSupports"];
            pick(json, names)
        }) {
            self.ground(&list(chunks), &list(supports), &mut citations);
        }
        citations.truncate(MAX_CITATIONS);
        (citations, self.extras.take("google"))
    }

    /// The sources that an answer repeats.
    fn repeated(&self, citations: &mut Vec<Citation<'static>>) {
        let Some(json) = self.extras.get("citation_metadata") else { return };
        let json = format!("{json}]");
        let sources: Option<&RawValue> = serde_json::from_str(&json).ok();
        for raw in list(sources).into_iter().take(MAX_CITATIONS) {
            let Some([start, end]) = pick(raw.get(), ["startIndex", "endIndex"]) else { continue };
            citations.extend(citation(raw, self.span(0, count(start), count(end))));
        }
    }

    /// The sources of a search: each for every passage that it supports, or, where none is told, for the whole.
    fn ground(&self, chunks: &[&RawValue], supports: &[&RawValue], citations: &mut Vec<Citation<'static>>) {
        let mut named = vec![false; chunks.len()];
        for support in supports {
            let Some([segment, indices]) = pick(support.get(), ["segment", "groundingChunkIndices"]) else {
                continue;
            };
            let segment = segment.and_then(|raw| pick(raw.get(), ["partIndex", "startIndex", "endIndex"]));
            let [part, start, end] = segment.unwrap_or_default();
            let span = self.span(count(part).unwrap_or(0), count(start), count(end));
            for index in list(indices) {
                if citations.len() >= MAX_CITATIONS {
                    return;
                }
                let Some(at) = count(Some(index)).and_then(|index| usize::try_from(index).ok()) else {
                    continue;
                };
                citations.extend(chunks.get(at).and_then(|chunk| citation(of_chunk(chunk)?, span)));
                named.get_mut(at).into_iter().for_each(|named| *named = true);
            }
        }
        let others = chunks.iter().zip(named).filter(|(_, named)| !named).take(MAX_CITATIONS);
        citations.extend(others.filter_map(|(chunk, _)| citation(of_chunk(chunk)?, None)));
    }

    /// In characters of the whole text. Gemini counts bytes of a part, from 0 where it does not tell.
    fn span(&self, part: u64, start: Option<u64>, end: Option<u64>) -> Option<(u64, u64)> {
        let at = usize::try_from(part).ok()?;
        let base = if at == 0 { self.starts.first().copied().unwrap_or(0) } else { *self.starts.get(at)? };
        let char = |byte: u64| self.text.before(base.checked_add(usize::try_from(byte).ok()?)?);
        let span = (char(start.unwrap_or(0))?, char(end?)?);
        (span.0 <= span.1).then_some(span)
    }
}

/// The source that an element of `groundingChunks` holds: one of these.
fn of_chunk(raw: &RawValue) -> Option<&RawValue> {
    pick(raw.get(), ["web", "retrievedContext", "maps", "image"])?.into_iter().flatten().next()
}

fn citation(source: &RawValue, span: Option<(u64, u64)>) -> Option<Citation<'static>> {
    let [uri, image, title] = pick(source.get(), ["uri", "sourceUri", "title"])?;
    let short = |text: &Cow<'_, str>| !text.is_empty() && text.len() <= MAX_URL;
    let url = text(uri.or(image)).filter(short)?.into_owned();
    let title = text(title).filter(short).unwrap_or_default().into_owned();
    Some(Citation { url: url.into(), title: title.into(), span })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::gemini::response;

    fn citations(grounding: &str) -> Vec<Citation<'static>> {
        let body = format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"text":"aé"}}]}},"finishReason":"STOP","groundingMetadata":{grounding}}}]}}"#
        );
        let reply = response::read(body.as_bytes(), "x").unwrap();
        let sources = reply.parts.into_iter().filter_map(|part| match part {
            crate::ir::ReplyPart::Citation(citation) => Some(citation),
            _ => None,
        });
        sources
            .map(|source| Citation {
                url: source.url.into_owned().into(),
                title: source.title.into_owned().into(),
                ..source
            })
            .collect()
    }

    #[test]
    fn sources_without_end_are_bounded() {
        let chunk = r#"{"web":{"uri":"https://a.example/","title":"A"}}"#;
        let indices = vec!["0"; 100_000].join(",");
        let many = citations(&format!(
            r#"{{"groundingChunks":[{chunk}],"groundingSupports":[{{"segment":{{"endIndex":3}},"groundingChunkIndices":[{indices}]}}]}}"#
        ));
        assert_eq!(many.len(), MAX_CITATIONS);
        assert!(many.iter().all(|citation| citation.span == Some((0, 2))));
        let unnamed = vec![chunk; 10_000].join(",");
        assert_eq!(citations(&format!(r#"{{"groundingChunks":[{unnamed}]}}"#)).len(), MAX_CITATIONS);
        let long =
            format!(r#"{{"groundingChunks":[{{"web":{{"uri":"https://{}/"}}}}]}}"#, "a".repeat(MAX_URL));
        assert!(citations(&long).is_empty());
    }

    #[test]
    fn places_outside_the_text_are_none() {
        for (segment, span) in [
            (r#"{"startIndex":1,"endIndex":3}"#, Some((1, 2))),
            (r#"{"startIndex":3,"endIndex":3}"#, Some((2, 2))),
            (r#"{"startIndex":3,"endIndex":1}"#, None),
            (r#"{"startIndex":0,"endIndex":4}"#, None),
            (r#"{"startIndex":18446744073709551615,"endIndex":18446744073709551615}"#, None),
            (r#"{"startIndex":-1,"endIndex":1}"#, Some((0, 1))),
            (r#"{"partIndex":1,"endIndex":1}"#, None),
            ("{}", None),
            ("7", None),
        ] {
            let found = citations(&format!(
                r#"{{"groundingChunks":[{{"web":{{"uri":"u"}}}}],"groundingSupports":[{{"segment":{segment},"groundingChunkIndices":[0]}}]}}"#
            ));
            assert_eq!((found.len(), found[0].span), (1, span), "{segment}");
        }
    }
}
