//! What a client is told beside the text of recorded traffic: sources, and what only the vendor's own API tells.

use serde_json::Value;
use switchyard::ir::{Citation, Decoder, Event, Extra, Reply, ReplyPart};

/// Link, title, the characters that it stands for.
pub(crate) type Source = (String, String, Option<(u64, u64)>);

/// What is told beside an answer.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) citations: Vec<Source>,
    /// By name, which is sorted: its order says nothing.
    pub(crate) extras: Vec<(String, Value)>,
}

impl Told {
    fn citation(&mut self, citation: &Citation<'_>) {
        self.citations.push((citation.url.to_string(), citation.title.to_string(), citation.span));
    }

    fn extra(&mut self, extra: &Extra<'_>) {
        let name = format!("{}/{}", extra.vendor, extra.name);
        assert!(self.extras.iter().all(|(known, _)| *known != name), "{name} is told twice");
        assert!(!extra.json.contains('\n'), "{name} would break a line of a stream");
        self.extras.push((name, serde_json::from_str(&extra.json).unwrap()));
    }

    pub(crate) fn sorted(mut self) -> Self {
        self.extras.sort_by(|one, other| one.0.cmp(&other.0));
        self
    }
}

/// By a decoder of ours, of a stream that arrives cut at each of `cuts`.
pub(crate) fn decode(mut decoder: impl Decoder, stream: &[u8], cuts: &[usize]) -> Told {
    let mut told = Told::default();
    let mut finished = false;
    let mut sink = |event: Event<'_>| match event {
        Event::Citation(citation) => told.citation(&citation),
        Event::Extra(extra) => {
            assert!(!finished, "it comes before the finish");
            told.extra(&extra);
        }
        Event::Finish(_) => finished = true,
        _ => {}
    };
    let mut from = 0;
    for to in cuts.iter().copied().chain([stream.len()]) {
        decoder.push(&stream[from..to], &mut sink);
        from = to;
    }
    decoder.end(&mut sink);
    told.sorted()
}

/// Of a whole reply.
pub(crate) fn read(reply: &Reply<'_>) -> Told {
    let mut told = Told::default();
    for part in &reply.parts {
        match part {
            ReplyPart::Citation(citation) => told.citation(citation),
            ReplyPart::Extra(extra) => told.extra(extra),
            _ => {}
        }
    }
    told.sorted()
}
