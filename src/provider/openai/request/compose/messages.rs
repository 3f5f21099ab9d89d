//! The conversation, in the client's order.
//!
//! The API wants the results of a turn's calls directly behind the turn, in messages of text alone. So results come
//! first of what a user says, and pictures, sound and files among them in a message of the user behind the last of them;
//! a turn of the model that comes in several messages is one message, if there are calls in it.

use std::borrow::Cow;

use crate::{
    ir::{ApiError, Media, Message, Part, Request, Role},
    provider::{
        conversation::{FAILED, Placed, content_of, is_system, no_result, nothing_said},
        ids::{Ids, Rule},
        json::{Array, Object, value},
        quirks::Quirks,
    },
};

use super::{
    MARKS, misplaced,
    parts::{self, Content, mark_of, text_of},
    tools::call,
};

/// Ids of calls have at most 40 characters (the API's own words: "string too long. Expected a string with maximum length
/// 40"). All that is printable ASCII stays as it is.
const IDS: Rule = Rule { marks: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ", longest: 40 };

/// Stands in the place of what a tool's result cannot hold.
const BESIDE: &str = "(What else it gave follows in the next message of the user.)";

/// Stands before what a tool's result cannot hold, and names the call.
const FROM: &str = "From the result of the tool call ";

/// Appends `messages`.
///
/// # Errors
///
/// Where no message says anything, and for parts that have no place, naming them.
pub(super) fn write(request: &Request<'_>, quirks: &Quirks, object: &mut Object<'_>) -> Result<(), ApiError> {
    let messages: Vec<Placed<'_>> = request.messages.iter().enumerate().collect();
    let mut writer = Writer {
        array: Array::begin(object.key("messages")),
        is_empty: true,
        ids: Ids::new(IDS),
        beside: Vec::new(),
        marks: quirks.takes(MARKS),
        thinks: quirks.takes("messages[].reasoning_content"),
        signs: quirks.takes("messages[].tool_calls[].extra_content"),
    };
    for run in messages.chunk_by(|(_, one), (_, next)| is_answer(one) && is_answer(next)) {
        writer.run(run)?;
    }
    writer.tell_beside()?;
    if writer.is_empty {
        return Err(nothing_said());
    }
    writer.array.end();
    Ok(())
}

fn is_answer(message: &Message<'_>) -> bool {
    message.role == Role::Assistant
}

struct Writer<'w, 'r> {
    array: Array<'w>,
    /// No message was written.
    is_empty: bool,
    ids: Ids<'r>,
    /// What results could not hold since the last message that was none: the message's place, the call, and the result.
    beside: Vec<(usize, String, &'r [Part<'r>])>,
    marks: bool,
    thinks: bool,
    signs: bool,
}

impl<'r> Writer<'_, 'r> {
    /// Takes one message, or several of the model's in a row.
    fn run(&mut self, run: &[Placed<'r>]) -> Result<(), ApiError> {
        match run {
            [placed] if !is_answer(placed.1) => self.said(*placed),
            run => {
                self.tell_beside()?;
                let mut parts = run.iter().flat_map(|(_, message)| &message.parts);
                // Reasoning belongs to what it led to.
                let one = |part: &Part<'_>| matches!(part, Part::ToolCall { .. } | Part::Thinking { .. });
                if parts.any(one) {
                    return self.answer(run);
                }
                run.iter().try_for_each(|placed| self.answer(std::slice::from_ref(placed)))
            }
        }
    }

    fn begin(&mut self, role: &str, name: Option<&str>) -> Object<'_> {
        self.is_empty = false;
        let mut object = Object::begin(self.array.item());
        object.text("role", role);
        if let Some(name) = name {
            object.text("name", name);
        }
        object
    }

    /// Takes what the user, the operator or tools say.
    fn said(&mut self, (index, message): Placed<'r>) -> Result<(), ApiError> {
        for (at, part) in message.parts.iter().enumerate() {
            if let Part::ToolResult { .. } = part {
                self.result((index, at), part)?;
            }
        }
        let is_result = |part: &&Part<'_>| matches!(part, Part::ToolResult { .. });
        if message.parts.iter().all(|part| is_result(&part)) {
            return Ok(());
        }
        self.tell_beside()?;
        let role = match message.role {
            Role::System => "system",
            Role::Developer => "developer",
            _ => "user",
        };
        let content = Content { note: "", marks: self.marks, index };
        let mut object = self.begin(role, message.name.as_deref());
        let other: parts::Other<'_> = if is_system(message) {
            &|_, place, _| Err(misplaced(place, "a message of this role holds text only"))
        } else {
            &|part, place, array| parts::media(part, place, content.marks, array)
        };
        let mut rest = message.parts.iter().filter(|part| !is_result(part));
        parts::write(&mut rest, content, other, object.key("content"))?;
        object.end();
        Ok(())
    }

    /// Takes a turn of the model; one that says nothing and calls nothing is left out.
    fn answer(&mut self, run: &[Placed<'r>]) -> Result<(), ApiError> {
        run.iter().try_for_each(check_answer)?;
        let said =
            joined(run, "\n\n", |part| if let Part::Text { text, .. } = part { Some(text) } else { None });
        let refusal = joined(run, "", |part| if let Part::Refusal(text) = part { Some(text) } else { None });
        let calls: Vec<_> =
            run.iter().flat_map(|(_, message)| &message.parts).filter_map(|part| self.id(part)).collect();
        if said.is_empty() && refusal.is_empty() && calls.is_empty() {
            return Ok(());
        }
        let (marks, thinks, signs) = (self.marks, self.thinks, self.signs);
        let mut object = self.begin("assistant", run.iter().find_map(|(_, message)| message.name.as_deref()));
        write_answer(run, &said, marks, object.key("content"))?;
        if !refusal.is_empty() {
            object.text("refusal", &refusal);
        }
        let thought =
            joined(
                run,
                "\n\n",
                |part| if let Part::Thinking { text, .. } = part { Some(text) } else { None },
            );
        if thinks && !thought.is_empty() {
            object.text("reasoning_content", &thought);
        }
        if !calls.is_empty() {
            let mut array = Array::begin(object.key("tool_calls"));
            calls.iter().for_each(|(part, id)| call(part, id, signs, &mut array));
            array.end();
        }
        object.end();
        Ok(())
    }

    /// A call, with the id that it has from now on.
    fn id(&mut self, part: &'r Part<'r>) -> Option<(&'r Part<'r>, Cow<'r, str>)> {
        match part {
            Part::ToolCall { id, .. } => Some((part, self.ids.call(id))),
            _ => None,
        }
    }

    /// Takes what a call gave.
    fn result(&mut self, place: (usize, usize), part: &'r Part<'r>) -> Result<(), ApiError> {
        let Part::ToolResult { id, content, is_error, cache } = part else { return Ok(()) };
        let mut text = String::new();
        let mut tell = |line: &str| {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
        };
        if *is_error {
            tell(FAILED);
        }
        let mut beside = false;
        for part in content {
            match part {
                Part::ToolCall { .. } | Part::ToolResult { .. } => return Err(no_result(place)),
                part => match plain_of(part) {
                    Some(text) => tell(text),
                    None => beside |= !matches!(part, Part::Thinking { .. } | Part::RedactedThinking(_)),
                },
            }
        }
        if beside {
            tell(BESIDE);
        }
        let mark = cache.or_else(|| content.iter().filter_map(mark_of).next_back()).filter(|_| self.marks);
        let id = self.ids.result(id).into_owned();
        let mut object = self.begin("tool", None);
        object.text("tool_call_id", &id);
        match mark {
            Some(_) => {
                let mut array = Array::begin(object.key("content"));
                parts::text(&text, mark, &mut array);
                array.end();
            }
            None => object.text("content", &text),
        }
        object.end();
        if beside {
            self.beside.push((place.0, id, content));
        }
        Ok(())
    }

    /// Appends a message of the user with what the results before it could not hold.
    fn tell_beside(&mut self) -> Result<(), ApiError> {
        let beside = std::mem::take(&mut self.beside);
        if beside.is_empty() {
            return Ok(());
        }
        let mut object = self.begin("user", None);
        let mut array = Array::begin(object.key("content"));
        for (index, id, content) in beside {
            parts::text(&[FROM, "`", &id, "`:"].concat(), None, &mut array);
            for (at, part) in content.iter().enumerate().filter(|(_, part)| plain_of(part).is_none()) {
                parts::media(part, (index, at), false, &mut array)?;
            }
        }
        array.end();
        object.end();
        Ok(())
    }
}

/// The text of a part that is text, or a document that is.
fn plain_of<'p>(part: &'p Part<'_>) -> Option<&'p str> {
    match part {
        Part::File { source: Media::Text(text), .. } | Part::Image { source: Media::Text(text), .. } => {
            Some(text)
        }
        part => text_of(part),
    }
}

/// Refuses what has no place in a turn of the model.
fn check_answer((index, message): &Placed<'_>) -> Result<(), ApiError> {
    let is_odd = |(_, part): &(usize, &Part<'_>)| {
        matches!(part, Part::Image { .. } | Part::File { .. } | Part::Audio { .. } | Part::ToolResult { .. })
    };
    let odd = content_of(message).find(is_odd);
    odd.map_or(Ok(()), |(at, _)| Err(misplaced((*index, at), "an assistant message holds text only")))
}

/// Appends what a turn of the model says: one string, but where a mark has to stand in it.
fn write_answer(run: &[Placed<'_>], said: &str, marks: bool, out: &mut Vec<u8>) -> Result<(), ApiError> {
    let is_marked = |part: &&Part<'_>| matches!(part, Part::Text { cache: Some(_), .. });
    let parts = || run.iter().flat_map(|(_, message)| &message.parts);
    if said.is_empty() {
        out.extend_from_slice(b"null");
    } else if marks && parts().any(|part| is_marked(&part)) {
        let mut texts = parts().filter(|part| matches!(part, Part::Text { .. }));
        parts::write(&mut texts, Content { note: "", marks, index: 0 }, &|_, _, _| Ok(()), out)?;
    } else {
        value(out, said);
    }
    Ok(())
}

/// The texts that `select` finds: those of one message joined, those of several with `between` between them.
fn joined<'r>(
    run: &[Placed<'r>],
    between: &str,
    select: fn(&'r Part<'r>) -> Option<&'r Cow<'r, str>>,
) -> String {
    let mut all = String::new();
    for (_, message) in run {
        let before = all.len();
        for text in message.parts.iter().filter_map(select).filter(|text| !text.is_empty()) {
            if before > 0 && all.len() == before {
                all.push_str(between);
            }
            all.push_str(text);
        }
    }
    all
}
