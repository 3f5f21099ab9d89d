use crate::{
    ir::{ApiError, ErrorKind, Usage},
    provider::{
        anthropic::{error, response::no_message, usage},
        json::{pick_bytes, text},
    },
};

/// Reads a whole reply for what it reports; it passes as it is. True, which never comes: what the client is to get
/// instead was appended to `out`.
///
/// # Errors
///
/// Where the reply is none: an error in spite of its status, or bytes that are no message.
pub fn reply(body: &[u8], _out: &mut Vec<u8>) -> Result<(bool, Option<Usage>), ApiError> {
    let [kind, told, content, counts] =
        pick_bytes(body, ["type", "error", "content", "usage"]).ok_or_else(no_message)?;
    let kind = text(kind);
    if kind.as_deref() == Some("error") || told.is_some() {
        return Err(error::parse(body, ErrorKind::Server).unwrap_or_else(no_message));
    }
    let is_list = content.is_some_and(|content| content.get().starts_with('['));
    if kind.as_deref() != Some("message") || !is_list || str::from_utf8(body).is_err() {
        return Err(no_message());
    }
    Ok((false, counts.and_then(usage::read)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_passes_and_is_counted() {
        let body = br#"{"type":"message","content":[],"usage":{"input_tokens":3,"output_tokens":4}}"#;
        let mut out = Vec::new();
        let usage = Usage { input: Some(3), output: Some(4), ..Usage::default() };
        assert_eq!(reply(body, &mut out), Ok((false, Some(usage))));
        assert_eq!(reply(br#"{"type":"message","content":[]}"#, &mut out), Ok((false, None)));
        assert!(out.is_empty());
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        let overloaded = br#"{"type":"error","error":{"type":"overloaded_error","message":"no"}}"#;
        assert_eq!(reply(overloaded, &mut Vec::new()).unwrap_err().kind, ErrorKind::Overloaded);
        for body in [
            &b""[..],
            b"{}",
            b"[]",
            b"<html>",
            br#"{"type":"message"}"#,
            br#"{"type":"message","content":"x"}"#,
            br#"{"content":[]}"#,
            br#"{"type":"message","content":[]"#,
            b"{\"type\":\"message\",\"content\":[\"\xff\"]}",
        ] {
            assert_eq!(reply(body, &mut Vec::new()).unwrap_err().kind, ErrorKind::Server);
        }
    }
}
