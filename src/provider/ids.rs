//! Ids of tool calls as a provider accepts them, each used once in a conversation.

use std::borrow::Cow;

use hashbrown::{HashMap, HashSet};

/// What a provider accepts for an id.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// What may stand in it besides ASCII letters and digits.
    pub(super) marks: &'static str,
    /// The most bytes.
    pub(super) longest: usize,
}

/// What most accept: `^[a-zA-Z0-9_-]+$`.
pub(super) const PLAIN: Rule = Rule { marks: "_-", longest: usize::MAX };

/// How many of an id's last bytes are left for what tells it from another one.
const SUFFIX: usize = 8;

/// Gives every call of a conversation its id, and every result the id of its call.
#[derive(Debug)]
pub(super) struct Ids<'a> {
    rule: Rule,
    /// The calls that the client gave this id, in order.
    calls: HashMap<&'a str, Calls<Cow<'a, str>>>,
    taken: HashSet<Cow<'a, str>>,
    /// How often an id came again, so that the search for a free one goes on where it ended.
    repeats: HashMap<Cow<'a, str>, u32>,
}

/// The calls that share one id of the client's, in order, by what each is known as: some clients number the calls of
/// each turn from 0, so that an id comes again.
#[derive(Debug)]
pub(super) struct Calls<T> {
    known: Vec<T>,
    /// How many of them have a result: the first ones.
    answered: usize,
}

impl<T> Default for Calls<T> {
    fn default() -> Self {
        Self { known: Vec::new(), answered: 0 }
    }
}

impl<T: Clone> Calls<T> {
    /// One more call was made.
    pub(super) fn made(&mut self, known: T) {
        self.known.push(known);
    }

    /// The call that the next result answers; the last one, where there are more results than calls.
    pub(super) fn answered(&mut self) -> Option<T> {
        let next = self.known.get(self.answered).or(self.known.last()).cloned();
        self.answered = (self.answered + 1).min(self.known.len());
        next
    }
}

impl<'a> Ids<'a> {
    /// None yet.
    pub(super) fn new(rule: Rule) -> Self {
        Self { rule, calls: HashMap::new(), taken: HashSet::new(), repeats: HashMap::new() }
    }

    /// The id of the next call, which the client named `id`.
    pub(super) fn call(&mut self, id: &'a str) -> Cow<'a, str> {
        let clean = self.rule.sanitise(id);
        let mut unique = clean.clone();
        if self.taken.contains(&unique) {
            let count = self.repeats.entry(clean.clone()).or_insert(1);
            // Room for the number: all of it is ASCII.
            let most = clean.len().min(self.rule.longest.saturating_sub(SUFFIX));
            let stem = clean.get(..most).unwrap_or_default();
            while self.taken.contains(&unique) {
                *count += 1;
                unique = Cow::Owned(format!("{stem}_{count}"));
            }
        }
        self.taken.insert(unique.clone());
        self.calls.entry(id).or_default().made(unique.clone());
        unique
    }

    /// The id of the call that the next result for `id` answers. A result without a call keeps its own name: the
    /// provider's error then says what is wrong.
    pub(super) fn result(&mut self, id: &'a str) -> Cow<'a, str> {
        let call = self.calls.get_mut(id).and_then(Calls::answered);
        call.unwrap_or_else(|| self.rule.sanitise(id))
    }
}

/// The id of the `count`th call of an answer whose provider gave it none.
pub(super) fn call_id(answer: &str, count: u32) -> String {
    format!("call_{answer}_{count}")
}

impl Rule {
    fn sanitise<'i>(&self, id: &'i str) -> Cow<'i, str> {
        let legal = |c: char| c.is_ascii_alphanumeric() || self.marks.contains(c);
        if id.is_empty() {
            return Cow::Borrowed("call");
        }
        if id.len() <= self.longest && id.chars().all(legal) {
            return Cow::Borrowed(id);
        }
        let clean = id.chars().map(|c| if legal(c) { c } else { '_' });
        // All are ASCII now. One that is cut may meet another, which then gets a number behind it.
        let most =
            if id.chars().count() > self.longest { self.longest.saturating_sub(SUFFIX) } else { usize::MAX };
        Cow::Owned(clean.take(most).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{Ids, Rule};

    const PLAIN: Rule = Rule { marks: "_-", longest: usize::MAX };

    #[test]
    fn legal_ids_stay() {
        let mut ids = Ids::new(PLAIN);
        assert_eq!(ids.call("call_Ab-9"), "call_Ab-9");
        assert_eq!(ids.result("call_Ab-9"), "call_Ab-9");
        assert_eq!(ids.result("call_Ab-9"), "call_Ab-9");
    }

    #[test]
    fn different_ids_never_meet() {
        let mut ids = Ids::new(PLAIN);
        assert_eq!(ids.call("a.b"), "a_b");
        assert_eq!(ids.call("a:b"), "a_b_2");
        assert_eq!(ids.call("a_b"), "a_b_3");
        assert_eq!(ids.result("a_b"), "a_b_3");
        assert_eq!(ids.result("a:b"), "a_b_2");
        assert_eq!(ids.result("a.b"), "a_b");
    }

    #[test]
    fn an_id_that_comes_again_is_answered_in_order() {
        let mut ids = Ids::new(PLAIN);
        assert_eq!(ids.call("0"), "0");
        assert_eq!(ids.result("0"), "0");
        assert_eq!(ids.call("0"), "0_2");
        assert_eq!(ids.call("0"), "0_3");
        assert_eq!(ids.result("0"), "0_2");
        assert_eq!(ids.result("0"), "0_3");
        assert_eq!(ids.call(""), "call");
        assert_eq!(ids.result("é"), "_");
    }

    #[test]
    fn marks_and_length_are_the_providers() {
        let full = "a".repeat(64);
        let (one, other, wide) = ("b".repeat(65), "b".repeat(70), "é".repeat(40));
        let mut ids = Ids::new(Rule { marks: "_.:-", longest: 64 });
        assert_eq!(ids.call("functions.now:0"), "functions.now:0");
        assert_eq!(ids.call(&full), full);
        assert_eq!(ids.call(&full), "a".repeat(56) + "_2");
        assert_eq!(ids.call(&one), "b".repeat(56));
        assert_eq!(ids.call(&other), "b".repeat(56) + "_2");
        assert_eq!(ids.result(&other), "b".repeat(56) + "_2");
        assert_eq!(ids.result(&one), "b".repeat(56));
        // Characters are counted, not their bytes.
        assert_eq!(ids.call(&wide), "_".repeat(40));
    }
}
