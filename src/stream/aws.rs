//! AWS event streams (`application/vnd.amazon.eventstream`), in which Bedrock sends its streams.
//!
//! A message is framed by its length and two checksums; all numbers are big-endian:
//!
//! ```text
//! total length u32 | headers' length u32 | CRC of these 8 bytes u32 | headers | payload | CRC of all before u32
//! ```
//!
//! The deframer is resumable: it takes a stream in any pieces and gives the same messages. A length is believed only
//! once its own checksum has been seen to be right, so that a broken one is not waited for.
//!
//! Source: Smithy specification, "Amazon Event Stream Specification"; CRC-32 as in ISO 3309 (IEEE 802.3).

#[cfg(test)]
mod tests;

/// The most bytes that one message may take on the wire.
///
/// Events are a few hundred bytes; a picture can be some megabytes. The specification's own limit was 16 MiB for long,
/// and no provider is known to send more. What is longer is not held in memory.
pub const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// What the buffer may keep allocated between messages; more is given back, so that one picture does not weigh on a
/// stream that lasts for an hour.
const KEEP: usize = 64 * 1024;

/// Both lengths and their checksum.
const PRELUDE: usize = 12;

/// The prelude and the message's checksum: the least that a message can be.
const LEAST: usize = PRELUDE + CRC;

/// A checksum.
const CRC: usize = 4;

/// One message. A header that it does not have, or has as something else than a string, is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message<'a> {
    /// `:message-type`: `event`, `exception` or `error`.
    pub kind: &'a str,
    /// `:event-type`, of an event.
    pub event: &'a str,
    /// `:exception-type`, of an exception.
    pub exception: &'a str,
    /// `:error-code`, of an error that the service did not model.
    pub error_code: &'a str,
    /// `:error-message`, of such an error.
    pub error_message: &'a str,
    /// The bytes that it carries.
    pub payload: &'a [u8],
}

/// Why the bytes are no event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The checksum of the lengths is wrong.
    PreludeCrc,
    /// The checksum of a message is wrong.
    MessageCrc,
    /// The lengths contradict each other.
    Length,
    /// The headers are not as they are specified.
    Header,
    /// A message is longer than [`MAX_MESSAGE`].
    TooLong,
    /// The body ended within a message.
    Cut,
}

impl Broken {
    /// For a person to read, after "The provider's stream ".
    pub fn what(self) -> &'static str {
        match self {
            Broken::PreludeCrc | Broken::MessageCrc => "was damaged on its way: a checksum is wrong",
            Broken::Length => "holds a message whose lengths contradict each other",
            Broken::Header => "holds a message whose headers cannot be read",
            Broken::TooLong => "holds a message that is too long",
            Broken::Cut => "was cut off within a message",
        }
    }
}

/// Cuts a stream of bytes into messages.
#[derive(Debug, Default)]
pub struct AwsDeframer {
    /// Bytes of a message that is not complete; empty between messages. At most [`MAX_MESSAGE`] long.
    held: Vec<u8>,
    /// What was wrong with an earlier message.
    failed: Option<Broken>,
}

impl AwsDeframer {
    /// Takes the next bytes, however they were cut, and gives each message that they complete to `each`.
    ///
    /// # Errors
    ///
    /// What is wrong with the stream, now and on every later call. Messages before the bad one were given.
    pub fn push(&mut self, bytes: &[u8], each: &mut dyn FnMut(Message<'_>)) -> Result<(), Broken> {
        if let Some(broken) = self.failed {
            return Err(broken);
        }
        self.take(bytes, each).inspect_err(|broken| {
            *self = Self { held: Vec::new(), failed: Some(*broken) };
        })
    }

    /// The body has ended.
    ///
    /// # Errors
    ///
    /// [`Broken::Cut`] where bytes of an unfinished message are left, and what was wrong before.
    pub fn end(&mut self) -> Result<(), Broken> {
        if self.failed.is_none() && !self.held.is_empty() {
            *self = Self { held: Vec::new(), failed: Some(Broken::Cut) };
        }
        self.failed.map_or(Ok(()), Err)
    }

    fn take(&mut self, bytes: &[u8], each: &mut dyn FnMut(Message<'_>)) -> Result<(), Broken> {
        let mut rest = bytes;
        while !self.held.is_empty() {
            // The prelude first, then all.
            let wanted = length(&self.held)?.unwrap_or(PRELUDE);
            let Some((piece, behind)) = rest.split_at_checked(wanted.saturating_sub(self.held.len())) else {
                self.held.extend_from_slice(rest);
                return Ok(());
            };
            self.held.extend_from_slice(piece);
            rest = behind;
            if length(&self.held)? == Some(self.held.len()) {
                each(message(&self.held)?);
                self.held.clear();
                self.held.shrink_to(KEEP);
            }
        }
        // What comes whole is read where it is.
        while let Some(length) = length(rest)? {
            let Some((whole, behind)) = rest.split_at_checked(length) else { break };
            each(message(whole)?);
            rest = behind;
        }
        self.held.extend_from_slice(rest);
        Ok(())
    }
}

/// The length of the message that `bytes` begin with, as soon as its prelude is there.
fn length(bytes: &[u8]) -> Result<Option<usize>, Broken> {
    let Some(prelude) = bytes.get(..PRELUDE) else { return Ok(None) };
    if number(prelude, 8) != Some(checksum(0, prelude.get(..8).unwrap_or_default())) {
        return Err(Broken::PreludeCrc);
    }
    let at = |at: usize| number(prelude, at).and_then(|number| usize::try_from(number).ok());
    let (Some(total), Some(headers)) = (at(0), at(4)) else { return Err(Broken::TooLong) };
    if total > MAX_MESSAGE {
        return Err(Broken::TooLong);
    }
    if total.checked_sub(LEAST).is_none_or(|room| headers > room) {
        return Err(Broken::Length);
    }
    Ok(Some(total))
}

/// Reads a whole message whose prelude is right.
fn message(whole: &[u8]) -> Result<Message<'_>, Broken> {
    let (body, crc) = whole.split_at_checked(whole.len().wrapping_sub(CRC)).ok_or(Broken::Length)?;
    if number(crc, 0) != Some(checksum(0, body)) {
        return Err(Broken::MessageCrc);
    }
    let headers = number(body, 4).and_then(|length| usize::try_from(length).ok()).ok_or(Broken::Length)?;
    let content = body.get(PRELUDE..).unwrap_or_default();
    let (headers, payload) = content.split_at_checked(headers).ok_or(Broken::Length)?;
    let mut message = Message { payload, ..Message::default() };
    read_headers(headers, &mut message).ok_or(Broken::Header)?;
    Ok(message)
}

/// Reads the headers: a name (its length in a byte), a type in a byte, a value whose length the type tells.
fn read_headers<'a>(mut bytes: &'a [u8], message: &mut Message<'a>) -> Option<()> {
    while let Some((length, rest)) = bytes.split_first() {
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let (kind, rest) = rest.split_first()?;
        let (prefix, length) = match kind {
            // True and false have no value.
            0 | 1 => (0, 0),
            // A byte, a short, an int, a long.
            2 => (0, 1),
            3 => (0, 2),
            4 => (0, 4),
            5 => (0, 8),
            // Bytes and strings tell their length.
            6 | 7 => (2, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
            // A timestamp, a UUID.
            8 => (0, 8),
            9 => (0, 16),
            _ => return None,
        };
        let (value, rest) = rest.get(prefix..)?.split_at_checked(length)?;
        bytes = rest;
        let place = match name {
            b":message-type" => &mut message.kind,
            b":event-type" => &mut message.event,
            b":exception-type" => &mut message.exception,
            b":error-code" => &mut message.error_code,
            b":error-message" => &mut message.error_message,
            _ => continue,
        };
        if *kind == STRING {
            *place = str::from_utf8(value).ok()?;
        }
    }
    Some(())
}

/// The type of a header that is a string.
const STRING: u8 = 7;

/// The number at `at`.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_be_bytes(*four))
}

/// The CRC-32 of `bytes` behind bytes whose CRC-32 is `before`; 0 for none.
pub fn checksum(before: u32, bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let [low, ..] = (crc ^ u32::from(*byte)).to_le_bytes();
        crc >> 8 ^ TABLE.get(usize::from(low)).copied().unwrap_or_default()
    };
    !bytes.iter().fold(!before, step)
}

/// What each byte adds: its remainder by the reversed polynomial.
static TABLE: [u32; 256] = table();

#[expect(clippy::indexing_slicing, reason = "evaluated when this is compiled")]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}
