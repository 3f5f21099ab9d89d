//! Requests whose meaning lies in the members of one object: embeddings, rerank. Little is built of them.

use std::ops::Range;

use serde_json::value::RawValue;

use super::chat::{
    node::Members,
    scan::{body::wrong_type, malformed, model_name, object, shape::Shape, span},
};
use crate::ir::ApiError;

/// The members that a reader asks for.
pub(super) struct Names {
    /// Those that have a meaning here; the first is `model`.
    pub(super) known: &'static [&'static str],
    /// How many of them, from the first on, decide who serves the request and how: they must not come in another case.
    pub(super) guarded: usize,
}

/// A request, its members unread but known to be well-formed.
pub(super) struct Flat<'a> {
    /// The model as the client named it, unescaped.
    pub(super) model: String,
    /// The bytes of the model's JSON string in the body.
    pub(super) model_span: Range<usize>,
    names: &'static Names,
    members: Vec<Option<(&'a RawValue, Shape)>>,
    /// Whether there is a member that is none of the known.
    pub(super) unknown: bool,
}

impl<'a> Flat<'a> {
    /// The member of this name, if it is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<(&'a RawValue, Shape)> {
        let index = self.names.known.iter().position(|known| *known == name)?;
        self.members.get(index).copied().flatten().filter(|(_, shape)| !shape.is_null())
    }

    /// The member of this name, which must be there.
    ///
    /// # Errors
    ///
    /// Where it is not; it is named.
    pub(super) fn need(&self, name: &str) -> Result<(&'a RawValue, Shape), ApiError> {
        self.get(name).ok_or_else(|| ApiError::invalid(name, format!("you must provide `{name}`")))
    }

    /// The member of this name, which must be a whole number above 0 if it is there.
    ///
    /// # Errors
    ///
    /// Where it is anything else; it is named.
    pub(super) fn count(&self, name: &str) -> Result<Option<&'a RawValue>, ApiError> {
        let Some((raw, shape)) = self.get(name) else { return Ok(None) };
        if serde_json::from_str::<u64>(raw.get()).is_ok_and(|count| count > 0) {
            return Ok(Some(raw));
        }
        Err(match shape {
            Shape::Number(_) => ApiError::invalid(name, format!("`{name}` must be a whole number above 0")),
            other => wrong_type(name, "a whole number above 0", other),
        })
    }
}

/// Reads a request. The whole body is checked to be one well-formed JSON object, as that of a chat request is
/// ([`super::chat::scan::scan`]).
///
/// # Errors
///
/// For bytes that are none, for a known member that is there more than once, for a guarded one in another case, and
/// for a `model` that is missing or none.
pub(super) fn read<'a>(body: &'a [u8], names: &'static Names) -> Result<Flat<'a>, ApiError> {
    let (text, _) = object(body)?;
    let invalid = |error| malformed(format!("the request body is not valid JSON: {error}"));
    let Members(all) = serde_json::from_str(text).map_err(invalid)?;
    let (mut members, mut unknown) = (vec![None; names.known.len()], false);
    for (name, raw) in all {
        // Skipping did not look inside.
        let shape: Shape = serde_json::from_str(raw.get()).map_err(invalid)?;
        let known = names.known.iter().position(|known| *known == name);
        match known.and_then(|index| members.get_mut(index)) {
            Some(slot @ None) => *slot = Some((raw, shape)),
            Some(Some(_)) => {
                return Err(ApiError::invalid(&*name, format!("`{name}` is there more than once")));
            }
            None => unknown = true,
        }
        let mut guarded = names.known.iter().take(names.guarded);
        if known.is_none()
            && let Some(guise) = guarded.find(|guarded| guarded.eq_ignore_ascii_case(&name))
        {
            return Err(ApiError::invalid(*guise, format!("`{guise}` must be spelled in lower case")));
        }
    }
    let model = members.first().copied().flatten();
    let (model, _) = model.ok_or_else(|| ApiError::invalid("model", "you must provide a `model`"))?;
    Ok(Flat { model: model_name(model.get())?, model_span: span(body, model), names, members, unknown })
}
