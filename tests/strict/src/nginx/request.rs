//! One request in nginx, and its reply.

use std::collections::BTreeMap;

use super::lines::Lines;
use crate::{headers::HeaderMap, stream::LocalReply};

/// Bytes in the buffers that they came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain(pub Vec<Vec<u8>>);

impl Chain {
    /// All of them.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `proxy_set_buffer_bytes`. Observed: (0, 0, x) prepends and (0, 0, "") empties; else everything from `start` on is
    /// dropped and the value, cut to `size`, put in its place. Source: blanks fill what is missing up to `start`, and a
    /// `size` of 0 behind the beginning means all of the value.
    pub fn set(&mut self, start: usize, size: usize, value: &[u8]) {
        let old = self.bytes();
        if start == 0 && size == 0 && !value.is_empty() {
            self.0 = vec![value.to_vec(), old];
            return;
        }
        let size = if start > 0 && size == 0 { value.len() } else { size };
        let mut head = old;
        head.resize(start, b' ');
        self.0 = vec![head, value[..value.len().min(size)].to_vec()];
        self.0.retain(|buffer| !buffer.is_empty());
    }
}

/// A request.
#[derive(Debug, Default)]
pub struct Request {
    /// The root context of its filter.
    pub root: u32,
    /// The method.
    pub method: Vec<u8>,
    /// The target as the client sent it.
    pub unparsed: Vec<u8>,
    /// nginx's `$uri`: the path, decoded.
    pub uri: Vec<u8>,
    /// nginx's `$args`: the query, as it came.
    pub args: Vec<u8>,
    /// The headers.
    pub lines: Lines,
    /// The length by which a body is framed upstream; `None`: not at all.
    pub length: Option<usize>,
    /// The body.
    pub body: Chain,
    /// The body is in a file: it is larger than `client_body_buffer_size`.
    pub spooled: bool,
    /// Variables that may be set, by name.
    pub variables: BTreeMap<String, Vec<u8>>,
    /// Properties of `wasmx.` and `kong.ctx.shared.`.
    pub properties: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The reply, once there is one.
    pub reply: Option<Reply>,
    /// What the filter answers by itself.
    pub local: Option<LocalReply>,
    /// It will never go on.
    pub stuck: bool,
}

/// A reply.
#[derive(Debug, Default)]
pub struct Reply {
    /// Its headers.
    pub headers: HeaderMap,
    /// They were sent: nothing may be written any more.
    pub frozen: bool,
    /// What a body callback is about.
    pub chunk: Chain,
}

impl Request {
    /// A header of the map that the filter sees, special ones among them. Observed: `:path` is decoded. Source: `:authority` is the
    /// server's own name and port, not the client's `Host`.
    pub fn header(&self, name: &[u8]) -> Option<Vec<u8>> {
        match name.to_ascii_lowercase().as_slice() {
            b":path" => Some(self.path()),
            b":method" => Some(self.method.clone()),
            b":scheme" => Some(b"http".to_vec()),
            b":authority" => Some(SERVER.to_vec()),
            name => self.lines.get(name).map(<[u8]>::to_vec),
        }
    }

    /// Path and query as the filter reads them.
    pub fn path(&self) -> Vec<u8> {
        let mut path = self.uri.clone();
        if !self.args.is_empty() {
            path.push(b'?');
            path.extend_from_slice(&self.args);
        }
        path
    }

    /// Sets the path. Observed: a new one without `?` keeps the old query.
    pub fn set_path(&mut self, path: &[u8]) {
        let mut parts = path.splitn(2, |byte| *byte == b'?');
        self.uri = parts.next().unwrap_or_default().to_vec();
        if let Some(args) = parts.next() {
            self.args = args.to_vec();
        }
    }
}

/// The name and the port of the server that the location is in.
pub const SERVER: &[u8] = b"kong:8000";

/// Decodes a path as nginx does for `$uri`.
pub fn decoded(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, after)) = rest.split_first() {
        let digits = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        out.push(byte.unwrap_or(*first));
        rest = &after[if byte.is_some() { 2 } else { 0 }..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(start: usize, size: usize, value: &str) -> String {
        let mut chain = Chain(vec![b"hel".to_vec(), b"lo".to_vec()]);
        chain.set(start, size, value.as_bytes());
        String::from_utf8(chain.bytes()).unwrap()
    }

    #[test]
    fn a_buffer_is_dropped_from_its_start_and_the_value_cut_to_the_size() {
        assert_eq!(set(0, 0, "x"), "xhello");
        assert_eq!(set(0, 0, ""), "");
        assert_eq!(set(0, usize::MAX, "value"), "value");
        assert_eq!(set(0, 2, "value"), "va");
        assert_eq!(set(1, 2, "value"), "hva");
        assert_eq!(set(5, 0, "value"), "hellovalue");
        assert_eq!(set(7, 9, "x"), "hello  x");
    }

    #[test]
    fn a_path_is_read_decoded_and_a_new_one_keeps_the_query() {
        assert_eq!(decoded(b"/a%20b%2Fc%zz%4"), b"/a b/c%zz%4");
        let mut request = Request { uri: b"/a".to_vec(), args: b"q=%20".to_vec(), ..Request::default() };
        assert_eq!(request.header(b":path"), Some(b"/a?q=%20".to_vec()));
        request.set_path(b"/b");
        assert_eq!(request.path(), b"/b?q=%20");
        request.set_path(b"/c?");
        assert_eq!(request.path(), b"/c");
    }
}
