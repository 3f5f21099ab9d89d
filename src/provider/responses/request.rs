//! A request in the form of OpenAI's `POST /v1/responses`.
//!
//! The API refuses parameters that it does not know, so only what has a place there is written; [`super::fate`] says
//! what becomes of the rest.

use crate::{
    ir::{ApiError, Request},
    provider::{Format, Upstream, conversation, extra},
};

use super::json::Object;

mod input;
mod media;
mod reasoning;
mod settings;
#[cfg(test)]
mod tests;
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
    extra::check(request, Format::Responses)?;
    let mut object = Object::begin(out);
    object.text("model", upstream.model);
    if request.stream {
        object.raw("stream", "true");
    }
    settings::write(request, upstream, &mut object)?;
    reasoning::write(request, upstream, &mut object);
    tools::write(request, &mut object)?;
    let wanted = reasoning::is_wanted(request, upstream.facts).then_some(upstream.provider);
    input::write(request, wanted, &mut object)?;
    object.end();
    Ok(())
}

/// An error that names a part of a message, by the places of both.
fn misplaced(place: (usize, usize), why: &str) -> ApiError {
    conversation::misplaced(Format::Responses, place, why)
}
