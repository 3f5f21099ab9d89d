//! Readers of streams, written apart from the writers.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use serde_json::Value;

/// An event: its name and its data.
pub type Event = (String, Vec<u8>);

/// The events of a stream of this format; what is wrong with its framing otherwise.
pub fn read(format: &str, body: &[u8]) -> Result<Vec<Event>, String> {
    if format == "bedrock" { frames(body) } else { sse(body) }
}

fn sse(body: &[u8]) -> Result<Vec<Event>, String> {
    let mut events = Vec::new();
    let (mut name, mut data) = (String::new(), None);
    let mut lines = body.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        if lines.peek().is_none() {
            let open = !line.is_empty() || data.is_some();
            return if open { Err("the stream ends within an event".into()) } else { Ok(events) };
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(value) = line.strip_prefix(b"event: ") {
            name = String::from_utf8(value.to_vec()).map_err(|error| error.to_string())?;
        } else if let Some(value) = line.strip_prefix(b"data: ") {
            data = Some(value.to_vec());
        } else if line.is_empty() {
            events.push((std::mem::take(&mut name), data.take().ok_or("an event without data")?));
        } else {
            return Err(format!("a line {}", line.escape_ascii()));
        }
    }
    Ok(events)
}

/// By the description of the event stream encoding in the Smithy specification.
fn frames(mut body: &[u8]) -> Result<Vec<Event>, String> {
    let mut events = Vec::new();
    while !body.is_empty() {
        let number = |at: usize| -> Result<usize, String> {
            let four = body.get(at..at + 4).ok_or("a frame is cut")?;
            Ok(u32::from_be_bytes(four.try_into().unwrap()) as usize)
        };
        let (total, head) = (number(0)?, number(4)?);
        if sum(&body[..8]) as usize != number(8)? {
            return Err("the sum of a prelude".into());
        }
        let frame = body.get(..total).ok_or("a frame is cut")?;
        if sum(&frame[..total - 4]) as usize != number(total - 4)? {
            return Err(format!("the sum of message {}", events.len()));
        }
        let name = kind(&frame[12..12 + head])?;
        events.push((name, frame[12 + head..total - 4].to_vec()));
        body = &body[total..];
    }
    Ok(events)
}

/// What the headers of a frame call it.
fn kind(mut head: &[u8]) -> Result<String, String> {
    let mut found = None;
    while !head.is_empty() {
        let (name, rest) = head[1..].split_at(head[0] as usize);
        if rest[0] != 7 {
            return Err("a header that is not a text".into());
        }
        let size = u16::from_be_bytes([rest[1], rest[2]]) as usize;
        let value = String::from_utf8(rest[3..3 + size].to_vec()).unwrap();
        if name == b":event-type" || name == b":exception-type" {
            found = Some(value);
        }
        head = &rest[3 + size..];
    }
    found.ok_or("a frame without a type".into())
}

/// CRC-32 bit by bit.
pub fn sum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
    })
}

/// The text that a stream's events add up to.
pub fn text(format: &str, events: &[Event]) -> String {
    events
        .iter()
        .filter_map(|(_, data)| serde_json::from_slice::<Value>(data).ok())
        .map(|event| piece(format, &event))
        .collect()
}

fn piece(format: &str, event: &Value) -> String {
    let path = match format {
        "openai" => "/choices/0/delta/content",
        "anthropic" | "bedrock" => "/delta/text",
        "gemini" => "/candidates/0/content/parts/0/text",
        _ => "/delta/message/content/text",
    };
    event.pointer(path).and_then(Value::as_str).unwrap_or_default().into()
}

/// The text of a whole reply.
pub fn whole_text(format: &str, body: &Value) -> String {
    let path = match format {
        "openai" => "/choices/0/message/content",
        "anthropic" => "/content/0/text",
        "gemini" => "/candidates/0/content/parts/0/text",
        "bedrock" => "/output/message/content/0/text",
        _ => "/message/content/0/text",
    };
    body.pointer(path).and_then(Value::as_str).unwrap_or_default().into()
}

/// Tokens of the prompt and of the reply: the last that are told anywhere in these values.
pub fn usage<'v>(format: &str, values: impl IntoIterator<Item = &'v Value>) -> Option<(u64, u64)> {
    let paths = match format {
        "openai" => ["/usage/prompt_tokens", "/usage/completion_tokens"],
        "anthropic" => ["/usage/input_tokens", "/usage/output_tokens"],
        "gemini" => ["/usageMetadata/promptTokenCount", "/usageMetadata/candidatesTokenCount"],
        "bedrock" => ["/usage/inputTokens", "/usage/outputTokens"],
        _ => ["/usage/tokens/input_tokens", "/usage/tokens/output_tokens"],
    };
    let both = |value: &Value| {
        let value = if value.get("delta").is_some_and(|delta| delta.get("usage").is_some()) {
            &value["delta"]
        } else {
            value
        };
        Some((value.pointer(paths[0])?.as_u64()?, value.pointer(paths[1])?.as_u64()?))
    };
    values.into_iter().filter_map(both).last()
}
