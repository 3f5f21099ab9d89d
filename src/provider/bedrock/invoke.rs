//! A stream of Claude's through Bedrock's `InvokeModelWithResponseStream`: each message of the event stream holds one
//! event of Anthropic's, in base64.
//!
//! Source: API reference, "InvokeModelWithResponseStream"; the official SDK (anthropic 2.12.0, `lib/bedrock`).

use super::{
    error,
    json::{pick, text},
};
use crate::{
    base64,
    ir::{ApiError, Decoder, ErrorKind, Event},
    provider::anthropic::stream::MessagesDecoder,
    stream::aws::{AwsDeframer, Message},
};

/// Reads one stream.
#[derive(Debug, Default)]
pub struct InvokeDecoder {
    frames: AwsDeframer,
    messages: MessagesDecoder,
}

impl Decoder for InvokeDecoder {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        let Self { frames, messages } = self;
        if let Err(broken) = frames.push(bytes, &mut |message| read(&message, messages, sink)) {
            messages.fail(error::of_frames(broken), sink);
        }
    }

    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        if let Err(broken) = self.frames.end() {
            self.messages.fail(error::of_frames(broken), sink);
        }
        self.messages.end(sink);
    }
}

/// Types of messages that are not known are passed over.
fn read(message: &Message<'_>, messages: &mut MessagesDecoder, sink: &mut dyn FnMut(Event<'_>)) {
    if let Some(error) = error::of_message(message) {
        return messages.fail(error, sink);
    }
    if message.event != "chunk" {
        return;
    }
    let payload = str::from_utf8(message.payload).unwrap_or_default();
    let [bytes] = pick(payload, ["bytes"]).unwrap_or_default();
    match text(bytes).and_then(|text| base64::decode(&text)) {
        Some(data) => messages.data(&data, sink),
        None => {
            let what = "The provider sent a stream event that cannot be read.";
            messages.fail(ApiError::new(ErrorKind::Server, what), sink);
        }
    }
}
