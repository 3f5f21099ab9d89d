//! Where the bytes of pictures, files and sound are.

use std::borrow::Cow;

use crate::{
    dialect::chat::node::Path,
    ir::{ApiError, Media},
};

/// What a file is where nothing says so.
pub(in crate::dialect) const PDF: &str = "application/pdf";

/// The URL of a picture: a `data:` URL with its media type, or one that the provider is to fetch.
pub(super) fn url<'a>(url: Cow<'a, str>, path: &Path<'_>) -> Result<Media<'a>, ApiError> {
    match DataUrl::find(&url, path)? {
        Some(DataUrl { media_type: None, .. }) => {
            Err(path.error("must name its media type: data:image/png;base64,…"))
        }
        Some(DataUrl { media_type: Some(media_type), from }) => {
            Ok(Media::Base64 { media_type, data: base64(tail(url, from), path)? })
        }
        None if url.is_empty() => Err(path.error("must not be empty")),
        None => Ok(Media::Url(url)),
    }
}

/// The value of `file_data`: a `data:` URL, a URL (an extension), or base64.
pub(super) fn file<'a>(data: Cow<'a, str>, path: &Path<'_>) -> Result<Media<'a>, ApiError> {
    if data.starts_with("http://") || data.starts_with("https://") {
        return Ok(Media::Url(data));
    }
    let DataUrl { media_type, from } =
        DataUrl::find(&data, path)?.unwrap_or(DataUrl { media_type: None, from: 0 });
    let media_type = media_type.unwrap_or(Cow::Borrowed(PDF));
    Ok(Media::Base64 { media_type, data: base64(tail(data, from), path)? })
}

/// A `data:` URL (RFC 2397) in base64.
struct DataUrl {
    media_type: Option<Cow<'static, str>>,
    /// Where its base64 begins.
    from: usize,
}

impl DataUrl {
    /// `None` for other URLs.
    fn find(url: &str, path: &Path<'_>) -> Result<Option<DataUrl>, ApiError> {
        let Some((scheme, rest)) = url.split_at_checked(5) else { return Ok(None) };
        if !scheme.eq_ignore_ascii_case("data:") {
            return Ok(None);
        }
        let Some((header, _)) = rest.split_once(',') else {
            return Err(path.error("is a data: URL without data"));
        };
        let mut parameters = header.split(';').map(str::trim);
        let media_type = parameters.next().unwrap_or_default().to_ascii_lowercase();
        if !parameters.any(|parameter| parameter.eq_ignore_ascii_case("base64")) {
            return Err(path.error("must be in base64: data:image/png;base64,…"));
        }
        let from = scheme.len() + header.len() + 1;
        Ok(Some(DataUrl { media_type: canonical(media_type), from }))
    }
}

fn canonical(media_type: String) -> Option<Cow<'static, str>> {
    match media_type.as_str() {
        "" => None,
        // A common misspelling that providers refuse.
        "image/jpg" => Some(Cow::Borrowed("image/jpeg")),
        _ => Some(Cow::Owned(media_type)),
    }
}

fn tail(text: Cow<'_, str>, from: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(from..).unwrap_or_default()),
        Cow::Owned(mut text) => {
            text.replace_range(..from, "");
            Cow::Owned(text)
        }
    }
}

/// Base64 in the standard alphabet, without white space, padded: as it came where it already is.
pub(in crate::dialect) fn base64<'a>(data: Cow<'a, str>, path: &Path<'_>) -> Result<Cow<'a, str>, ApiError> {
    let plain = data.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
    let data = if plain { data } else { Cow::Owned(cleaned(&data, path)?) };
    let digits = data.trim_end_matches('=');
    if digits.is_empty() {
        return Err(path.error("must not be empty"));
    }
    if digits.contains('=') || digits.len() % 4 == 1 {
        return Err(path.error("is not base64"));
    }
    let length = digits.len().next_multiple_of(4);
    if data.len() == length {
        return Ok(data);
    }
    let mut padded = digits.to_owned();
    padded.extend(std::iter::repeat_n('=', length - padded.len()));
    Ok(Cow::Owned(padded))
}

/// Without white space, and the URL-safe alphabet and percent escapes undone.
fn cleaned(data: &str, path: &Path<'_>) -> Result<String, ApiError> {
    let mut out = String::with_capacity(data.len());
    let mut rest = data.chars();
    while let Some(char) = rest.next() {
        match char {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' | '=' => out.push(char),
            '-' => out.push('+'),
            '_' => out.push('/'),
            ' ' | '\t' | '\r' | '\n' | '\x0C' => (),
            '%' => {
                let (high, low) = (rest.next().unwrap_or(' '), rest.next().unwrap_or(' '));
                match (high, low.to_ascii_uppercase()) {
                    ('2', 'B') => out.push('+'),
                    ('2', 'F') => out.push('/'),
                    ('3', 'D') => out.push('='),
                    ('2', '0') | ('0', 'A' | 'D' | '9') => (),
                    _ => return Err(path.error("is not base64")),
                }
            }
            _ => return Err(path.error("is not base64")),
        }
    }
    Ok(out)
}
