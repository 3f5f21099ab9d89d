//! A request of the intermediate form as the body of `POST /chat/completions`: for clients of other APIs than OpenAI's
//! chat, whose own bodies pass ([`super::write`]).
//!
//! Written is what OpenAI's chat takes, and what else the provider is known to take ([`takes`](crate::provider::quirks::Quirks::takes)). What the
//! provider's quirks change is changed as it is in a body of a client's own, by the same code.
//!
//! Sources: OpenAI API reference, "Create chat completion", and the types of the official SDK (openai 3.54.0).

use crate::{
    dialect::chat::scan::scan,
    ir::{ApiError, Request},
    provider::{Format, Upstream, conversation, json::Object},
};

mod messages;
pub(in crate::provider) mod parts;
mod settings;
#[cfg(test)]
mod tests;
pub(in crate::provider) mod tools;

pub(in crate::provider) use settings::{response_format, strings};

/// Appends `request` to `out` as one JSON object. A stream is always asked to tell its usage.
///
/// # Errors
///
/// Where the request holds what chat completions or the provider have no place for, or what the reply could not tell by
/// the intermediate form (more than one answer, probabilities of tokens, sound), naming the field. `out` is then as it
/// was.
pub fn compose(request: &Request<'_>, upstream: &Upstream<'_>, out: &mut Vec<u8>) -> Result<(), ApiError> {
    let start = out.len();
    write_object(request, upstream, out)
        .and_then(|()| if upstream.quirks.is_none() { Ok(()) } else { adapt(start, upstream, out) })
        .inspect_err(|_| out.truncate(start))
}

/// Changes what was written from `start` on as the provider's quirks say.
fn adapt(start: usize, upstream: &Upstream<'_>, out: &mut Vec<u8>) -> Result<(), ApiError> {
    let body = out.split_off(start);
    if !super::write(&body, &scan(&body)?, upstream, out)? {
        out.extend_from_slice(&body);
    }
    Ok(())
}

fn write_object(request: &Request<'_>, upstream: &Upstream<'_>, out: &mut Vec<u8>) -> Result<(), ApiError> {
    settings::check(request)?;
    let mut object = Object::begin(out);
    object.text("model", upstream.model);
    let own = tools::Own { any: "required", bare: true, marks: upstream.quirks.takes(MARKS) };
    tools::write(request, own, &mut object)?;
    messages::write(request, upstream.quirks, &mut object)?;
    settings::write(request, upstream, &mut object)?;
    object.end();
    Ok(())
}

/// What quirks call the marks of prompt caches by.
const MARKS: &str = "cache_control";

/// An error that names a part of a message, by the places of both.
fn misplaced(place: (usize, usize), why: &str) -> ApiError {
    conversation::misplaced(Format::Openai, place, why)
}
