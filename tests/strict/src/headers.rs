//! Header maps as Envoy keeps them, and their encoding across the ABI.

/// Names of which a map holds one entry: Envoy joins a second value to the first with a comma.
const SINGLE: [&[u8]; 4] = [b"authorization", b"content-length", b"content-type", b"x-request-id"];

/// A name and a value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Headers in order. Names are lower case, values are bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderMap(Vec<Pair>);

impl HeaderMap {
    /// A map of these pairs, in this order.
    pub fn of<N: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut map = HeaderMap::default();
        for (name, value) in pairs {
            map.0.push((canonical(name.as_ref()), value.as_ref().to_vec()));
        }
        map
    }

    /// Adds pairs as they are: a `host` stays one beside `:authority`.
    pub fn extend_as_it_is(&mut self, pairs: impl IntoIterator<Item = Pair>) {
        self.0.extend(pairs);
    }

    /// The first value of a name, as bytes: all that Envoy's `getHeaderMapValue` gives of a repeated header.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        let name = canonical(name.as_ref());
        self.0.iter().find(|(of, _)| *of == name).map(|(_, value)| value.as_slice())
    }

    /// The first value of a name as text; `None` where it is missing or not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// All pairs, in order.
    pub fn pairs(&self) -> &[Pair] {
        &self.0
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True without pairs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes every pair of a name.
    pub fn remove(&mut self, name: impl AsRef<[u8]>) {
        let name = canonical(name.as_ref());
        self.0.retain(|(of, _)| *of != name);
    }

    /// Sets the first pair of a name and removes the others (`HeaderMap::setCopy`).
    pub fn replace(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let name = canonical(name.as_ref());
        match self.0.iter().position(|(of, _)| *of == name) {
            Some(first) => {
                self.0[first].1 = value.as_ref().to_vec();
                let mut index = 0;
                self.0.retain(|(of, _)| {
                    index += 1;
                    index - 1 <= first || *of != name
                });
            }
            None => self.0.push((name, value.as_ref().to_vec())),
        }
    }

    /// Adds a pair. A second value of a pseudo header, or of one that Envoy keeps a single entry of, is joined to
    /// the first with a comma, as Envoy does (`HeaderMapImpl::appendToHeader`): told by `Err`, nobody wants it.
    pub fn add(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<(), String> {
        let name = canonical(name.as_ref());
        let single = name.starts_with(b":") || SINGLE.contains(&name.as_slice());
        if let Some((_, have)) = self.0.iter_mut().find(|(of, _)| single && *of == name) {
            have.push(b',');
            have.extend_from_slice(value.as_ref());
            return Err(format!("a second `{}` is joined to the first with a comma", name.escape_ascii()));
        }
        self.0.push((name, value.as_ref().to_vec()));
        Ok(())
    }
}

/// Lower case; `host` is `:authority` in Envoy's maps.
fn canonical(name: &[u8]) -> Vec<u8> {
    let name = name.to_ascii_lowercase();
    if name == b"host" { b":authority".to_vec() } else { name }
}

/// Why Envoy's header map must not get this pair: it is not checked there, and splits the message on the wire.
pub fn unfit(name: &[u8], value: &[u8]) -> Option<String> {
    let token = name.strip_prefix(b":").unwrap_or(name);
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if token.is_empty() || !token.iter().all(fits) {
        return Some(format!("`{}` is no header name", name.escape_ascii()));
    }
    let bad = |byte: &u8| matches!(byte, 0 | b'\r' | b'\n');
    value.iter().any(bad).then(|| format!("the value of `{}` has NUL, CR or LF", name.escape_ascii()))
}

/// The ABI's form of pairs: u32 count, the u32 lengths of each name and value, then each of them NUL-terminated; all
/// little-endian (proxy-wasm-cpp-host `src/pairs_util.cc`).
pub fn encode(pairs: &[Pair]) -> Vec<u8> {
    let word = |len: usize| u32::try_from(len).expect("a length of a test").to_le_bytes();
    let mut out = word(pairs.len()).to_vec();
    for (name, value) in pairs {
        out.extend(word(name.len()));
        out.extend(word(value.len()));
    }
    for part in pairs.iter().flat_map(|(name, value)| [name, value]) {
        out.extend(part);
        out.push(0);
    }
    out
}

/// Reads the ABI's form of pairs; `Err` says what is wrong with it. Nothing may follow the last pair.
pub fn decode(bytes: &[u8]) -> Result<Vec<Pair>, String> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut rest = bytes;
    let count = word(&mut rest)?;
    if count > 1024 {
        return Err(format!("{count} pairs, Envoy takes 1024 at most"));
    }
    let mut sizes = Vec::new();
    for _ in 0..count {
        sizes.push((word(&mut rest)?, word(&mut rest)?));
    }
    let mut pairs = Vec::new();
    for (name, value) in sizes {
        pairs.push((part(&mut rest, name)?, part(&mut rest, value)?));
    }
    if rest.is_empty() { Ok(pairs) } else { Err(format!("{} bytes after the last pair", rest.len())) }
}

fn word(rest: &mut &[u8]) -> Result<usize, String> {
    let (word, after) = rest.split_first_chunk().ok_or("pairs end inside a length")?;
    *rest = after;
    Ok(u32::from_le_bytes(*word) as usize)
}

fn part(rest: &mut &[u8], len: usize) -> Result<Vec<u8>, String> {
    let (part, after) = rest.split_at_checked(len).ok_or("pairs end inside a name or value")?;
    let (end, after) = after.split_first().ok_or("a name or value without its NUL")?;
    *rest = after;
    if *end == 0 { Ok(part.to_vec()) } else { Err("a name or value is not NUL-terminated".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_survive_the_encoding_and_have_its_layout() {
        let pairs = vec![(b"a".to_vec(), b"xy".to_vec()), (b"b".to_vec(), vec![0xff])];
        let bytes = encode(&pairs);
        assert_eq!(bytes, b"\x02\0\0\0\x01\0\0\0\x02\0\0\0\x01\0\0\0\x01\0\0\0a\0xy\0b\0\xff\0");
        assert_eq!(decode(&bytes).unwrap(), pairs);
        for cut in 1..bytes.len() {
            assert!(decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(decode(&[&bytes[..], b"x"].concat()).is_err());
        assert!(decode(b"\x01\0\0\0\x01\0\0\0\x01\0\0\0a\x01b\0").is_err());
    }

    #[test]
    fn replace_leaves_one_and_add_joins_what_is_single() {
        let mut map = HeaderMap::of([("A", "1"), ("b", "2"), ("a", "3"), (":path", "/x")]);
        map.replace("a", "4");
        assert_eq!(map, HeaderMap::of([("a", "4"), ("b", "2"), (":path", "/x")]));
        assert!(map.add("b", "5").is_ok());
        assert!(map.add(":path", "/y").is_err());
        assert_eq!((map.text(":path"), map.text("b"), map.len()), (Some("/x,/y"), Some("2"), 4));
        map.replace("host", "h");
        assert_eq!(map.text(":authority"), Some("h"));
    }

    #[test]
    fn what_would_split_a_message_is_told() {
        assert!(unfit(b"x", b"a\r\nb").is_some());
        assert!(unfit(b"", b"a").is_some());
        assert!(unfit(b"a b", b"a").is_some());
        assert!(unfit(b":path", b"/\xff").is_none());
    }
}
