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
    ir::{ApiError, Decoder, Event},
    provider::{anthropic::stream::MessagesDecoder, fault::unreadable},
    stream::aws::{AwsDeframer, Message},
};

/// Reads one stream.
#[derive(Debug, Default)]
pub struct InvokeDecoder {
    events: InvokeEvents,
    messages: MessagesDecoder,
}

impl Decoder for InvokeDecoder {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Event<'_>)) {
        let Self { events, messages } = self;
        events.push(bytes, &mut |event| give(event, messages, sink));
    }

    fn end(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        let Self { events, messages } = self;
        events.end(&mut |event| give(event, messages, sink));
        messages.end(sink);
    }
}

fn give(event: Result<&[u8], ApiError>, messages: &mut MessagesDecoder, sink: &mut dyn FnMut(Event<'_>)) {
    match event {
        Ok(data) => messages.data(data, sink),
        Err(error) => messages.fail(error, sink),
    }
}

/// Gets the JSON of an event of Anthropic's, or what is wrong with the stream, or told by it.
type Sink<'s> = &'s mut dyn FnMut(Result<&[u8], ApiError>);

/// Takes the events out of one stream.
#[derive(Debug, Default)]
pub(in crate::provider) struct InvokeEvents {
    frames: AwsDeframer,
}

impl InvokeEvents {
    /// Takes the next bytes, however they were cut.
    pub(in crate::provider) fn push(&mut self, bytes: &[u8], sink: Sink<'_>) {
        if let Err(broken) = self.frames.push(bytes, &mut |message| read(&message, sink)) {
            sink(Err(error::of_frames(broken)));
        }
    }

    /// The body has ended.
    pub(in crate::provider) fn end(&mut self, sink: Sink<'_>) {
        if let Err(broken) = self.frames.end() {
            sink(Err(error::of_frames(broken)));
        }
    }
}

/// Types of messages that are not known are passed over.
fn read(message: &Message<'_>, sink: Sink<'_>) {
    if let Some(error) = error::of_message(message) {
        return sink(Err(error));
    }
    if message.event != "chunk" {
        return;
    }
    let payload = str::from_utf8(message.payload).unwrap_or_default();
    let [bytes] = pick(payload, ["bytes"]).unwrap_or_default();
    match text(bytes).and_then(|text| base64::decode(&text)) {
        Some(data) => sink(Ok(&data)),
        None => sink(Err(unreadable())),
    }
}
