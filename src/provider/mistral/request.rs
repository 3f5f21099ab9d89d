//! A request in Mistral's form.

use crate::{
    ir::{ApiError, Request},
    provider::{
        Format, Upstream, conversation, extra,
        json::{Array, Object, value},
    },
};

mod ids;
mod messages;
mod parts;
mod settings;
mod tools;

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
    tools::write(request, &mut object)?;
    messages::write(request, upstream.facts, &mut object)?;
    settings::write(request, upstream.facts, &mut object)?;
    object.end();
    Ok(())
}

/// An error that names a part of a message.
fn misplaced(place: (usize, usize), why: &str) -> ApiError {
    conversation::misplaced(Format::Mistral, place, why)
}

/// Appends a list of strings.
fn strings<'s>(texts: impl Iterator<Item = &'s str>, out: &mut Vec<u8>) {
    let mut array = Array::begin(out);
    texts.for_each(|text| value(array.item(), text));
    array.end();
}
