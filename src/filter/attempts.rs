//! The attempts of one request: which targets were asked, and how each ended.

use std::{cell::RefCell, fmt::Write};

use crate::{config::plugin::Plugin, route::Plan};

/// One attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Note {
    /// Its target: an index of the plan's steps.
    step: usize,
    /// Unix time in milliseconds; 0 where nobody wants to know.
    begun: u64,
    /// The provider's status; none while nothing came from it, or nothing ever did.
    status: Option<u16>,
    /// For how many milliseconds the provider wants not to be asked.
    wait: Option<u64>,
}

/// The attempts of one request, in order. As many as Envoy makes: 10 at most.
#[derive(Debug, Default)]
pub(super) struct Attempts(RefCell<Vec<Note>>);

impl Attempts {
    /// An attempt at a target begins. `begun`: Unix time in milliseconds, or 0.
    pub(super) fn begin(&self, step: usize, begun: u64) {
        self.with(|notes| notes.push(Note { step, begun, status: None, wait: None }));
    }

    /// The latest attempt got a reply with this status, and a time to wait in milliseconds or none.
    pub(super) fn answered(&self, status: u16, wait: Option<u64>) {
        self.with(|notes| {
            if let Some(note) = notes.last_mut() {
                (note.status, note.wait) = (Some(status), wait);
            }
        });
    }

    /// Whether a target of the plan has not been asked, of so many.
    pub(super) fn is_one_left(&self, steps: usize) -> bool {
        self.0
            .try_borrow()
            .is_ok_and(|notes| (0..steps).any(|step| notes.iter().all(|note| note.step != step)))
    }

    /// Whether the latest attempt was not the first at its target.
    pub(super) fn is_again(&self) -> bool {
        self.0.try_borrow().is_ok_and(|notes| {
            let of_last = notes.last().map(|last| notes.iter().filter(|note| note.step == last.step).count());
            of_last.is_some_and(|count| count > 1)
        })
    }

    /// In how many milliseconds a request may be served at the earliest, where every target that was asked told a time:
    /// the least of these times.
    pub(super) fn wait(&self) -> Option<u64> {
        let notes = self.0.try_borrow().ok()?;
        notes.iter().map(|note| note.wait).min().flatten()
    }

    /// A list for a header (RFC 9651 section 3.1): `"openai";model="gpt-4.1";status=503;ms=12, "claude";…`. `error` stands
    /// for a status where none came. The time is until the next attempt began, or until `now`.
    pub(super) fn list(&self, plan: &Plan, plugin: &Plugin, now: u64) -> String {
        let Ok(notes) = self.0.try_borrow() else { return String::new() };
        let ends = notes.iter().skip(1).map(|note| note.begun).chain([now]);
        let mut list = String::new();
        for (note, end) in notes.iter().zip(ends) {
            let Some(step) = plan.steps.get(note.step) else { continue };
            let provider =
                plugin.providers.get(step.lane.provider).map_or("", |provider| provider.name.as_str());
            let separator = if list.is_empty() { "" } else { ", " };
            let model = quoted(&step.model);
            let ms = end.saturating_sub(note.begun);
            // Writing to a String cannot fail.
            let _ = write!(list, "{separator}\"{provider}\";model={model};");
            let _ = match note.status {
                Some(status) => write!(list, "status={status};ms={ms}"),
                None => write!(list, "error;ms={ms}"),
            };
        }
        list
    }

    fn with(&self, work: impl FnOnce(&mut Vec<Note>)) {
        // Callbacks never nest: it is never in use.
        if let Ok(mut notes) = self.0.try_borrow_mut() {
            work(&mut notes);
        }
    }
}

/// A string of RFC 9651 (section 3.3.3): printable ASCII. What a client may have put into a name beside it is left out.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars().filter(|character| matches!(character, ' '..='~')) {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(notes: &[(usize, Option<u16>, Option<u64>)]) -> Attempts {
        let attempts = Attempts::default();
        for (step, status, wait) in notes {
            attempts.begin(*step, 0);
            if let Some(status) = status {
                attempts.answered(*status, *wait);
            }
        }
        attempts
    }

    #[test]
    fn what_is_left_of_a_plan() {
        assert!(noted(&[(1, Some(503), None)]).is_one_left(2));
        assert!(!noted(&[(1, None, None), (0, Some(503), None)]).is_one_left(2));
        assert!(noted(&[(1, None, None), (1, None, None)]).is_one_left(2));
        assert!(noted(&[(1, None, None), (1, None, None)]).is_again());
        assert!(!noted(&[(0, None, None), (1, None, None)]).is_again());
    }

    #[test]
    fn the_wait_is_the_shortest_where_all_told_one() {
        assert_eq!(noted(&[(0, Some(429), Some(30)), (1, Some(429), Some(10))]).wait(), Some(10));
        // The other may be well again at any time.
        assert_eq!(noted(&[(0, Some(429), Some(30)), (1, Some(503), None)]).wait(), None);
        assert_eq!(noted(&[(0, None, None), (1, Some(429), Some(10))]).wait(), None);
        assert_eq!(noted(&[]).wait(), None);
    }

    #[test]
    fn names_cannot_end_their_string() {
        assert_eq!(quoted("a\"b\\c\r\nd\u{e9}"), r#""a\"b\\cd""#);
    }
}
