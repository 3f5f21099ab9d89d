//! AWS event streams for tests, framed by code of their own.
//!
//! Readable form, one message a line:
//!
//! | line | what it becomes |
//! |---|---|
//! | `name<TAB>payload` | an event |
//! | `!name<TAB>payload` | an exception |
//! | `?code<TAB>message` | an error that the service did not model |
//! | `~` before any of these | with its last byte changed, so that its checksum is wrong |
//! | `%` before any of these | cut in the middle |

/// CRC-32 (ISO 3309), bit by bit.
pub(crate) fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// One message with headers that are strings.
pub(crate) fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap());
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let total = u32::try_from(12 + head.len() + payload.len() + 4).unwrap();
    let mut bytes = total.to_be_bytes().to_vec();
    bytes.extend_from_slice(&u32::try_from(head.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(&crc(&bytes).to_be_bytes());
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&crc(&bytes).to_be_bytes());
    bytes
}

/// An event, as Bedrock sends it.
pub(crate) fn event(name: &str, payload: &[u8]) -> Vec<u8> {
    let headers = [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")];
    message(&headers, payload)
}

/// The event of `InvokeModelWithResponseStream` that holds `data`.
#[allow(dead_code, reason = "not every test has such")]
pub(crate) fn chunk(data: &str) -> Vec<u8> {
    let payload = format!(r#"{{"bytes":"{}","p":"abcdefghij"}}"#, base64(data.as_bytes()));
    event("chunk", payload.as_bytes())
}

/// The messages of `lines`. `wrap`: the payload of an event `chunk` is put into base64 first.
#[allow(dead_code, reason = "not every test has such")]
pub(crate) fn stream(lines: &str, wrap: bool) -> Vec<u8> {
    let mut stream = Vec::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let (damage, rest) = match line.split_at(1) {
            (mark @ ("~" | "%"), rest) => (mark, rest),
            _ => ("", line),
        };
        let (name, payload) = rest.split_once('\t').unwrap();
        let json = ("content-type", "application/json");
        let mut bytes = match name.split_at(1) {
            ("!", name) => message(
                &[(":exception-type", name), json, (":message-type", "exception")],
                payload.as_bytes(),
            ),
            ("?", code) => {
                let headers =
                    [(":error-code", code), (":message-type", "error"), (":error-message", payload)];
                message(&headers, b"")
            }
            _ if name == "chunk" && wrap => chunk(payload),
            _ => event(name, payload.as_bytes()),
        };
        match damage {
            "~" => *bytes.last_mut().unwrap() ^= 1,
            "%" => bytes.truncate(bytes.len() / 2),
            _ => {}
        }
        stream.extend(bytes);
    }
    stream
}

/// Base64 (RFC 4648 section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}
