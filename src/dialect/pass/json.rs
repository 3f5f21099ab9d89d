//! A JSON body: its model, and whether a stream is wanted.

use serde_json::value::RawValue;

use super::{Form, Head, Place, default_model, path};
use crate::{
    dialect::{
        Ask,
        chat::{
            node::Members,
            scan::{malformed, model_name, object, span},
        },
    },
    ir::ApiError,
};

/// The members that are read. Two of a name, and one in another case, would be read in two ways.
const NAMES: [&str; 2] = ["model", "stream"];

/// Reads the head of a JSON body.
///
/// # Errors
///
/// For bytes that are not one JSON object, for a `model` that is there twice, in another case, or no name, and for one that
/// is missing where the endpoint has no default.
pub(super) fn scan(ask: Ask, body: &[u8]) -> Result<Head, ApiError> {
    let (text, open) = object(body)?;
    let invalid = |error| malformed(format!("the request body is not valid JSON: {error}"));
    let Members(members) = serde_json::from_str(text).map_err(invalid)?;
    let mut found: [Option<&RawValue>; 2] = [None; 2];
    for (name, raw) in &members {
        let Some(index) = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)) else { continue };
        let Some(slot) = found.get_mut(index) else { continue };
        if slot.is_some() || NAMES.get(index) != Some(&&**name) {
            let message = format!("`{}` must be there once, in lower case", name.to_ascii_lowercase());
            return Err(ApiError::invalid(name.to_ascii_lowercase(), message));
        }
        *slot = Some(raw);
    }
    let [model, stream] = found.map(|raw| raw.filter(|raw| raw.get() != "null"));
    let (name, place) = match (model, default_model(ask)) {
        (Some(raw), _) => (model_name(raw.get())?, Place { span: span(body, raw), form: Form::Json }),
        (None, Some(default)) => (default.to_owned(), missing(body, open + 1, found, !members.is_empty())),
        (None, None) => return Err(ApiError::invalid("model", "you must provide a `model`")),
    };
    Ok(Head {
        model: name,
        stream: stream.is_some_and(|raw| raw.get() == "true"),
        method: "POST",
        path: path(ask).unwrap_or_default().into(),
        content_type: "application/json".to_owned(),
        length: Some(body.len() as u64),
        place: Some(place),
        ..Head::default()
    })
}

/// Where the name goes of a model that is not named: in the place of a null, or in a member of its own.
fn missing(body: &[u8], insert: usize, [null, _]: [Option<&RawValue>; 2], more: bool) -> Place {
    null.map_or(Place { span: insert..insert, form: Form::Member(more) }, |raw| Place {
        span: span(body, raw),
        form: Form::Json,
    })
}
