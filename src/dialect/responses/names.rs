//! The names by which providers that know functions alone are told of tools.

use std::borrow::Cow;

use hashbrown::{HashMap, HashSet};

use super::Named;

/// The most characters of a function's name, at every vendor (OpenAI, Anthropic, Google, AWS).
const LONGEST: usize = 64;

/// Between a namespace and the name in it.
const BETWEEN: &str = "__";

/// How many characters stand for the rest of a name that is too long, `_` before them.
const MARK: usize = 8;

/// Every declared tool's name. The same declarations in the same order give the same names, so that the reader of the
/// head and that of the request need not tell each other, and prompt caches hold.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By namespace and name: the flat name, and whether the tool is custom.
    known: HashMap<String, (String, bool)>,
    taken: HashSet<String>,
    named: Vec<Named>,
}

impl Names {
    /// Declares a tool and gives its flat name; `None` where it was declared before.
    pub(super) fn declare(&mut self, namespace: Option<&str>, name: &str, custom: bool) -> Option<String> {
        let key = key(namespace, name);
        if self.known.contains_key(&key) {
            return None;
        }
        let flat = self.free(flat(namespace, name).into_owned());
        self.taken.insert(flat.clone());
        self.known.insert(key, (flat.clone(), custom));
        if custom || flat != name {
            let namespace = namespace.map(str::to_owned);
            self.named.push(Named { flat: flat.clone(), namespace, name: name.to_owned(), custom });
        }
        Some(flat)
    }

    /// The flat name that a call of a tool has, declared or not.
    pub(super) fn called<'n>(&self, namespace: Option<&str>, name: &'n str) -> Cow<'n, str> {
        match self.known.get(&key(namespace, name)) {
            Some((flat, _)) if flat != name => Cow::Owned(flat.clone()),
            Some(_) => Cow::Borrowed(name),
            // A model that makes a name up is told so by the client, and its next turn must be one that providers take.
            None => match flat(namespace, name) {
                flat if flat.chars().all(is_legal) && !flat.is_empty() => flat,
                flat => Cow::Owned(legal(&flat)),
            },
        }
    }

    /// Whether a tool was declared as custom.
    pub(super) fn is_custom(&self, namespace: Option<&str>, name: &str) -> bool {
        self.known.get(&key(namespace, name)).is_some_and(|(_, custom)| *custom)
    }

    /// The tools whose calls are no plain function calls.
    pub(super) fn into_named(self) -> Vec<Named> {
        self.named
    }

    /// `name`, or one with a number behind it that no other tool has.
    fn free(&self, name: String) -> String {
        if !self.taken.contains(&name) {
            return name;
        }
        let stem: String = name.chars().take(LONGEST - MARK).collect();
        let mut count = 2u32;
        loop {
            let free = [&stem, "_", &count.to_string()].concat();
            if !self.taken.contains(&free) {
                return free;
            }
            count += 1;
        }
    }
}

/// No name holds a NUL that a vendor would take.
fn key(namespace: Option<&str>, name: &str) -> String {
    [namespace.unwrap_or_default(), "\0", name].concat()
}

fn flat<'n>(namespace: Option<&str>, name: &'n str) -> Cow<'n, str> {
    let Some(namespace) = namespace.filter(|namespace| !namespace.is_empty()) else {
        return Cow::Borrowed(name);
    };
    let flat = [namespace, BETWEEN, name].concat();
    if flat.len() <= LONGEST && flat.chars().all(is_legal) {
        return Cow::Owned(flat);
    }
    let mut short = legal(&flat);
    short.truncate(LONGEST - MARK - 1);
    short.push('_');
    let hash = hash(&flat);
    let digit = |at: usize| char::from_digit(hash >> (28 - 4 * at) & 0xF, 16).unwrap_or('0');
    short.extend((0..MARK).map(digit));
    Cow::Owned(short)
}

/// What every vendor takes in a name.
fn is_legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// As much of a name as every vendor takes.
fn legal(name: &str) -> String {
    if name.is_empty() {
        return "_".to_owned();
    }
    name.chars().take(LONGEST).map(|c| if is_legal(c) { c } else { '_' }).collect()
}

/// FNV-1a, of 32 bits.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_functions_keep_their_names_and_are_not_told() {
        let mut names = Names::default();
        assert_eq!(names.declare(None, "wait", false).as_deref(), Some("wait"));
        assert_eq!(names.declare(None, "wait", false), None);
        assert_eq!(names.called(None, "wait"), "wait");
        assert!(names.into_named().is_empty());
    }

    #[test]
    fn a_namespace_stands_before_the_name() {
        let mut names = Names::default();
        assert_eq!(names.declare(Some("clock"), "sleep", false).as_deref(), Some("clock__sleep"));
        assert_eq!(names.declare(Some("functions"), "exec", true).as_deref(), Some("functions__exec"));
        assert_eq!(names.called(Some("clock"), "sleep"), "clock__sleep");
        // One that is no longer declared is called the same.
        assert_eq!(names.called(Some("gone"), "tool"), "gone__tool");
        assert!(names.is_custom(Some("functions"), "exec") && !names.is_custom(None, "exec"));
        let named = names.into_named();
        let told: Vec<_> = named.iter().map(|tool| (tool.name.as_str(), tool.custom)).collect();
        assert_eq!(told, [("sleep", false), ("exec", true)]);
        assert_eq!(named.first().and_then(|tool| tool.namespace.as_deref()), Some("clock"));
    }

    #[test]
    fn two_tools_never_share_a_name() {
        let mut names = Names::default();
        assert_eq!(names.declare(Some("a"), "b__c", false).as_deref(), Some("a__b__c"));
        assert_eq!(names.declare(Some("a__b"), "c", false).as_deref(), Some("a__b__c_2"));
        assert_eq!(names.declare(None, "a__b__c", false).as_deref(), Some("a__b__c_3"));
        assert_eq!(names.called(Some("a__b"), "c"), "a__b__c_2");
        assert_eq!(names.into_named().len(), 3);
    }

    #[test]
    fn long_names_are_cut_to_what_vendors_take() {
        let (long, other) = ("x".repeat(70), "x".repeat(71));
        let mut names = Names::default();
        let one = names.declare(Some("space"), &long, false).unwrap();
        let two = names.declare(Some("space"), &other, false).unwrap();
        assert_eq!((one.len(), two.len()), (64, 64));
        assert_ne!(one, two);
        // Without its declaration it has the same name.
        assert_eq!(Names::default().called(Some("space"), &long), one);
    }

    #[test]
    fn names_are_what_vendors_take() {
        let mut names = Names::default();
        let flat = names.declare(Some("a.b"), "c", false).unwrap();
        assert!(flat.starts_with("a_b__c_") && flat.len() == 15, "{flat}");
        assert_eq!(names.called(Some("a.b"), "c"), flat);
        // One that a model made up.
        assert_eq!(names.called(None, "a.b c"), "a_b_c");
        assert_eq!(names.called(None, ""), "_");
        // A function's own name is the client's matter.
        assert_eq!(names.declare(None, "x.y", false).as_deref(), Some("x.y"));
        assert_eq!(names.called(None, "x.y"), "x.y");
    }
}
