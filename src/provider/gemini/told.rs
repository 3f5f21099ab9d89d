//! What Gemini tells beside the text: sources, ratings, what its own tools did, the signature of a text.
//!
//! Source: reference of `GenerateContentResponse`, `Candidate`, `GroundingMetadata` and `CitationMetadata`, guides
//! "Grounding with Google Search" and "Thought signatures".

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    chars::Chars,
    json::{Count, MaybeText, value},
    response::{Candidate, Said, object},
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
        for raw in candidate.citation_metadata.map(sources).unwrap_or_default() {
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
        if let Some(list) = self.extras.get("citation_metadata") {
            let list = format!("{list}]");
            let sources: Vec<&RawValue> = serde_json::from_str(&list).unwrap_or_default();
            let read = sources.into_iter().filter_map(object::<Source<'_>>);
            citations.extend(read.filter_map(|source| {
                let span = self.span(0, source.start_index.0, source.end_index.0);
                source.citation(span)
            }));
        }
        if let Some(json) = self.extras.get("grounding_metadata") {
            let raw: Option<&RawValue> = serde_json::from_str(json).ok();
            raw.and_then(object::<Grounding<'_>>)
                .into_iter()
                .for_each(|found| self.ground(&found, &mut citations));
        }
        citations.truncate(MAX_CITATIONS);
        (citations, self.extras.take("google"))
    }

    /// The sources of a search: each for every passage that it supports, or, where none is told, for the whole.
    fn ground(&self, found: &Grounding<'_>, citations: &mut Vec<Citation<'static>>) {
        let chunks: Vec<Option<Source<'_>>> =
            list(found.grounding_chunks).into_iter().map(|raw| object::<Chunk<'_>>(raw)?.source()).collect();
        let mut named = vec![false; chunks.len()];
        for support in list(found.grounding_supports).into_iter().filter_map(object::<Support<'_>>) {
            let segment = support.segment.and_then(object::<Segment>).unwrap_or_default();
            let span =
                self.span(segment.part_index.0.unwrap_or(0), segment.start_index.0, segment.end_index.0);
            let indices: Vec<usize> = support
                .grounding_chunk_indices
                .and_then(|raw| serde_json::from_str(raw.get()).ok())
                .unwrap_or_default();
            for index in indices {
                if citations.len() >= MAX_CITATIONS {
                    return;
                }
                citations.extend(
                    chunks.get(index).and_then(Option::as_ref).and_then(|source| source.citation(span)),
                );
                named.get_mut(index).into_iter().for_each(|named| *named = true);
            }
        }
        let others = chunks.iter().zip(named).filter(|(_, named)| !named);
        citations.extend(others.filter_map(|(source, _)| source.as_ref()?.citation(None)));
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Citations<'a> {
    /// Of the Gemini API.
    #[serde(borrow, default)]
    citation_sources: Option<&'a RawValue>,
    /// Of Vertex AI.
    #[serde(borrow, default)]
    citations: Option<&'a RawValue>,
}

/// The sources that an answer repeats.
fn sources(raw: &RawValue) -> Vec<&RawValue> {
    let metadata = object::<Citations<'_>>(raw);
    metadata.map(|metadata| list(metadata.citation_sources.or(metadata.citations))).unwrap_or_default()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Grounding<'a> {
    #[serde(borrow, default)]
    grounding_chunks: Option<&'a RawValue>,
    #[serde(borrow, default)]
    grounding_supports: Option<&'a RawValue>,
}

/// A source of a search: it has one of these.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk<'a> {
    #[serde(borrow, default)]
    web: Option<&'a RawValue>,
    #[serde(borrow, default)]
    retrieved_context: Option<&'a RawValue>,
    #[serde(borrow, default)]
    maps: Option<&'a RawValue>,
    #[serde(borrow, default)]
    image: Option<&'a RawValue>,
}

impl<'a> Chunk<'a> {
    fn source(self) -> Option<Source<'a>> {
        object(self.web.or(self.retrieved_context).or(self.maps).or(self.image)?)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source<'a> {
    #[serde(borrow, default, alias = "sourceUri")]
    uri: MaybeText<'a>,
    #[serde(borrow, default)]
    title: MaybeText<'a>,
    #[serde(default)]
    start_index: Count,
    #[serde(default)]
    end_index: Count,
}

impl Source<'_> {
    fn citation(&self, span: Option<(u64, u64)>) -> Option<Citation<'static>> {
        let short = |text: &&str| !text.is_empty() && text.len() <= MAX_URL;
        let url = self.uri.0.as_deref().filter(short)?.to_owned();
        let title = self.title.0.as_deref().filter(short).unwrap_or_default().to_owned();
        Some(Citation { url: Cow::Owned(url), title: Cow::Owned(title), span })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Support<'a> {
    #[serde(borrow, default)]
    segment: Option<&'a RawValue>,
    #[serde(borrow, default)]
    grounding_chunk_indices: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Segment {
    #[serde(default)]
    part_index: Count,
    #[serde(default)]
    start_index: Count,
    #[serde(default)]
    end_index: Count,
}

fn list(raw: Option<&RawValue>) -> Vec<&RawValue> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}
