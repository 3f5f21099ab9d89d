//! Bodies of either type.

use super::{Form, Head, Place, default_model, json, multipart::Multipart, path};
use crate::{
    dialect::Ask,
    ir::{ApiError, ErrorKind},
};

/// A body that is read as it comes, or one that must come whole.
#[derive(Clone, Debug)]
pub enum Body {
    /// JSON.
    Json,
    /// A form.
    Form(Box<Multipart>),
}

impl Body {
    /// The reader of a body of this type; without one it is JSON.
    ///
    /// # Errors
    ///
    /// For a type that is neither, and for a form without a boundary.
    pub fn of(content_type: &str) -> Result<Self, ApiError> {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("multipart/form-data") {
            return Ok(Body::Form(Box::new(Multipart::new(content_type)?)));
        }
        if kind.is_empty() || kind.eq_ignore_ascii_case("application/json") {
            return Ok(Body::Json);
        }
        let message = "The body must be `application/json` or `multipart/form-data`.";
        Err(ApiError::new(ErrorKind::InvalidRequest, message).with_code("unsupported_content_type"))
    }
}

/// The head of a request with a form, as soon as its model has come, or when the form has ended. `length`: bytes of the
/// body, where they are known.
///
/// # Errors
///
/// For a form that has ended without a `model` that is needed.
pub fn form(
    ask: Ask,
    content_type: &str,
    form: &Multipart,
    length: Option<u64>,
    ended: bool,
) -> Result<Option<Head>, ApiError> {
    let (model, place) = match (form.model(), form.first().filter(|_| ended), default_model(ask)) {
        (Some((model, span)), ..) => (model, Place { span, form: Form::Part }),
        (None, Some((at, delimiter)), Some(default)) => {
            (default, Place { span: at..at, form: Form::NewPart(delimiter) })
        }
        _ if ended => return Err(ApiError::invalid("model", "you must provide a `model`")),
        _ => return Ok(None),
    };
    Ok(Some(Head {
        model: model.to_owned(),
        method: "POST",
        path: path(ask).unwrap_or_default().into(),
        content_type: content_type.to_owned(),
        length,
        place: Some(place),
        ..Head::default()
    }))
}

/// The head of a request whose whole body is there.
///
/// # Errors
///
/// As for one that is read as it comes.
pub fn whole(ask: Ask, content_type: &str, body: &[u8]) -> Result<Head, ApiError> {
    match Body::of(content_type)? {
        Body::Json => json::scan(ask, body),
        Body::Form(mut reader) => {
            reader.push(body)?;
            reader.end()?;
            let head = form(ask, content_type, &reader, Some(body.len() as u64), true)?;
            head.ok_or_else(|| ApiError::invalid("model", "you must provide a `model`"))
        }
    }
}
