//! What Anthropic tells beside the text: sources, blocks that are no one's concern but the provider's own tools', and a
//! few members of the message.
//!
//! Source: API reference, "Create a Message" (`TextCitation`, the blocks of server tools, `Container`,
//! `RefusalStopDetails`), and guide "Citations".

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::json::{Object, compact, members, pick, text, value};
use crate::{
    ir::{Citation, Extra},
    provider::beside::{self, Beside},
};

/// Most bytes of sources that are held until their block of text ends, so that it is known how far they reach.
const MAX_CITED: usize = 64 * 1024;

/// Gets the sources.
type Sink<'s> = &'s mut dyn FnMut(Citation<'static>);

/// What was told so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    extras: Beside,
    /// How many characters of text came.
    chars: u64,
    /// Where the block of text began that is open.
    from: u64,
    /// Its sources.
    links: Vec<Citation<'static>>,
    /// The same as they came, the elements of a list.
    cited: String,
    open: Option<Open>,
}

/// A block that a chat client has no place for, and what its deltas change in it.
#[derive(Debug)]
struct Open {
    index: u64,
    block: String,
    change: &'static str,
    /// JSON text.
    to: String,
    fits: bool,
}

impl Told {
    /// Of a whole reply, which is bounded already.
    pub(super) fn whole() -> Self {
        Self { extras: Beside::up_to(usize::MAX), ..Self::default() }
    }

    /// A member of the message, where it is there.
    pub(super) fn member(&mut self, name: &'static str, raw: Option<&RawValue>) {
        if let Some(raw) = raw {
            self.extras.put(name, raw.get());
        }
    }

    /// Text was given.
    pub(super) fn text(&mut self, text: &str) {
        self.chars += text.chars().count() as u64;
    }

    /// A source of the block of text that is open.
    pub(super) fn cite(&mut self, raw: &RawValue, sink: Sink<'_>) {
        if !raw.get().starts_with('{') {
            return;
        }
        let json = compact(raw.get());
        if self.cited.len() + json.len() > MAX_CITED {
            self.end_text(sink);
        }
        if json.len() > MAX_CITED {
            return self.extras.leave_out("citations");
        }
        if !self.cited.is_empty() {
            self.cited.push(',');
        }
        self.cited.push_str(&json);
        // `source` is of the client's own search results: a link, or any other name.
        let Some([url, source, title]) = pick(raw.get(), ["url", "source", "title"]) else { return };
        let is_link = |url: &Cow<'_, str>| url.starts_with("https://") || url.starts_with("http://");
        if let Some(url) = text(url.or(source)).filter(is_link) {
            let title = text(title).unwrap_or_default().into_owned();
            self.links.push(Citation { url: url.into_owned().into(), title: title.into(), span: None });
        }
    }

    /// The block of text has ended: its sources stand for all of it.
    pub(super) fn end_text(&mut self, sink: Sink<'_>) {
        let span = (self.from, self.chars);
        for link in self.links.drain(..) {
            sink(Citation { span: Some(span), ..link });
        }
        if !self.cited.is_empty() {
            let mut group = Vec::new();
            let mut object = Object::begin(&mut group);
            value(object.key("start_index"), &span.0);
            value(object.key("end_index"), &span.1);
            object.raw("citations", &format!("[{}]", self.cited));
            object.end();
            self.extras.push("citations", &String::from_utf8(group).unwrap_or_default());
            self.cited.clear();
        }
        self.from = self.chars;
    }

    /// A block begins that a chat client has no place for.
    pub(super) fn begin(&mut self, index: u64, block: &RawValue) {
        self.end();
        let fits = block.get().len() <= beside::MAX_BYTES;
        let block = if fits { block.get().to_owned() } else { String::new() };
        self.open = Some(Open { index, block, change: "", to: String::new(), fits });
    }

    /// More JSON text of a member of the block that is open.
    pub(super) fn change(&mut self, index: u64, member: &'static str, json: &str) {
        let Some(open) = self.open.as_mut().filter(|open| open.index == index) else { return };
        open.fits &= open.block.len() + open.to.len() + json.len() <= beside::MAX_BYTES;
        if open.fits {
            open.change = member;
            open.to.push_str(json);
        }
    }

    /// A block has ended.
    pub(super) fn end_block(&mut self, index: u64, sink: Sink<'_>) {
        if self.open.as_ref().is_some_and(|open| open.index == index) {
            return self.end();
        }
        self.end_text(sink);
    }

    fn end(&mut self) {
        let Some(Open { block, change, to, fits, .. }) = self.open.take() else { return };
        if !fits {
            return self.extras.leave_out("blocks");
        }
        self.extras.push("blocks", &changed(&block, change, &to).unwrap_or(block));
    }

    /// All that is kept until the answer ends.
    pub(super) fn finish(&mut self, sink: Sink<'_>) -> Vec<Extra<'static>> {
        self.end_text(sink);
        self.end();
        self.extras.take("anthropic")
    }
}

/// `block` with another value of a member; `None` where there is none, or it is no JSON.
fn changed(block: &str, member: &str, to: &str) -> Option<String> {
    let to: &RawValue = serde_json::from_str(to).ok()?;
    let block: &RawValue = serde_json::from_str(block).ok()?;
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    for (name, raw) in members(block)?.iter().filter(|(name, _)| name != member) {
        object.any_key(name).extend_from_slice(raw.get().as_bytes());
    }
    object.raw(member, to.get());
    object.end();
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    fn extras(told: &mut Told) -> Vec<(&'static str, String)> {
        let extras = told.finish(&mut |_| {});
        extras.into_iter().map(|extra| (extra.name, extra.json.into_owned())).collect()
    }

    #[test]
    fn sources_without_end_are_given_before_the_text_ends() {
        let mut told = Told::default();
        let source = format!(r#"{{"url":"https://a.example/","cited_text":"{}"}}"#, "x".repeat(1000));
        let mut given = Vec::new();
        let mut most = 0;
        for _ in 0..1000 {
            told.text("é");
            told.cite(raw(&source), &mut |citation| given.push(citation.span));
            most = most.max(told.cited.len());
        }
        assert!(most <= MAX_CITED && given.len() > 900, "{most} bytes, {} given", given.len());
        told.end_text(&mut |citation| given.push(citation.span));
        assert_eq!((given.len(), given[0].unwrap().0, given[999].unwrap().1), (1000, 0, 1000));
        let found = extras(&mut told);
        let groups: Vec<serde_json::Value> = serde_json::from_str(&found[0].1).unwrap();
        let count: usize = groups.iter().map(|group| group["citations"].as_array().unwrap().len()).sum();
        assert_eq!(count, 1000);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let mut told = Told::default();
        let long = "x".repeat(beside::MAX_BYTES);
        told.begin(0, raw(r#"{"type":"server_tool_use","input":{}}"#));
        told.change(0, "input", &long);
        told.change(0, "input", &long);
        assert!(told.open.as_ref().unwrap().to.len() <= beside::MAX_BYTES);
        told.end_block(0, &mut |_| {});
        told.begin(1, raw(&format!("{{\"type\":\"x\",\"data\":\"{long}\"}}")));
        told.cite(raw(&format!("{{\"cited_text\":\"{long}\"}}")), &mut |_| {});
        assert_eq!(extras(&mut told), [("left_out", "[\"blocks\",\"citations\"]".to_owned())]);
    }

    #[test]
    fn a_block_is_changed_by_its_own_deltas_alone() {
        let mut told = Told::default();
        told.begin(3, raw(r#"{"type":"server_tool_use","input":{},"id":"a"}"#));
        told.change(2, "input", "{\"other\":1}");
        told.change(3, "input", "{\"q\"");
        told.change(3, "input", ":1}");
        // One that was not closed, and arguments that are no JSON.
        told.begin(4, raw(r#"{"type":"server_tool_use","input":{},"id":"b"}"#));
        told.change(4, "input", "{\"q\"");
        let wanted = r#"[{"type":"server_tool_use","id":"a","input":{"q":1}},{"type":"server_tool_use","input":{},"id":"b"}]"#;
        assert_eq!(extras(&mut told), [("blocks", wanted.to_owned())]);
    }
}
