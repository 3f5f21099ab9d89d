//! Pictures and files: what writers of several formats have in common.

/// The four types of pictures that nearly every provider takes, by their proper names.
pub(super) fn image_type(media_type: &str) -> Option<&'static str> {
    Some(match media_type {
        "image/jpeg" | "image/jpg" | "image/pjpeg" => "image/jpeg",
        "image/png" | "image/x-png" => "image/png",
        "image/gif" => "image/gif",
        "image/webp" => "image/webp",
        _ => return None,
    })
}

/// Whether a URL is of the web: what a provider that fetches any fetches.
pub(super) fn is_web_url(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|s| s.eq_ignore_ascii_case("https") || s.eq_ignore_ascii_case("http"))
}

/// Whether a file is one that a model reads as text.
pub(super) fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || matches!(
            media_type,
            "application/json" | "application/xml" | "application/yaml" | "application/x-yaml"
        )
}

/// What a file is called that has no name: by its end an API knows what it is.
pub(super) fn name_of(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => "document.pdf",
        "application/json" => "document.json",
        kind if kind.starts_with("text/") => "document.txt",
        _ => "document",
    }
}

/// The `data:` URL of what is here in base64.
pub(super) fn data_url(media_type: &str, data: &str) -> String {
    ["data:", media_type, ";base64,", data].concat()
}
