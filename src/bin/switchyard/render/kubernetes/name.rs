//! Names that Kubernetes takes.

/// A name that one virtual host can have, which the filter compares in lower case.
pub(crate) fn check_host(host: &str) -> Result<(), String> {
    let is_name = !host.is_empty() && host.split('.').all(is_label);
    if is_name && !host.chars().all(|letter| letter.is_ascii_digit() || letter == '.') {
        return Ok(());
    }
    Err(format!("--host {host}: must be the whole name of a host, in lower case, without a port"))
}

/// A name that Kubernetes takes, which this flag gives.
pub(crate) fn check_name(flag: &str, name: &str) -> Result<(), String> {
    if is_label(name) {
        return Ok(());
    }
    Err(format!("{flag} {name}: a name in Kubernetes is lower-case letters, digits and `-`"))
}

/// RFC 1123: what a label of a name may be.
pub(crate) fn is_label(text: &str) -> bool {
    let inner = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    (1..=63).contains(&text.len())
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}
