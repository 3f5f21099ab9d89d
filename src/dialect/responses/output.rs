//! The items that an answer is made of, as it comes: each in the words of the API, and the events that tell of it.
//!
//! A whole reply and a stream are built by the same steps, so that a stream's last event holds what a reply without a
//! stream would have.
//!
//! Source of the rules: API reference, "The response object" and "Streaming events"; what the accumulators of the
//! official SDKs need: every item has a place of its own (`output_index`, in the order in which items begin), keeps its
//! id, and has ended before the answer does. Items may be open at the same time.

mod item;

use std::rc::Rc;

use self::item::{Call, Message, Part, Reasoning, append, content_place, item_place, summary, summary_place};
use super::{
    Asked, custom,
    words::{self, Body, Frames, Head, Status, escaped_member, key, member},
};
use crate::{
    dialect::{ReplyContext, chat::json},
    ir::{ApiError, Citation, Extra, Usage},
    signature::{Carried, Encrypted},
};

/// The most bytes of an answer that are kept for the event that repeats all of it. The longest answers of models are
/// below a megabyte; pictures, which have no place in a response, may be some.
pub(super) const MAX_KEPT: usize = 16 << 20;

/// What an item costs that holds nothing.
const ITEM: usize = 256;

/// The output of one answer.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) frames: Frames,
    /// What ids of items are made of.
    base: String,
    asked: Option<Rc<Asked>>,
    /// In their order; those that have not ended are empty.
    items: Vec<Vec<u8>>,
    open: Open,
    /// Those that have not ended.
    calls: Vec<Call>,
    /// Of the text so far: places of sources count in it.
    characters: u64,
    extras: Vec<Extra<'static>>,
    /// How many bytes are kept of all that came.
    kept: usize,
}

/// The item that more of the same belongs to. Calls are apart: several may be open.
#[derive(Debug, Default)]
enum Open {
    #[default]
    None,
    Message(Message),
    Reasoning(Reasoning),
}

impl Output {
    /// One that has not begun. `is_quiet`: nothing is told of it until it is whole.
    pub(super) fn new(context: &ReplyContext, is_quiet: bool) -> Self {
        Self {
            frames: Frames { is_quiet, number: 0 },
            base: context.id.clone(),
            asked: context.asked.clone(),
            items: Vec::new(),
            open: Open::None,
            calls: Vec::new(),
            characters: 0,
            extras: Vec::new(),
            kept: 0,
        }
    }

    /// What has ended so far.
    pub(super) fn body(&self) -> Body<'_> {
        Body { items: &self.items, usage: None, extras: &self.extras }
    }

    /// Appends the event that tells how the whole answer stands.
    pub(super) fn told(&mut self, status: Status<'_>, head: &Head, usage: Option<Usage>, out: &mut Vec<u8>) {
        let body = Body { items: &self.items, usage, extras: &self.extras };
        self.frames.response(status, head, &body, out);
    }

    /// Appends the events that end a stream which failed, with the items that had ended.
    pub(super) fn failed(&mut self, error: &ApiError, head: &Head, usage: Option<Usage>, out: &mut Vec<u8>) {
        let body = Body { items: &self.items, usage, extras: &self.extras };
        self.frames.fail(error, head, &body, out);
    }

    /// Whether more came than is kept.
    pub(super) fn is_full(&self) -> bool {
        self.kept > MAX_KEPT
    }

    /// A place for another item, and its id.
    fn place(&mut self, prefix: &str) -> (usize, String) {
        let at = self.items.len();
        self.items.push(Vec::new());
        self.kept += ITEM;
        let mut id = [prefix, &self.base, "_"].concat().into_bytes();
        json::number(at as u64, &mut id);
        (at, String::from_utf8(id).unwrap_or_default())
    }

    /// Tells of an item, which begins or ends.
    fn tell(&mut self, kind: &str, at: usize, item: &[u8], out: &mut Vec<u8>) {
        if self.frames.begin(kind, out) {
            words::count("output_index", at as u64, out);
            key("item", out);
            out.extend_from_slice(item);
            words::end(out);
        }
    }

    fn added(&mut self, at: usize, item: &[u8], out: &mut Vec<u8>) {
        self.tell("response.output_item.added", at, item, out);
    }

    fn done(&mut self, at: usize, item: Vec<u8>, out: &mut Vec<u8>) {
        self.tell("response.output_item.done", at, &item, out);
        if let Some(place) = self.items.get_mut(at) {
            *place = item;
        }
    }

    /// More text for the user; with `refuses`, of why the model does not answer.
    pub(super) fn text(&mut self, refuses: bool, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.begin_part(refuses, out);
        let Open::Message(Message { at, id, parts, part: Some(part), .. }) = &mut self.open else { return };
        let from = part.text.len();
        json::escaped(text, &mut part.text);
        let delta = part.text.get(from..).unwrap_or_default();
        self.kept += delta.len();
        let kind = if refuses { "response.refusal.delta" } else { "response.output_text.delta" };
        if self.frames.begin(kind, out) {
            content_place(id, *at, *parts, out);
            escaped_member("delta", delta, out);
            out.extend_from_slice(if refuses { b"" } else { b",\"logprobs\":[]" });
            words::end(out);
        }
        if !refuses {
            self.characters = self.characters.saturating_add(text.chars().count() as u64);
        }
    }

    /// Makes the open item a message with an open part of this kind.
    fn begin_part(&mut self, refuses: bool, out: &mut Vec<u8>) {
        match &mut self.open {
            Open::Message(Message { part: Some(part), .. }) if part.refuses == refuses => return,
            Open::Message(message) => message.end_part(&mut self.frames, out),
            _ => {
                self.close("completed", out);
                let (at, id) = self.place("msg_");
                let message = Message { at, id, content: Vec::new(), parts: 0, part: None };
                self.added(at, &message.item("in_progress"), out);
                self.open = Open::Message(message);
            }
        }
        let Open::Message(message) = &mut self.open else { return };
        let start = self.characters;
        let part = Part { refuses, text: Vec::new(), annotations: Vec::new(), sources: 0, start };
        if self.frames.begin("response.content_part.added", out) {
            content_place(&message.id, message.at, message.parts, out);
            key("part", out);
            part.write(out);
            words::end(out);
        }
        message.part = Some(part);
    }

    /// A source of the text so far. Its place counts within the part, as clients take it.
    pub(super) fn citation(&mut self, citation: &Citation<'_>, out: &mut Vec<u8>) {
        self.begin_part(false, out);
        let Open::Message(Message { at, id, parts, part: Some(part), .. }) = &mut self.open else { return };
        let (start, end) = citation.span.unwrap_or((part.start, part.start));
        let mut annotation = b"{\"type\":\"url_citation\"".to_vec();
        words::count("start_index", start.saturating_sub(part.start), &mut annotation);
        words::count("end_index", end.saturating_sub(part.start), &mut annotation);
        member("url", &citation.url, &mut annotation);
        member("title", &citation.title, &mut annotation);
        annotation.push(b'}');
        self.kept += annotation.len();
        if self.frames.begin("response.output_text.annotation.added", out) {
            content_place(id, *at, *parts, out);
            words::count("annotation_index", part.sources, out);
            key("annotation", out);
            out.extend_from_slice(&annotation);
            words::end(out);
        }
        append(&annotation, &mut part.annotations);
        part.sources += 1;
    }

    /// More of the model's reasoning.
    pub(super) fn thinking(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.begin_reasoning(out);
        let Open::Reasoning(Reasoning { at, id, text: all }) = &mut self.open else { return };
        if all.is_empty() && self.frames.begin("response.reasoning_summary_part.added", out) {
            summary_place(id, *at, out);
            key("part", out);
            summary(b"", out);
            words::end(out);
        }
        let from = all.len();
        json::escaped(text, all);
        let delta = all.get(from..).unwrap_or_default();
        self.kept += delta.len();
        if self.frames.begin("response.reasoning_summary_text.delta", out) {
            summary_place(id, *at, out);
            escaped_member("delta", delta, out);
            words::end(out);
        }
    }

    fn begin_reasoning(&mut self, out: &mut Vec<u8>) {
        if matches!(self.open, Open::Reasoning(_)) {
            return;
        }
        self.close("completed", out);
        let (at, id) = self.place("rs_");
        let reasoning = Reasoning { at, id, text: Vec::new() };
        self.added(at, &reasoning.item(None), out);
        self.open = Open::Reasoning(reasoning);
    }

    /// The signature of the reasoning so far, which ends it.
    pub(super) fn signature(&mut self, signature: &str, out: &mut Vec<u8>) {
        self.begin_reasoning(out);
        self.seal(Encrypted::Thinking(signature), out);
    }

    /// Reasoning that the provider encrypted.
    pub(super) fn redacted(&mut self, data: &str, out: &mut Vec<u8>) {
        self.sealed(Encrypted::Redacted(data), out);
    }

    /// An item of nothing but encrypted content.
    fn sealed(&mut self, content: Encrypted<'_>, out: &mut Vec<u8>) {
        self.close("completed", out);
        self.begin_reasoning(out);
        self.seal(content, out);
    }

    /// Ends the open reasoning. Its encrypted content is there whether or not the client asked for it: without it, the
    /// reasoning could not go back.
    fn seal(&mut self, content: Encrypted<'_>, out: &mut Vec<u8>) {
        if let Open::Reasoning(reasoning) = std::mem::take(&mut self.open) {
            let content = content.content();
            self.kept += content.len();
            self.end_reasoning(&reasoning, Some(&content), out);
        }
    }

    fn end_reasoning(&mut self, reasoning: &Reasoning, encrypted: Option<&str>, out: &mut Vec<u8>) {
        let Reasoning { at, id, text } = reasoning;
        if !text.is_empty() {
            if self.frames.begin("response.reasoning_summary_text.done", out) {
                summary_place(id, *at, out);
                escaped_member("text", text, out);
                words::end(out);
            }
            if self.frames.begin("response.reasoning_summary_part.done", out) {
                summary_place(id, *at, out);
                key("part", out);
                summary(text, out);
                words::end(out);
            }
        }
        self.done(*at, reasoning.item(encrypted), out);
    }

    /// A tool call begins. `name` is the one that the provider knows the tool by.
    pub(super) fn call(
        &mut self,
        (index, id, name): (u32, &str, &str),
        signature: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        self.close("completed", out);
        if let Some(signature) = signature {
            self.sealed(Encrypted::Carried(Carried::OfCall(signature)), out);
        }
        let asked = self.asked.clone();
        let named = asked.as_ref().and_then(|asked| asked.named(name));
        let custom = named.is_some_and(|named| named.custom);
        let mut members = Vec::new();
        member("call_id", id, &mut members);
        member("name", named.map_or(name, |named| &named.name), &mut members);
        if let Some(namespace) = named.and_then(|named| named.namespace.as_deref()) {
            member("namespace", namespace, &mut members);
        }
        self.kept += members.len();
        let (at, id) = self.place(if custom { "ctc_" } else { "fc_" });
        let call = Call { index, at, id, members, custom, arguments: Vec::new() };
        self.added(at, &call.item("in_progress", b""), out);
        self.calls.push(call);
    }

    /// More of a call's arguments. Those of a custom tool are told when they are whole: its input is a string within
    /// them.
    pub(super) fn arguments(&mut self, index: u32, fragment: &str, out: &mut Vec<u8>) {
        let Some(call) = self.calls.iter_mut().rfind(|call| call.index == index) else { return };
        if fragment.is_empty() {
            return;
        }
        self.kept += fragment.len();
        if call.custom {
            call.arguments.extend_from_slice(fragment.as_bytes());
            return;
        }
        let from = call.arguments.len();
        json::escaped(fragment, &mut call.arguments);
        if self.frames.begin("response.function_call_arguments.delta", out) {
            item_place(&call.id, call.at, out);
            escaped_member("delta", call.arguments.get(from..).unwrap_or_default(), out);
            words::end(out);
        }
    }

    /// A call is whole.
    pub(super) fn end_call(&mut self, index: u32, out: &mut Vec<u8>) {
        if let Some(at) = self.calls.iter().rposition(|call| call.index == index) {
            let call = self.calls.remove(at);
            self.close_call(call, out);
        }
    }

    fn close_call(&mut self, call: Call, out: &mut Vec<u8>) {
        let (kind, name, arguments) = if call.custom {
            let input = input(&call.arguments);
            if !input.is_empty() && self.frames.begin("response.custom_tool_call_input.delta", out) {
                item_place(&call.id, call.at, out);
                escaped_member("delta", &input, out);
                words::end(out);
            }
            ("response.custom_tool_call_input.done", "input", input)
        } else {
            ("response.function_call_arguments.done", "arguments", call.arguments.clone())
        };
        if self.frames.begin(kind, out) {
            item_place(&call.id, call.at, out);
            escaped_member(name, &arguments, out);
            words::end(out);
        }
        self.done(call.at, call.item("completed", &arguments), out);
    }

    /// What only the vendor's own API tells. The signature of the text has to come back, and so is an item of its own;
    /// what else there is stands beside the output.
    pub(super) fn extra(&mut self, extra: &Extra<'_>, out: &mut Vec<u8>) {
        let Extra { vendor, name, json } = extra;
        if (*vendor, *name) == ("google", "thought_signature")
            && let Ok(signature) = serde_json::from_str::<String>(json)
        {
            return self.sealed(Encrypted::Carried(Carried::OfText(&signature)), out);
        }
        self.kept += json.len();
        self.extras.push(Extra { vendor, name, json: json.clone().into_owned().into() });
    }

    /// The answer has ended; `status` is that of what was being written.
    pub(super) fn end(&mut self, status: &str, out: &mut Vec<u8>) {
        self.close(status, out);
        for call in std::mem::take(&mut self.calls) {
            self.close_call(call, out);
        }
    }

    /// Ends the message or the reasoning that is open.
    fn close(&mut self, status: &str, out: &mut Vec<u8>) {
        match std::mem::take(&mut self.open) {
            Open::None => {}
            Open::Message(mut message) => {
                message.end_part(&mut self.frames, out);
                self.done(message.at, message.item(status), out);
            }
            Open::Reasoning(reasoning) => self.end_reasoning(&reasoning, None, out),
        }
    }
}

/// The input of a custom tool, escaped for a JSON string: the text in the arguments of the function that stood for it. A
/// model that did not keep to that function has its arguments taken as they are.
fn input(arguments: &[u8]) -> Vec<u8> {
    // It came as text, and so is UTF-8.
    let arguments = str::from_utf8(arguments).unwrap_or_default();
    let mut escaped = Vec::with_capacity(arguments.len());
    json::escaped(custom::text_of(arguments).as_deref().unwrap_or(arguments), &mut escaped);
    escaped
}
