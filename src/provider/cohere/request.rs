//! A request in the form of Cohere's `POST /v2/chat`.
//!
//! Only what has a place there is written; [`super::fate`] says what becomes of the rest.

use crate::{
    ir::{ApiError, Request},
    provider::{Format, Upstream, conversation, extra},
};

use super::json::Object;

mod assistant;
mod messages;
mod parts;
mod settings;
mod tools;

/// Appends `request` to `out` as one JSON object.
///
/// # Errors
///
/// Where the request holds what Cohere has no place for, naming the field as the client spelled it. `out` is then as
/// it was.
pub fn write(request: &Request<'_>, upstream: &Upstream<'_>, out: &mut Vec<u8>) -> Result<(), ApiError> {
    let start = out.len();
    write_object(request, upstream, out).inspect_err(|_| out.truncate(start))
}

fn write_object(request: &Request<'_>, upstream: &Upstream<'_>, out: &mut Vec<u8>) -> Result<(), ApiError> {
    extra::check(request, Format::Cohere)?;
    let said = conversation::said(request, &messages::is_blank)?;
    let tools = tools::plan(request)?;
    let mut object = Object::begin(out);
    object.text("model", upstream.model);
    if request.stream {
        object.raw("stream", "true");
    }
    settings::write(request, upstream.facts, &mut object)?;
    tools.write(&mut object)?;
    messages::write(&said, request, upstream.facts, &mut object)?;
    object.end();
    Ok(())
}

/// An error that names a part of a message.
fn misplaced(place: (usize, usize), why: &str) -> ApiError {
    conversation::misplaced(Format::Cohere, place, why)
}
