//! Ids of tool calls as Anthropic accepts them: `^[a-zA-Z0-9_-]+$`, each used once in a conversation.

use std::borrow::Cow;

use hashbrown::{HashMap, HashSet};

/// Gives every call of a conversation its id, and every result the id of its call.
#[derive(Debug, Default)]
pub(super) struct Ids<'a> {
    /// The calls that the client gave this id, in order.
    calls: HashMap<&'a str, Calls<'a>>,
    taken: HashSet<Cow<'a, str>>,
    /// How often an id came again, so that the search for a free one goes on where it ended.
    repeats: HashMap<Cow<'a, str>, u32>,
}

#[derive(Debug, Default)]
struct Calls<'a> {
    ids: Vec<Cow<'a, str>>,
    /// How many of `ids` have a result: the first ones.
    answered: usize,
}

impl<'a> Ids<'a> {
    /// The id of the next call, which the client named `id`. Some clients number the calls of each turn from 0, so
    /// the same id may come again.
    pub(super) fn call(&mut self, id: &'a str) -> Cow<'a, str> {
        let clean = sanitise(id);
        let mut unique = clean.clone();
        if self.taken.contains(&unique) {
            let count = self.repeats.entry(clean.clone()).or_insert(1);
            while self.taken.contains(&unique) {
                *count += 1;
                unique = Cow::Owned(format!("{clean}_{count}"));
            }
        }
        self.taken.insert(unique.clone());
        self.calls.entry(id).or_default().ids.push(unique.clone());
        unique
    }

    /// The id of the call that the next result for `id` answers. A result without a call keeps its own name: the
    /// provider's error then says what is wrong.
    pub(super) fn result(&mut self, id: &'a str) -> Cow<'a, str> {
        let Some(calls) = self.calls.get_mut(id) else { return sanitise(id) };
        let next = calls.ids.get(calls.answered).or(calls.ids.last()).cloned();
        calls.answered = (calls.answered + 1).min(calls.ids.len());
        next.unwrap_or_else(|| sanitise(id))
    }
}

fn sanitise(id: &str) -> Cow<'_, str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if id.is_empty() {
        return Cow::Borrowed("call");
    }
    if id.chars().all(legal) {
        return Cow::Borrowed(id);
    }
    Cow::Owned(id.chars().map(|c| if legal(c) { c } else { '_' }).collect())
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn legal_ids_stay() {
        let mut ids = Ids::default();
        assert_eq!(ids.call("call_Ab-9"), "call_Ab-9");
        assert_eq!(ids.result("call_Ab-9"), "call_Ab-9");
        assert_eq!(ids.result("call_Ab-9"), "call_Ab-9");
    }

    #[test]
    fn different_ids_never_meet() {
        let mut ids = Ids::default();
        assert_eq!(ids.call("a.b"), "a_b");
        assert_eq!(ids.call("a:b"), "a_b_2");
        assert_eq!(ids.call("a_b"), "a_b_3");
        assert_eq!(ids.result("a_b"), "a_b_3");
        assert_eq!(ids.result("a:b"), "a_b_2");
        assert_eq!(ids.result("a.b"), "a_b");
    }

    #[test]
    fn an_id_that_comes_again_is_answered_in_order() {
        let mut ids = Ids::default();
        assert_eq!(ids.call("0"), "0");
        assert_eq!(ids.result("0"), "0");
        assert_eq!(ids.call("0"), "0_2");
        assert_eq!(ids.call("0"), "0_3");
        assert_eq!(ids.result("0"), "0_2");
        assert_eq!(ids.result("0"), "0_3");
        assert_eq!(ids.call(""), "call");
        assert_eq!(ids.result("é"), "_");
    }
}
