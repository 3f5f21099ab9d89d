//! Images and documents.
//!
//! Sources: API reference, "Create a Message" (`ImageBlockParam`, `DocumentBlockParam`).

use crate::{
    base64,
    ir::{ApiError, CacheControl, Media},
    provider::media::{image_type, is_text, is_web_url},
};

use super::{
    super::json::{Object, value},
    blocks::write_cache,
};

/// Appends an image block; a PDF given as an image becomes a document.
///
/// # Errors
///
/// For a media type that Anthropic does not take, and a URL that is not of the web, naming `param()`.
pub(super) fn write_image(
    source: &Media<'_>,
    cache: Option<CacheControl>,
    param: impl Fn() -> String,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    match source {
        Media::Base64 { media_type, data } => match image_type(media_type) {
            Some(media_type) => image(Source::Base64(media_type, data), cache, out),
            None if media_type == "application/pdf" => document(Source::Pdf(data), None, cache, out),
            None => {
                return Err(wrong_type(
                    media_type,
                    "image/jpeg, image/png, image/gif or image/webp",
                    &param(),
                ));
            }
        },
        Media::Url(url) => image(Source::Url(web_url(url, &param)?), cache, out),
        Media::FileId(id) => image(Source::File(id), cache, out),
        Media::Text(_) => return Err(wrong_type("text/plain", "an image", &param())),
    }
    Ok(())
}

/// Appends a document block; an image given as a file becomes an image.
///
/// # Errors
///
/// For bytes that are neither PDF, text nor an image, and a URL that is not of the web, naming `param()`.
pub(super) fn write_file(
    source: &Media<'_>,
    filename: Option<&str>,
    cache: Option<CacheControl>,
    param: impl Fn() -> String,
    out: &mut Vec<u8>,
) -> Result<(), ApiError> {
    match source {
        Media::Text(text) => document(Source::Text(text), filename, cache, out),
        Media::Url(url) => document(Source::Url(web_url(url, &param)?), filename, cache, out),
        Media::FileId(id) => document(Source::File(id), filename, cache, out),
        Media::Base64 { media_type, data } => match media_type.as_ref() {
            "application/pdf" => document(Source::Pdf(data), filename, cache, out),
            kind if is_text(kind) => {
                let text = decode_text(data, &param)?;
                document(Source::Text(&text), filename, cache, out);
            }
            kind => match image_type(kind) {
                Some(kind) => image(Source::Base64(kind, data), cache, out),
                None => return Err(wrong_type(kind, "application/pdf, text or an image", &param())),
            },
        },
    }
    Ok(())
}

/// Where a block's bytes are.
enum Source<'s> {
    Base64(&'s str, &'s str),
    Pdf(&'s str),
    Text(&'s str),
    Url(&'s str),
    File(&'s str),
}

impl Source<'_> {
    fn write(&self, block: &mut Object<'_>) {
        let mut source = Object::begin(block.key("source"));
        let mut of_bytes = |kind: &str, media_type: &str, data: &str| {
            source.text("type", kind);
            source.text("media_type", media_type);
            source.text("data", data);
        };
        match self {
            Source::Base64(media_type, data) => of_bytes("base64", media_type, data),
            Source::Pdf(data) => of_bytes("base64", "application/pdf", data),
            Source::Text(text) => of_bytes("text", "text/plain", text),
            Source::Url(url) => {
                source.text("type", "url");
                source.text("url", url);
            }
            Source::File(id) => {
                source.text("type", "file");
                source.text("file_id", id);
            }
        }
        source.end();
    }
}

fn image(source: Source<'_>, cache: Option<CacheControl>, out: &mut Vec<u8>) {
    let mut block = Object::begin(out);
    block.text("type", "image");
    source.write(&mut block);
    write_cache(cache, &mut block);
    block.end();
}

fn document(source: Source<'_>, title: Option<&str>, cache: Option<CacheControl>, out: &mut Vec<u8>) {
    let mut block = Object::begin(out);
    block.text("type", "document");
    source.write(&mut block);
    if let Some(title) = title.filter(|title| !title.trim().is_empty()) {
        value(block.key("title"), title);
    }
    write_cache(cache, &mut block);
    block.end();
}

fn decode_text(data: &str, param: &impl Fn() -> String) -> Result<String, ApiError> {
    base64::decode(data).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
        let param = param();
        let message = format!("`{param}` is said to be text, but is not UTF-8 in base64.");
        ApiError::invalid(param, message)
    })
}

fn web_url<'u>(url: &'u str, param: &impl Fn() -> String) -> Result<&'u str, ApiError> {
    if is_web_url(url) {
        return Ok(url);
    }
    let param = param();
    let message = format!("`{param}` must be an http or https URL, or a base64 data URL.");
    Err(ApiError::invalid(param, message))
}

fn wrong_type(found: &str, wanted: &str, param: &str) -> ApiError {
    ApiError::invalid(param, format!("`{param}` is {found}; Anthropic models take {wanted} here."))
}
