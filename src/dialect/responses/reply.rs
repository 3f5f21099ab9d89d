//! A reply in the form of a `response`.

use super::{
    output::Output,
    words::{Body, Head, Status},
};
use crate::{
    dialect::ReplyContext,
    ir::{Reply, ReplyPart},
};

#[cfg(test)]
mod tests;

/// Appends `reply` to `out` as one JSON object.
pub fn write(reply: &Reply<'_>, context: &ReplyContext, out: &mut Vec<u8>) {
    let mut output = Output::new(context, true);
    let mut calls = 0;
    // It tells of nothing until it is whole.
    let none = &mut Vec::new();
    for part in &reply.parts {
        match part {
            ReplyPart::Text(text) => output.text(false, text, none),
            ReplyPart::Refusal(text) => output.text(true, text, none),
            ReplyPart::Thinking { text, signature } => {
                output.thinking(text, none);
                if let Some(signature) = signature {
                    output.signature(signature, none);
                }
            }
            ReplyPart::RedactedThinking(data) => output.redacted(data, none),
            ReplyPart::ToolCall { id, name, arguments, signature } => {
                output.call((calls, id, name), signature.as_deref(), none);
                output.arguments(calls, arguments, none);
                output.end_call(calls, none);
                calls += 1;
            }
            ReplyPart::Citation(citation) => output.citation(citation, none),
            ReplyPart::Extra(extra) => output.extra(extra, none),
        }
    }
    let status = Status::of(&reply.finish);
    output.end(status.word(), none);
    let head = Head::new(reply.id.as_deref(), reply.created, reply.model.as_deref(), context);
    head.write(status, &Body { usage: reply.usage, ..output.body() }, out);
}
