//! What every reader of a stream keeps: how far the answer is, and what it took.

use std::borrow::Cow;

use super::fault::{cut_off, too_long};
use crate::{
    ir::{ApiError, Event, Finish, Usage},
    stream::sse::{SseDeframer, SseEvent},
};

/// Where a reader gives its events.
pub(super) type Sink<'s> = &'s mut dyn FnMut(Event<'_>);

/// The course of one answer.
#[derive(Debug, Default)]
pub(super) struct Course {
    phase: Phase,
    /// What was counted so far; told once, before the end.
    pub(super) usage: Usage,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Nothing was given yet.
    #[default]
    Waiting,
    /// `Start` was given.
    Started,
    /// `Done` or `Error` was given; nothing follows.
    Over,
}

impl Course {
    /// Whether `Start` was given and neither `Done` nor `Error`.
    pub(super) fn is_open(&self) -> bool {
        self.phase == Phase::Started
    }

    /// Whether `Done` or `Error` was given.
    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Gives `Start`, where it was not given yet.
    pub(super) fn start(&mut self, id: Option<Cow<'_, str>>, model: Option<Cow<'_, str>>, sink: Sink<'_>) {
        if self.phase == Phase::Waiting {
            self.phase = Phase::Started;
            sink(Event::Start { id, model });
        }
    }

    /// Ends the stream well.
    pub(super) fn finish(&mut self, finish: Finish<'_>, sink: Sink<'_>) {
        if self.phase == Phase::Over {
            return;
        }
        self.tell_usage(sink);
        self.phase = Phase::Over;
        sink(Event::Finish(finish));
        sink(Event::Done);
    }

    /// Ends the stream as failed. What it took until then is told first: it is paid for all the same.
    pub(super) fn fail(&mut self, error: ApiError, sink: Sink<'_>) {
        if self.phase == Phase::Over {
            return;
        }
        self.tell_usage(sink);
        self.phase = Phase::Over;
        sink(Event::Error(error));
    }

    fn tell_usage(&self, sink: Sink<'_>) {
        if self.usage != Usage::default() {
            sink(Event::Usage(self.usage));
        }
    }
}

/// What reads the server-sent events of one answer.
pub(super) trait Reader {
    /// How far the answer is.
    fn course(&mut self) -> &mut Course;

    /// Reads one event; none comes after the end.
    fn event(&mut self, event: SseEvent<'_>, sink: Sink<'_>);

    /// The body has ended. Unless the format says otherwise, the provider's own last event should have come before.
    fn ended(&mut self, sink: Sink<'_>) {
        self.course().fail(cut_off(), sink);
    }
}

/// Takes the next bytes of a stream.
pub(super) fn push(frames: &mut SseDeframer, reader: &mut dyn Reader, bytes: &[u8], sink: Sink<'_>) {
    if reader.course().is_over() {
        return;
    }
    if frames.push(bytes, &mut |event| reader.event(event, sink)).is_err() {
        reader.course().fail(too_long(), sink);
    }
}

/// The body of a stream has ended.
pub(super) fn end(frames: &mut SseDeframer, reader: &mut dyn Reader, sink: Sink<'_>) {
    if !reader.course().is_over() {
        frames.end(&mut |event| reader.event(event, sink));
    }
    reader.ended(sink);
}

/// Gives what a delta adds, unless that is nothing.
pub(super) fn given<'a>(text: Option<Cow<'a, str>>, event: fn(Cow<'a, str>) -> Event<'a>, sink: Sink<'_>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        sink(event(text));
    }
}
