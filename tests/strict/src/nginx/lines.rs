//! The header lines of a request: nginx's list, and what the module's calls do to it.

use crate::headers::Pair;

/// Headers that nginx keeps a pointer to, for which the module has handlers of their own (source:
/// `ngx_http_wasm_headers_request.c`): one that was removed comes back in its place when it is set.
const BUILTIN: [&[u8]; 23] = [
    b"host",
    b"connection",
    b"if-modified-since",
    b"if-unmodified-since",
    b"if-match",
    b"if-none-match",
    b"user-agent",
    b"referer",
    b"content-length",
    b"content-type",
    b"range",
    b"if-range",
    b"transfer-encoding",
    b"expect",
    b"upgrade",
    b"accept-encoding",
    b"via",
    b"authorization",
    b"keep-alive",
    b"x-real-ip",
    b"depth",
    b"destination",
    b"overwrite",
];

pub(super) fn is_builtin(name: &[u8]) -> bool {
    BUILTIN.contains(&name)
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    name: Vec<u8>,
    value: Vec<u8>,
    /// Removed: no longer in the filter's map, and still in the list that is sent.
    gone: bool,
}

/// The lines, in order. Names are lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines(Vec<Line>);

impl Lines {
    /// One more line at the end, as the client sends it.
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        self.0.push(Line { name: name.to_ascii_lowercase(), value: value.to_vec(), gone: false });
    }

    /// What the filter sees.
    pub fn seen(&self) -> impl Iterator<Item = Pair> {
        let seen = self.0.iter().filter(|line| !line.gone);
        seen.map(|line| (line.name.clone(), line.value.clone()))
    }

    /// What is sent to the upstream: removed lines too. Observed: "gone from the map, still sent (Authorization, Cookie,
    /// custom)".
    pub fn sent(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|line| (line.name.as_slice(), line.value.as_slice()))
    }

    /// The first value that the filter sees.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        let name = name.to_ascii_lowercase();
        let found = self.0.iter().find(|line| line.name == name && !line.gone);
        found.map(|line| line.value.as_slice())
    }

    /// Replaces the first line of a name and removes the others. Observed: replace works. Source: a removed line does not
    /// come back but for a builtin's, so that the client's is sent beside the new one.
    pub fn replace(&mut self, name: &[u8], value: &[u8]) {
        let name = name.to_ascii_lowercase();
        let builtin = is_builtin(&name);
        match self.0.iter().position(|line| line.name == name && (builtin || !line.gone)) {
            Some(first) => {
                self.0[first] = Line { name: name.clone(), value: value.to_vec(), gone: false };
                let rest = self.0.iter_mut().skip(first + 1).filter(|line| line.name == name);
                rest.for_each(|line| line.gone = true);
            }
            None => self.push(&name, value),
        }
    }

    /// Adds a line; false where that is ignored. Observed: "add on an existing Authorization: ignored". Source: so of every
    /// builtin.
    pub fn add(&mut self, name: &[u8], value: &[u8]) -> bool {
        let name = name.to_ascii_lowercase();
        let ignored = is_builtin(&name) && self.0.iter().any(|line| line.name == name);
        if !ignored {
            self.push(&name, value);
        }
        !ignored
    }

    /// Removes the lines of a name from what the filter sees.
    pub fn remove(&mut self, name: &[u8]) {
        let name = name.to_ascii_lowercase();
        self.0.iter_mut().filter(|line| line.name == name).for_each(|line| line.gone = true);
    }

    /// Removes all. Source: `proxy_set_header_map_pairs` removes one after the other, so that they are still sent.
    pub fn clear(&mut self) {
        self.0.iter_mut().for_each(|line| line.gone = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Lines {
        let mut lines = Lines::default();
        for (name, value) in [("Authorization", "a"), ("X-Key", "b"), ("x-key", "c")] {
            lines.push(name.as_bytes(), value.as_bytes());
        }
        lines
    }

    fn sent(lines: &Lines) -> String {
        let line =
            |(name, value): (&[u8], &[u8])| format!("{}={}", name.escape_ascii(), value.escape_ascii());
        lines.sent().map(line).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_removed_is_gone_from_the_map_and_still_sent() {
        let mut removed = lines();
        removed.remove(b"X-KEY");
        removed.remove(b"authorization");
        assert_eq!((removed.get(b"x-key"), removed.seen().count()), (None, 0));
        assert_eq!(sent(&removed), "authorization=a x-key=b x-key=c");
        removed.replace(b"authorization", b"z");
        removed.replace(b"x-key", b"z");
        assert_eq!(sent(&removed), "authorization=z x-key=b x-key=c x-key=z");
    }

    #[test]
    fn replace_works_and_add_does_where_there_is_none() {
        let mut lines = lines();
        lines.replace(b"x-key", b"z");
        assert_eq!((lines.get(b"x-key"), lines.seen().count()), (Some(&b"z"[..]), 2));
        assert_eq!(sent(&lines), "authorization=a x-key=z x-key=c", "the second one is removed, and sent");
        assert!(!lines.add(b"authorization", b"z") && lines.add(b"x-key", b"y") && lines.add(b"via", b"1"));
        lines.clear();
        assert_eq!(sent(&lines), "authorization=a x-key=z x-key=c x-key=y via=1");
    }
}
