//! Requests that are passed on, not translated: moderations, images, audio, realtime sessions, files and batches.
//!
//! Only who serves them is read of them, the model's name, and only that is changed. Sources: OpenAI API reference,
//! "Moderations", "Images", "Audio", "Realtime", "Files", "Batches", "Uploads".

use std::{borrow::Cow, ops::Range};

use crate::dialect::{Ask, chat::json::string};

pub mod files;
mod json;
pub mod multipart;
pub mod realtime;
mod scan;

pub use scan::{Body, form, whole};

/// What the gateway knows of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The model as the client named it, or the endpoint's default; empty where the request is for none.
    pub model: String,
    /// The client wants a stream, as far as is known when the model is.
    pub stream: bool,
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// What stands behind the path of the provider's base URL: `/images/edits`. It may have a query.
    pub path: Cow<'static, str>,
    /// The client's own `content-type`, with its boundary; empty: none.
    pub content_type: String,
    /// Bytes of the client's body, where they are known.
    pub length: Option<u64>,
    /// Where the model's name stands in the body.
    pub place: Option<Place>,
    /// The handshake of a session.
    pub socket: Option<realtime::Handshake>,
}

/// Where the model's name stands in a body, or would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The bytes that another name takes the place of.
    pub span: Range<usize>,
    /// In which form it stands there.
    pub form: Form,
}

/// In which form a model's name stands in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A JSON string.
    Json,
    /// A member that the JSON object does not have yet, and whether others come after it.
    Member(bool),
    /// The value of a part.
    Part,
    /// A part that the body does not have yet: what its delimiter is.
    NewPart(String),
}

impl Head {
    /// Where the provider's own name of the model goes, and the bytes that say it there. `None` where the body passes as
    /// it is.
    pub fn splice(&self, upstream: &str) -> Option<(Range<usize>, Vec<u8>)> {
        let place = self.place.as_ref()?;
        let mut out = Vec::with_capacity(upstream.len() + 16);
        match &place.form {
            Form::Json | Form::Part if upstream == self.model => return None,
            Form::Json => string(upstream, &mut out),
            Form::Member(more) => {
                out.extend_from_slice(b"\"model\":");
                string(upstream, &mut out);
                out.extend_from_slice(if *more { b"," } else { b"" });
            }
            Form::Part => out.extend_from_slice(upstream.as_bytes()),
            Form::NewPart(delimiter) => {
                let head = "\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n";
                [delimiter.as_str(), head, upstream, "\r\n"]
                    .iter()
                    .for_each(|text| out.extend_from_slice(text.as_bytes()));
            }
        }
        Some((place.span.clone(), out))
    }
}

/// What stands behind the path of a provider's base URL for these endpoints; `None` for those that are not passed on, and
/// for files, whose paths are many.
pub fn path(ask: Ask) -> Option<&'static str> {
    Some(match ask {
        Ask::Moderations => "/moderations",
        Ask::ImageGenerations => "/images/generations",
        Ask::ImageEdits => "/images/edits",
        Ask::ImageVariations => "/images/variations",
        Ask::Speech => "/audio/speech",
        Ask::Transcriptions => "/audio/transcriptions",
        Ask::Translations => "/audio/translations",
        Ask::Realtime => "/realtime",
        _ => return None,
    })
}

/// The model that OpenAI takes where a request names none (API reference, the fields `model` of "Create moderation" and of
/// "Create image", "Create image edit", "Create image variation").
fn default_model(ask: Ask) -> Option<&'static str> {
    match ask {
        Ask::Moderations => Some("omni-moderation-latest"),
        Ask::ImageGenerations | Ask::ImageEdits | Ask::ImageVariations => Some("dall-e-2"),
        _ => None,
    }
}

/// The value of the parameter `name` of a header such as `multipart/form-data; boundary=x` (RFC 9110 section 5.6.6):
/// `Ok(None)` where it has none.
///
/// # Errors
///
/// What cannot be read in one way only: the same name twice, a `\` before a quote, a value without its closing quote, an
/// encoded one (`name*=`), and of what is no quoted string anything but letters, digits and `'()+_,-./:=?[]`.
fn parameter<'h>(header: &'h str, name: &str) -> Result<Option<&'h str>, ()> {
    let guise = |key: &str| {
        key.trim_matches(|letter: char| letter == '*' || letter.is_whitespace()).eq_ignore_ascii_case(name)
    };
    let (mut found, mut rest) = (None, header);
    while let Some((_, after)) = rest.split_once(';') {
        let after = after.trim_start_matches([' ', '\t']);
        if after.is_empty() {
            break;
        }
        let (key, value) = after.split_once('=').ok_or(())?;
        let (value, left) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or(())?,
            None => value.split_at_checked(value.find([';', ' ', '\t']).unwrap_or(value.len())).ok_or(())?,
        };
        let left = left.trim_start_matches([' ', '\t']);
        if value.ends_with('\\') || !(left.is_empty() || left.starts_with(';')) {
            return Err(());
        }
        let bare = after.get(key.len() + 1..).is_some_and(|raw| !raw.starts_with('"'));
        if key.eq_ignore_ascii_case(name) {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=?[]".contains(&byte);
            if found.is_some() || (bare && !value.bytes().all(legal)) {
                return Err(());
            }
            found = Some(value);
        } else if guise(key) {
            return Err(());
        }
        rest = left;
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
