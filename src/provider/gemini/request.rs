//! A request in the form of Gemini's `generateContent`, of the Gemini API or of Vertex AI.
//!
//! Gemini refuses keys that it does not know, so only what has a place there is written; [`super::fate`] says what
//! becomes of the rest. Names are in camel case, as the reference has them; the API takes no mixture.

use crate::{
    ir::{ApiError, Request},
    provider::{Format, Upstream, conversation, extra, model::ModelFacts, turns::Conversation},
};

use super::json::{Array, Object};

mod calls;
mod contents;
mod labels;
mod media;
mod settings;
mod thinking;
mod tools;

/// Appends `request` to `out` as one JSON object. The model, and whether to stream, are not in it but in the path.
///
/// # Errors
///
/// Where the request holds what Gemini has no place for, naming the field as the client spelled it. `out` is then as
/// it was.
pub fn write(
    request: &Request<'_>,
    format: Format,
    upstream: &Upstream<'_>,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    let start = out.len();
    write_object(request, format, upstream, out).inspect_err(|_| out.truncate(start))
}

fn write_object(
    request: &Request<'_>,
    format: Format,
    upstream: &Upstream<'_>,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    extra::check(request, format)?;
    let conversation = Conversation::of(&conversation::said(request, &contents::is_blank)?, false);
    let tools = tools::plan(request)?;
    let mut object = Object::begin(out);
    // Instruction, tools, conversation: what changes least comes first, for the provider's cache.
    contents::write_system(&conversation, &mut object)?;
    tools.write(&mut object)?;
    contents::write(&conversation, Target { facts: upstream.facts, format }, &mut object)?;
    settings::write(request, upstream.facts, &mut object)?;
    if format == Format::Vertex {
        labels::write(request, &mut object);
    }
    object.end();
    Ok(())
}

/// An error that names a part of a message.
fn misplaced(place: (usize, usize), why: &str) -> ApiError {
    conversation::misplaced(Format::Gemini, place, why)
}

/// Appends a part of text.
fn write_text(text: &str, parts: &mut Array<'_>) {
    write_signed(text, None, parts);
}

/// Appends a part of text with the signature of the reasoning behind it, where there is one.
fn write_signed(text: &str, signature: Option<&str>, parts: &mut Array<'_>) {
    let mut part = Object::begin(parts.item());
    part.text("text", text);
    if let Some(signature) = signature {
        part.text("thoughtSignature", signature);
    }
    part.end();
}

/// What the conversation is written for.
#[derive(Clone, Copy, Debug)]
struct Target<'r> {
    facts: &'r ModelFacts,
    format: Format,
}
