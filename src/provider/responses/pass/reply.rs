use super::{
    super::{
        item::Response,
        json::{Fields, document},
        usage,
    },
    insert, items, sealed,
};
use crate::{
    dialect::ReplyContext,
    ir::{ApiError, Usage},
    provider::fault::server,
    signature,
};

/// Reads a whole reply for what it reports. True: what the client is to get instead was appended to `out`.
///
/// # Errors
///
/// Where the reply is none: an error, a response that failed, or no response at all.
pub fn reply(
    body: &[u8],
    context: &ReplyContext,
    out: &mut Vec<u8>,
) -> Result<(bool, Option<Usage>), ApiError> {
    let no_response = || server("The provider answered with something that is no response.");
    let response = document(body).and_then(Fields::of).map(Response).ok_or_else(no_response)?;
    if let Some(error) = response.failure(body) {
        return Err(error);
    }
    // One that was asked for in the background has none yet.
    response.items().ok_or_else(no_response)?;
    let usage = response.0.object("usage").and_then(|counts| usage::of(&counts));
    let places = sealed(body, items(body));
    if places.is_empty() {
        return Ok((false, usage));
    }
    insert(body, &places, &signature::at(&context.provider), out);
    Ok((true, usage))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::ErrorKind;

    fn passed(body: &str) -> Result<(Option<String>, Option<Usage>), ApiError> {
        let context = ReplyContext { provider: "p".into(), ..ReplyContext::default() };
        let mut out = Vec::new();
        let (replaced, usage) = reply(body.as_bytes(), &context, &mut out)?;
        assert_eq!(replaced, !out.is_empty());
        Ok((replaced.then(|| String::from_utf8(out).unwrap()), usage))
    }

    #[test]
    fn a_reply_passes_as_it_is() {
        let plain = r#"{"object":"response","status":"incomplete","error":null,"output":[{"type":"new"}], "usage":{"input_tokens":3,"output_tokens":4}}"#;
        let usage = Usage { input: Some(3), output: Some(4), ..Usage::default() };
        assert_eq!(passed(plain), Ok((None, Some(usage))));
        for plain in [
            r#"{"object":"response","status":"queued","output":[]}"#,
            r#"{"output":[{"type":"reasoning","encrypted_content":null},{"type":"reasoning","encrypted_content":""},
                {"type":"compaction","encrypted_content":"gAAA"},{"type":"message","encrypted_content":"x"},7]}"#,
        ] {
            assert_eq!(passed(plain), Ok((None, None)), "{plain}");
        }
    }

    #[test]
    fn what_only_the_provider_can_read_is_marked() {
        let body = |mark: &str| {
            format!(
                r#"{{ "output": [{{"type":"reasoning","encrypted_content" : "{mark}gA\/\"=="}}, {{"encrypted_content":"{mark}gB","type":"reasoning"}}]}}"#
            )
        };
        assert_eq!(passed(&body("")), Ok((Some(body("switchyard:at:v1:p:")), None)));
    }

    #[test]
    fn a_failure_is_an_error() {
        for (body, kind) in [
            (
                r#"{"status":"failed","error":{"code":"rate_limit_exceeded","message":"m"},"output":[]}"#,
                ErrorKind::RateLimit,
            ),
            (r#"{"status":"failed","error":null,"output":[]}"#, ErrorKind::Server),
            (
                r#"{"error":{"message":"m","type":"server_error","code":null,"param":null}}"#,
                ErrorKind::Server,
            ),
            ("{}", ErrorKind::Server),
            ("[]", ErrorKind::Server),
            ("<html>", ErrorKind::Server),
            ("", ErrorKind::Server),
        ] {
            assert_eq!(passed(body).unwrap_err().kind, kind, "{body}");
        }
    }
}
