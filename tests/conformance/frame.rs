//! Recorded events back in the framing of their provider.

use serde_json::Value;
use switchyard::provider::Format;

/// The events of a recording, one JSON value a line.
pub fn lines(recording: &str) -> Vec<&str> {
    recording.lines().filter(|line| !line.trim().is_empty()).collect()
}

/// The bytes of a stream of these events.
pub fn frame(format: Format, recording: &str) -> Vec<u8> {
    let lines = lines(recording);
    let mut out = Vec::new();
    for line in &lines {
        match format {
            Format::Gemini | Format::Vertex => {
                out.extend_from_slice(format!("data: {line}\r\n\r\n").as_bytes())
            }
            Format::Bedrock => out.extend_from_slice(&aws_event(line)),
            Format::Openai | Format::Mistral => out.extend_from_slice(format!("data: {line}\n\n").as_bytes()),
            _ => {
                let value: Value = serde_json::from_str(line).unwrap();
                let name = value["type"].as_str().unwrap_or_default();
                out.extend_from_slice(format!("event: {name}\ndata: {line}\n\n").as_bytes());
            }
        }
    }
    if matches!(format, Format::Openai | Format::Mistral) {
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
    out
}

/// `{"contentBlockDelta": {…}}` as one message of an AWS event stream.
fn aws_event(line: &str) -> Vec<u8> {
    let value: Value = serde_json::from_str(line).unwrap();
    let (name, payload) = value.as_object().unwrap().iter().next().unwrap();
    aws_message(
        &[(":event-type", name), (":content-type", "application/json"), (":message-type", "event")],
        payload,
    )
}

/// One message: lengths, their checksum, headers, payload, checksum of it all.
pub fn aws_message(headers: &[(&str, &str)], payload: &Value) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(u8::try_from(name.len()).unwrap());
        block.extend_from_slice(name.as_bytes());
        block.push(7);
        block.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        block.extend_from_slice(value.as_bytes());
    }
    let payload = payload.to_string().into_bytes();
    let total = u32::try_from(16 + block.len() + payload.len()).unwrap();
    let mut out = total.to_be_bytes().to_vec();
    out.extend_from_slice(&u32::try_from(block.len()).unwrap().to_be_bytes());
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out.extend_from_slice(&block);
    out.extend_from_slice(&payload);
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out
}

/// The plain, slow form of CRC-32 (IEEE 802.3).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    };
    !bytes.iter().fold(!0, step)
}

/// The values of the events in a recorded stream of bytes.
pub fn events(format: Format, bytes: &[u8]) -> Vec<Value> {
    if format == Format::Bedrock {
        return aws_events(bytes);
    }
    let text = str::from_utf8(bytes).unwrap();
    let data = text.lines().filter_map(|line| line.trim_end_matches('\r').strip_prefix("data:"));
    data.filter_map(|data| serde_json::from_str(data.trim()).ok()).collect()
}

fn aws_events(mut bytes: &[u8]) -> Vec<Value> {
    let mut events = Vec::new();
    let word = |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    while bytes.len() >= 16 {
        let (total, headers) = (word(bytes, 0), word(bytes, 4));
        let block = &bytes[12..12 + headers];
        let name = b":event-type";
        let at = block.windows(name.len()).position(|window| window == name).unwrap() + name.len() + 1;
        let len = usize::from(u16::from_be_bytes(block[at..at + 2].try_into().unwrap()));
        let name = str::from_utf8(&block[at + 2..at + 2 + len]).unwrap();
        let payload: Value = serde_json::from_slice(&bytes[12 + headers..total - 4]).unwrap();
        events.push(serde_json::json!({ name: payload }));
        bytes = &bytes[total..];
    }
    events
}
