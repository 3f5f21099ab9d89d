//! What a vendor tells beside an answer, kept until the answer ends: each name is given once.

use crate::ir::Extra;

use super::json::{Array, compact, value};

/// Most bytes that are kept of one stream. A picture that a model draws has one to two MiB; what the vendors' own tools
/// find and say has less than 100 KiB in recorded streams.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// A list is looked through for what it holds already up to this length.
const MAX_COMPARED: usize = 64 * 1024;

/// What was kept so far.
#[derive(Debug)]
pub(super) struct Beside {
    kept: Vec<Kept>,
    /// Names of which something did not fit.
    left_out: Vec<&'static str>,
    bytes: usize,
    limit: usize,
}

#[derive(Debug)]
struct Kept {
    name: &'static str,
    /// JSON text; of a list without its closing bracket.
    json: String,
    is_list: bool,
}

impl Default for Beside {
    fn default() -> Self {
        Self::up_to(MAX_BYTES)
    }
}

impl Beside {
    /// Keeps at most `limit` bytes of JSON text.
    pub(super) fn up_to(limit: usize) -> Self {
        Self { kept: Vec::new(), left_out: Vec::new(), bytes: 0, limit }
    }

    /// Keeps a value in the place of the one of the same name before. `null` says nothing.
    pub(super) fn put(&mut self, name: &'static str, json: &str) {
        if json == "null" {
            return;
        }
        if let Some(at) = self.kept.iter().position(|kept| kept.name == name) {
            let before = self.kept.remove(at);
            self.bytes -= before.json.len();
        }
        self.keep(name, &compact(json), false);
    }

    /// Keeps one more element of a list.
    pub(super) fn push(&mut self, name: &'static str, json: &str) {
        self.keep(name, &compact(json), true);
    }

    /// Keeps one more element of a list, unless it is in there: some are sent again with each piece of a stream.
    pub(super) fn push_new(&mut self, name: &'static str, json: &str) {
        let json = compact(json);
        if !self.get(name).is_some_and(|list| list.len() < MAX_COMPARED && list.contains(json.as_ref())) {
            self.keep(name, &json, true);
        }
    }

    fn keep(&mut self, name: &'static str, json: &str, is_list: bool) {
        if json.len().saturating_add(1) > self.limit - self.bytes {
            return self.leave_out(name);
        }
        self.bytes += json.len() + usize::from(is_list);
        match self.kept.iter_mut().find(|kept| kept.name == name) {
            Some(list) => {
                list.json.push(',');
                list.json.push_str(json);
            }
            None => {
                let json = if is_list { format!("[{json}") } else { json.to_owned() };
                self.kept.push(Kept { name, json, is_list });
            }
        }
    }

    /// Notes that something of this name was not kept.
    pub(super) fn leave_out(&mut self, name: &'static str) {
        if !self.left_out.contains(&name) {
            self.left_out.push(name);
        }
    }

    /// The JSON text kept under this name; of a list without its closing bracket.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.kept.iter().find(|kept| kept.name == name).map(|kept| kept.json.as_str())
    }

    /// All that was kept, in the order in which it first came, and `left_out` with the names of which something did
    /// not fit.
    pub(super) fn take(&mut self, vendor: &'static str) -> Vec<Extra<'static>> {
        let mut extras: Vec<Extra<'static>> = Vec::with_capacity(self.kept.len());
        for Kept { name, mut json, is_list } in std::mem::take(&mut self.kept) {
            if is_list {
                json.push(']');
            }
            extras.push(Extra { vendor, name, json: json.into() });
        }
        if !self.left_out.is_empty() {
            let mut names = Vec::new();
            let mut array = Array::begin(&mut names);
            self.left_out.iter().for_each(|name| value(array.item(), name));
            array.end();
            let json = String::from_utf8(names).unwrap_or_default();
            extras.push(Extra { vendor, name: "left_out", json: json.into() });
        }
        extras
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(mut beside: Beside) -> Vec<(&'static str, String)> {
        beside.take("x").into_iter().map(|extra| (extra.name, extra.json.into_owned())).collect()
    }

    #[test]
    fn one_extra_a_name() {
        let mut beside = Beside::default();
        beside.push("list", "{ \"a\":\n1 }");
        beside.put("value", "1");
        beside.push("list", "2");
        beside.put("value", "null");
        beside.put("value", "[3]");
        beside.push_new("list", "{\"a\":1}");
        beside.push_new("list", "{\"a\":2}");
        let wanted = [("list", "[{\"a\":1},2,{\"a\":2}]".to_owned()), ("value", "[3]".to_owned())];
        assert_eq!(told(beside), wanted);
        assert_eq!(told(Beside::default()), []);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut beside = Beside::up_to(20);
        beside.put("value", "\"0123456789\"");
        beside.push("list", "12345");
        beside.push("list", "12345");
        beside.push("list", "1");
        beside.push("other", "123456789");
        let found = told(beside);
        assert_eq!(
            found,
            [
                ("value", "\"0123456789\"".to_owned()),
                ("list", "[12345,1]".to_owned()),
                ("left_out", "[\"list\",\"other\"]".to_owned())
            ]
        );
        // What takes another's place has its room.
        let mut beside = Beside::up_to(20);
        (0..9).for_each(|_| beside.put("value", "\"0123456789\""));
        assert_eq!(told(beside).len(), 1);
    }
}
