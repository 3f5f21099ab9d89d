//! Custom tools, which take free text, as functions with one string: the form in which all providers but those of Responses
//! know them. And their calls as chat clients that send Responses requests want them.

use std::rc::Rc;

use serde_json::value::RawValue;

use super::Asked;
use crate::{
    dialect::{ReplyContext, chat::json, node::Members},
    ir::{Encoder, Event, Reply, ReplyPart},
};

#[cfg(test)]
mod tests;

/// The one argument of the function.
const INPUT: &str = "input";

/// The most bytes of calls that are held back. No model answers with more.
const MOST: usize = 8 * 1024 * 1024;

/// The arguments of the function, for this text.
pub(crate) fn wrapped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 16);
    out.extend_from_slice(b"{\"");
    out.extend_from_slice(INPUT.as_bytes());
    out.extend_from_slice(b"\":");
    json::string(text, &mut out);
    out.push(b'}');
    // All of it came from texts.
    String::from_utf8(out).unwrap_or_default()
}

/// The text in the arguments of the function; `None` where the model did not keep to it.
pub(crate) fn text_of(arguments: &str) -> Option<String> {
    let Members(members) = serde_json::from_str(arguments).ok()?;
    let [(_, only)]: [(_, &RawValue); 1] = members.try_into().ok()?;
    serde_json::from_str(only.get()).ok()
}

/// Whether a reply that is told as chat may hold calls of custom tools. Chat Completions have such calls, but who sends
/// Responses requests to its endpoint (Cursor) reads `function` of every call, and takes the text from its `arguments`.
pub(crate) fn are_told_as_chat(context: &ReplyContext) -> bool {
    context.asked.as_deref().is_some_and(|asked| asked.tools.iter().any(|tool| tool.custom))
}

/// Puts the text of each call of a custom tool in the place of its arguments.
pub(crate) fn tell_as_chat(reply: &mut Reply<'_>, asked: &Asked) {
    for part in &mut reply.parts {
        let ReplyPart::ToolCall { name, arguments, .. } = part else { continue };
        if is_custom(asked, name)
            && let Some(text) = text_of(arguments)
        {
            *arguments = text.into();
        }
    }
}

fn is_custom(asked: &Asked, name: &str) -> bool {
    asked.named(name).is_some_and(|tool| tool.custom)
}

/// The same of a stream: the arguments of such a call are held back until they are whole.
#[derive(Debug)]
pub(crate) struct CustomAsChat<E> {
    inner: E,
    asked: Rc<Asked>,
    /// Calls under way, and what came of their arguments.
    held: Vec<(u32, String)>,
    bytes: usize,
}

impl<E> CustomAsChat<E> {
    /// A stream that has not begun.
    pub(crate) fn new(inner: E, asked: Rc<Asked>) -> Self {
        Self { inner, asked, held: Vec::new(), bytes: 0 }
    }
}

impl<E: Encoder> Encoder for CustomAsChat<E> {
    fn encode(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        match &event {
            Event::ToolStart { index, name, .. } if is_custom(&self.asked, name) => {
                self.held.push((*index, String::new()));
            }
            Event::ToolArguments { index, fragment } => {
                if let Some((_, held)) = self.held.iter_mut().find(|(held, _)| held == index)
                    && self.bytes + fragment.len() <= MOST
                {
                    self.bytes += fragment.len();
                    held.push_str(fragment);
                    return;
                }
            }
            Event::ToolEnd { index } => {
                if let Some(at) = self.held.iter().position(|(held, _)| held == index) {
                    let (index, arguments) = self.held.remove(at);
                    let fragment = text_of(&arguments).unwrap_or(arguments).into();
                    self.inner.encode(Event::ToolArguments { index, fragment }, out);
                }
            }
            _ => {}
        }
        self.inner.encode(event, out);
    }
}
