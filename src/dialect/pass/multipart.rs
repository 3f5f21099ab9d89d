//! `multipart/form-data` as it comes in, piece by piece: where its field `model` stands.
//!
//! Sources: RFC 7578 (form-data), RFC 2046 section 5.1.1 (boundaries). Read strictly: a body that one parser reads in another
//! way than the next is refused, as the provider might serve another model than the one that was checked here. Of the bytes of
//! files nothing is kept.

use std::ops::Range;

use memchr::memmem;

use super::parameter;
use crate::{
    dialect::chat::scan::MAX_MODEL,
    ir::{ApiError, ErrorKind},
};

/// The most bytes of a part's headers. A browser sends two, of which one has the name of a file.
const MAX_HEADERS: usize = 8 * 1024;

/// The longest boundary (RFC 2046 section 5.1.1).
const MAX_BOUNDARY: usize = 70;

/// Where the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In what comes before the first delimiter, or in a part that is not the model's.
    Skipping,
    /// In the model's part, which began at this offset.
    Model(usize),
    /// Behind a delimiter.
    Delimited,
    /// In the headers of a part.
    Headers,
    /// Behind the last delimiter.
    Epilogue,
}

/// A reader of one body.
#[derive(Clone, Debug)]
pub struct Multipart {
    /// `--` and the boundary.
    delimiter: Vec<u8>,
    state: State,
    /// What is not done with yet: bounded by [`MAX_HEADERS`] and one piece.
    held: Vec<u8>,
    /// Where in the body it begins.
    at: usize,
    model: Option<(String, Range<usize>)>,
    first: Option<usize>,
}

impl Multipart {
    /// A reader of a body with this `content-type`.
    ///
    /// # Errors
    ///
    /// Where it names no boundary that RFC 2046 allows.
    pub fn new(content_type: &str) -> Result<Self, ApiError> {
        let boundary = parameter(content_type, "boundary").ok().flatten().filter(|boundary| {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
            (1..=MAX_BOUNDARY).contains(&boundary.len())
                && !boundary.ends_with(' ')
                && boundary.bytes().all(legal)
        });
        let boundary = boundary.ok_or_else(|| wrong("its `content-type` names no boundary"))?;
        let delimiter = [b"--", boundary.as_bytes()].concat();
        Ok(Self { delimiter, state: State::Skipping, held: Vec::new(), at: 0, model: None, first: None })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for what is no multipart body, or one that can be read in two ways; and for a second
    /// `model`.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ApiError> {
        self.held.extend_from_slice(bytes);
        while self.step()? {}
        Ok(())
    }

    /// The body has ended.
    ///
    /// # Errors
    ///
    /// Where its last delimiter has not come.
    pub fn end(&self) -> Result<(), ApiError> {
        if self.state == State::Epilogue { Ok(()) } else { Err(wrong("it ends before its last boundary")) }
    }

    /// The model and the bytes of its name in the body, once they have come.
    pub fn model(&self) -> Option<(&str, Range<usize>)> {
        self.model.as_ref().map(|(name, span)| (name.as_str(), span.clone()))
    }

    /// Where the first delimiter stands, and what it is.
    pub fn first(&self) -> Option<(usize, String)> {
        Some((self.first?, String::from_utf8(self.delimiter.clone()).ok()?))
    }

    /// Reads on in what is held; false where more has to come.
    fn step(&mut self) -> Result<bool, ApiError> {
        match self.state {
            State::Skipping | State::Model(_) => self.content(),
            State::Delimited => self.delimited(),
            State::Headers => self.headers(),
            State::Epilogue if memmem::find(&self.held, &self.delimiter).is_some() => {
                Err(wrong("something comes after its last boundary"))
            }
            State::Epilogue => {
                self.keep(self.delimiter.len());
                Ok(false)
            }
        }
    }

    fn content(&mut self) -> Result<bool, ApiError> {
        let Some(index) = memmem::find(&self.held, &self.delimiter) else {
            match self.state {
                State::Model(_) if self.held.len() > MAX_MODEL + self.delimiter.len() + 2 => {
                    return Err(no_name());
                }
                State::Model(_) => {}
                // A delimiter that has begun, and the line end before it.
                _ => self.keep(self.delimiter.len() + 1),
            }
            return Ok(false);
        };
        let before = self.held.get(..index).unwrap_or_default();
        let begins_body = index == 0 && self.at == 0 && self.first.is_none();
        let Some(content) = before.strip_suffix(b"\r\n").or(begins_body.then_some(before)) else {
            return Err(wrong("its boundary stands inside of a part"));
        };
        if let State::Model(start) = self.state {
            let name = std::str::from_utf8(content)
                .ok()
                .filter(|name| (1..=MAX_MODEL).contains(&name.len()) && !name.chars().any(char::is_control));
            let name = name.ok_or_else(no_name)?.to_owned();
            self.model = Some((name, start..start + content.len()));
        }
        self.first.get_or_insert(self.at + index);
        self.take(index + self.delimiter.len());
        self.state = State::Delimited;
        Ok(true)
    }

    fn delimited(&mut self) -> Result<bool, ApiError> {
        if self.held.starts_with(b"--") {
            self.take(2);
            self.state = State::Epilogue;
            return Ok(true);
        }
        // Transport padding may stand before the line's end.
        let padding = self.held.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let end = self.held.get(padding..).unwrap_or_default();
        if end.starts_with(b"\r\n") {
            // The line end stays, so that an empty line ends headers that are none.
            self.take(padding);
            self.state = State::Headers;
            return Ok(true);
        }
        let may_come = end.is_empty() || end == b"\r" || (padding == 0 && end == b"-");
        if may_come && padding <= MAX_BOUNDARY {
            Ok(false)
        } else {
            Err(wrong("its boundary stands inside of a part"))
        }
    }

    fn headers(&mut self) -> Result<bool, ApiError> {
        let Some(end) = memmem::find(&self.held, b"\r\n\r\n") else {
            return if self.held.len() > MAX_HEADERS {
                Err(wrong("the headers of a part are too long"))
            } else {
                Ok(false)
            };
        };
        let block = self.held.get(2..end).unwrap_or_default();
        if end > MAX_HEADERS || memmem::find(block, &self.delimiter).is_some() {
            return Err(wrong("the headers of a part have no end"));
        }
        let is_model = is_model(block)?;
        self.take(end + 4);
        if is_model && self.model.is_some() {
            return Err(ApiError::invalid("model", "the form has more than one `model`"));
        }
        self.state = if is_model { State::Model(self.at) } else { State::Skipping };
        Ok(true)
    }

    /// Is done with all but the last `count` bytes.
    fn keep(&mut self, count: usize) {
        self.take(self.held.len().saturating_sub(count));
    }

    fn take(&mut self, count: usize) {
        self.held.drain(..count.min(self.held.len()));
        self.at += count;
    }
}

/// Whether these are the headers of the field `model`.
fn is_model(block: &[u8]) -> Result<bool, ApiError> {
    let unclear = || wrong("the headers of a part are not clear");
    let text = std::str::from_utf8(block).map_err(|_| unclear())?;
    let mut disposition = None;
    let mut plain = true;
    for line in text.split("\r\n").filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(unclear)?;
        let control = |letter: char| letter.is_control() && letter != '\t';
        if line.contains(control) || name.contains(char::is_whitespace) {
            return Err(unclear());
        }
        if name.eq_ignore_ascii_case("content-disposition") && disposition.replace(value).is_some() {
            return Err(unclear());
        }
        plain &= !name.eq_ignore_ascii_case("content-transfer-encoding");
    }
    let disposition = disposition.ok_or_else(unclear)?.trim_matches([' ', '\t']);
    let kind = disposition.split(';').next().unwrap_or_default().trim_end_matches([' ', '\t']);
    let name = parameter(disposition, "name").map_err(|()| unclear())?.ok_or_else(unclear)?;
    let file = parameter(disposition, "filename").map_err(|()| unclear());
    if !kind.eq_ignore_ascii_case("form-data") || name.contains('\\') {
        return Err(unclear());
    }
    if name != "model" {
        let guise = name.trim().trim_end_matches("[]").eq_ignore_ascii_case("model");
        return if guise {
            Err(ApiError::invalid("model", "`model` must be spelled in lower case"))
        } else {
            Ok(false)
        };
    }
    if plain && file.is_ok_and(|file| file.is_none()) { Ok(true) } else { Err(unclear()) }
}

fn no_name() -> ApiError {
    ApiError::invalid("model", format!("`model` must have 1 to {MAX_MODEL} bytes, and no control characters"))
}

fn wrong(what: &str) -> ApiError {
    ApiError::new(
        ErrorKind::InvalidRequest,
        format!("The request is no `multipart/form-data` that can be read: {what}."),
    )
    .with_code("invalid_multipart")
}

#[cfg(test)]
mod tests;
