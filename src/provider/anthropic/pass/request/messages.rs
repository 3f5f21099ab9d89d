//! The conversation: what others signed is left out, and so is what the platform or the model does not know.

use serde_json::value::RawValue;

use super::{super::super::beta, Target, tools::runs_there};
use crate::{
    dialect::messages::{
        field::Field,
        kinds::{self, ServerKind},
    },
    ir::ApiError,
    provider::{
        Format,
        conversation::{SYSTEM_NOTE, nothing_said},
        json::{Array, Object, each_element, each_member, pick, text, value},
    },
    signature::{self, Carried},
};

/// Whether there may be anything to change.
pub(super) fn must_change(target: &Target<'_>) -> bool {
    target.uses(Field::ForeignReasoning)
        || target.uses(Field::Carried)
        || target.uses(Field::SystemMessage) && target.has_no_system_turns()
        || target.uses(Field::MessageOutputConfig) && without_config(target)
        || target.uses(Field::ServerBlock) && target.format != Format::Anthropic
}

fn without_config(target: &Target<'_>) -> bool {
    target.has_no_system_turns() || target.lacks(beta::PER_TURN)
}

/// Writes the list anew.
///
/// # Errors
///
/// Where nothing is left of it.
pub(super) fn changed(messages: &RawValue, target: &Target<'_>) -> Result<Vec<u8>, ApiError> {
    let mut out = Vec::with_capacity(messages.get().len());
    let mut writer = Writer {
        target,
        merges: target.uses(Field::SystemMessage) && target.has_no_system_turns(),
        turn: Turn::default(),
        list: Array::begin(&mut out),
    };
    each_element(messages.get(), &mut |message| writer.message(message));
    writer.flush();
    writer.list.end();
    if out == b"[]" { Err(nothing_said()) } else { Ok(out) }
}

struct Writer<'t, 'o, 'a> {
    target: &'t Target<'t>,
    /// System messages become words of the user.
    merges: bool,
    /// What the user says, until the model does.
    turn: Turn<'a>,
    list: Array<'o>,
}

/// Messages that become one turn of the user.
#[derive(Default)]
struct Turn<'a> {
    /// The first of them, as long as it is the only one.
    only: Option<&'a RawValue>,
    /// Blocks, each behind a comma. Results come first: the API wants them where the calls were just made.
    results: Vec<u8>,
    others: Vec<u8>,
}

impl<'a> Writer<'_, '_, 'a> {
    fn message(&mut self, message: &'a RawValue) {
        let [role, content] = pick(message.get(), ["role", "content"]).unwrap_or_default();
        match text(role).as_deref() {
            Some("system") if self.merges => self.turn.add(None, content, SYSTEM_NOTE),
            Some("user") if self.merges => self.turn.add(Some(message), content, ""),
            Some("assistant") => {
                self.flush();
                self.answer(message, content);
            }
            _ => {
                self.flush();
                self.members(message, None);
            }
        }
    }

    /// A turn of the model. One of which nothing is left that says something is left out.
    fn answer(&mut self, message: &RawValue, content: Option<&RawValue>) {
        let Some(content) = content.filter(|content| content.get().starts_with('[')) else {
            return self.members(message, None);
        };
        let (mut blocks, mut dropped, mut says) = (Vec::new(), false, false);
        let mut kept = Array::begin(&mut blocks);
        let uncited =
            self.target.uses(Field::Citations) && !runs_there(ServerKind::WebSearch, self.target.format);
        each_element(content.get(), &mut |block| match judge(block, self.target) {
            Block::Foreign => dropped = true,
            kind => {
                says |= kind == Block::Said;
                let out = kept.item();
                if uncited && cites(block) {
                    dropped = true;
                    return without(block, "citations", out);
                }
                out.extend_from_slice(block.get().as_bytes());
            }
        });
        kept.end();
        if !dropped {
            return self.members(message, None);
        }
        if says {
            self.members(message, Some(&blocks));
        }
    }

    /// Appends a message, with other content if there is such, and without what is not known there.
    fn members(&mut self, message: &RawValue, content: Option<&[u8]>) {
        let without = self.target.uses(Field::MessageOutputConfig) && without_config(self.target);
        let out = self.list.item();
        if !message.get().starts_with('{') || (content.is_none() && !without) {
            return out.extend_from_slice(message.get().as_bytes());
        }
        let mut object = Object::begin(out);
        each_member(message.get(), &mut |name, raw| match (name, content) {
            ("output_config", _) if without => {}
            ("content", Some(content)) => object.key(name).extend_from_slice(content),
            _ => object.any_key(name).extend_from_slice(raw.get().as_bytes()),
        });
        object.end();
    }

    /// Appends what the user said so far.
    fn flush(&mut self) {
        let turn = std::mem::take(&mut self.turn);
        if let Some(message) = turn.only {
            return self.members(message, None);
        }
        let mut blocks = turn.results;
        blocks.extend_from_slice(&turn.others);
        let Some((_, blocks)) = blocks.split_first() else { return };
        let mut object = Object::begin(self.list.item());
        object.text("role", "user");
        let content = object.key("content");
        content.push(b'[');
        content.extend_from_slice(blocks);
        content.push(b']');
        object.end();
    }
}

impl<'a> Turn<'a> {
    /// Adds a message's blocks, each text behind `note`. `whole` is the message, where it may stand as it is.
    fn add(&mut self, whole: Option<&'a RawValue>, content: Option<&'a RawValue>, note: &str) {
        let first = self.results.is_empty() && self.others.is_empty();
        self.only = whole.filter(|_| first);
        let Some(content) = content else { return };
        if content.get().starts_with('[') {
            return each_element(content.get(), &mut |block| self.block(block, note));
        }
        if let Some(said) = text(Some(content)).filter(|said| !said.trim().is_empty()) {
            self.others.push(b',');
            let mut block = Object::begin(&mut self.others);
            block.text("type", "text");
            value(block.key("text"), &[note, &said].concat());
            block.end();
        }
    }

    fn block(&mut self, block: &RawValue, note: &str) {
        let [kind, said] = pick(block.get(), ["type", "text"]).unwrap_or_default();
        let kind = text(kind);
        let out = if kind.as_deref() == Some("tool_result") { &mut self.results } else { &mut self.others };
        let said = text(said).filter(|_| !note.is_empty());
        if said.as_deref().is_some_and(|said| said.trim().is_empty()) {
            return;
        }
        out.push(b',');
        let Some(said) = said else { return out.extend_from_slice(block.get().as_bytes()) };
        let mut object = Object::begin(out);
        each_member(block.get(), &mut |name, raw| match name {
            "text" => value(object.key(name), &[note, &said].concat()),
            _ => object.any_key(name).extend_from_slice(raw.get().as_bytes()),
        });
        object.end();
    }
}

/// Whether a block is a text that cites something.
fn cites(block: &RawValue) -> bool {
    pick(block.get(), ["citations"]).is_some_and(|[citations]| citations.is_some())
}

/// Appends an object without one of its members.
fn without(object: &RawValue, member: &str, out: &mut Vec<u8>) {
    let mut copy = Object::begin(out);
    each_member(object.get(), &mut |name, raw| {
        if name != member {
            copy.any_key(name).extend_from_slice(raw.get().as_bytes());
        }
    });
    copy.end();
}

/// What a block of the model's turn is to the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    /// It has no place there.
    Foreign,
    /// Reasoning, which alone is no answer.
    Reasoning,
    Said,
}

fn judge(block: &RawValue, target: &Target<'_>) -> Block {
    let names = ["type", "signature", "data", "name"];
    let [kind, signature, data, name] = pick(block.get(), names).unwrap_or_default();
    match text(kind).as_deref() {
        Some("thinking") if is_anthropics(signature) => Block::Reasoning,
        Some("thinking") => Block::Foreign,
        Some("redacted_thinking") if text(data).is_some_and(|data| Carried::of(&data).is_some()) => {
            Block::Foreign
        }
        Some("redacted_thinking") => Block::Reasoning,
        // Its own beta is known everywhere.
        Some("compaction") => Block::Said,
        Some(kind) if target.format != Format::Anthropic => {
            match kinds::server_block(kind, text(name).as_deref()) {
                Some(server) if !runs_there(server, target.format) => Block::Foreign,
                _ => Block::Said,
            }
        }
        _ => Block::Said,
    }
}

fn is_anthropics(signature: Option<&RawValue>) -> bool {
    text(signature).is_some_and(|signature| !signature.is_empty() && !signature::is_openais(&signature))
}

/// Whether a block is reasoning that Anthropic signed or encrypted.
pub(super) fn is_own_reasoning(block: &RawValue, target: &Target<'_>) -> bool {
    judge(block, target) == Block::Reasoning
}
