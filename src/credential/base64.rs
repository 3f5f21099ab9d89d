//! Base64 as JSON Web Tokens have it (RFC 7515 §2): the URL's alphabet, without padding.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Appends `bytes` to `out`.
pub(super) fn push(out: &mut String, bytes: &[u8]) {
    for group in bytes.chunks(3) {
        let padded = group.iter().chain([&0, &0]).take(3);
        let bits = padded.fold(0usize, |bits, byte| (bits << 8) | usize::from(*byte));
        for place in 0..=group.len() {
            let index = (bits >> (18 - 6 * place)) & 63;
            out.extend(LETTERS.get(index).map(|letter| char::from(*letter)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::push;

    /// RFC 4648 §10, without the padding, and the two letters that differ from plain base64.
    #[test]
    fn groups_of_one_two_and_three_bytes() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg"),
            (b"fo", "Zm8"),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg"),
            (b"\xfb\xff\xfe", "-__-"),
        ] {
            let mut out = String::new();
            push(&mut out, bytes);
            assert_eq!(out, text);
        }
    }
}
