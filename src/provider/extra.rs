//! Fields of the client's dialect that the intermediate form has no place for.

use serde_json::value::RawValue;

use crate::{
    dialect::chat::field::Field,
    ir::{ApiError, Request},
    provider::{
        Format,
        fate::{self, Fate},
    },
};

/// Refuses what would change the answer if it were left out. The gateway leaves such targets out before it comes to
/// this; a request that arrives all the same must not lose its meaning in silence.
///
/// # Errors
///
/// Naming the first field whose fate is [`Fate::Refused`].
pub(super) fn check(request: &Request<'_>, format: Format) -> Result<(), ApiError> {
    if request.n.is_some_and(|n| n > 1) {
        return Err(refuse(format, Field::N));
    }
    if !request.stop.is_empty() && matches!(fate::of_chat(format, Field::Stop), Fate::Refused(_)) {
        return Err(refuse(format, Field::Stop));
    }
    for (name, raw) in &request.extra {
        let Some(field) = Field::ALL.iter().find(|field| field.name() == name) else { continue };
        if matches!(fate::of_chat(format, *field), Fate::Refused(_)) && uses(*field, raw) {
            return Err(refuse(format, *field));
        }
    }
    Ok(())
}

/// Whether the value counts as using the field, by [`Field::when`].
pub(super) fn uses(field: Field, raw: &RawValue) -> bool {
    let text = raw.get();
    match field {
        Field::Logprobs => text == "true",
        Field::TopLogprobs => text != "0" && text != "null",
        Field::LogitBias => super::json::members(raw).map_or(text != "null", |biases| !biases.is_empty()),
        // Text alone is what every model answers with.
        Field::Modalities => serde_json::from_str::<Vec<&str>>(text)
            .map_or(text != "null", |kinds| kinds.iter().any(|kind| *kind != "text")),
        _ => text != "null",
    }
}

fn refuse(format: Format, field: Field) -> ApiError {
    let why = match fate::of_chat(format, field) {
        Fate::Refused(why) => why,
        _ => "it has no counterpart",
    };
    let name = field.name();
    ApiError::invalid(name, format!("`{name}` cannot be sent to {}: {why}.", format.whose_model()))
}
