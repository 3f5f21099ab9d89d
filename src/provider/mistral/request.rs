//! A request in Mistral's form.

use crate::{
    ir::{ApiError, Request},
    provider::{Format, Upstream, conversation, extra, json::Object, openai::request::compose::tools},
};

mod ids;
mod messages;
mod parts;
mod settings;

/// Appends `request` to `out` as one JSON object.
///
/// # Errors
///
/// Where the request holds what the provider has no place for, naming the field as the client spelled it. `out` is
/// then as it was.
pub fn write(request: &Request<'_>, upstream: &Upstream<'_>, out: &mut Vec<u8>) -> Result<(), ApiError> {
    let start = out.len();
    write_object(request, upstream, out).inspect_err(|_| out.truncate(start))
}

fn write_object(request: &Request<'_>, upstream: &Upstream<'_>, out: &mut Vec<u8>) -> Result<(), ApiError> {
    extra::check(request, Format::Mistral)?;
    let mut object = Object::begin(out);
    object.text("model", upstream.model);
    let own = tools::Own { any: "any", bare: false, marks: false };
    tools::write(request, own, &mut object)?;
    messages::write(request, upstream.facts, &mut object)?;
    settings::write(request, upstream.facts, &mut object);
    object.end();
    Ok(())
}

/// An error that names a part of a message.
fn misplaced(place: (usize, usize), why: &str) -> ApiError {
    conversation::misplaced(Format::Mistral, place, why)
}
