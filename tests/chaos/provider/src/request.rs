//! Reading HTTP/1.1 requests.

use crate::conn::{Conn, Gone};

/// The longest head.
const HEAD: usize = 4 << 20;
/// The longest body.
const BODY: usize = 64 << 20;

/// One request, as it came over the wire.
#[derive(Debug, Default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The request line and all headers.
    pub head: Vec<u8>,
    /// Names in lower case, and values.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Request {
    /// The values of every header of this name.
    pub fn all<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r [u8]> {
        self.headers.iter().filter(move |(of, _)| of == name).map(|(_, value)| value.as_slice())
    }

    /// Reads the head.
    fn parse(&mut self) -> Result<(), String> {
        let mut lines = self.head.split(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        // The last line has lost its end with the empty line after it.
        let first = first.strip_suffix(b"\r").unwrap_or(first);
        let mut words = str::from_utf8(first).unwrap_or_default().split(' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some(method), Some(target), Some("HTTP/1.1"), None) if !method.is_empty() => {
                self.method = method.into();
                self.target = target.into();
            }
            _ => {
                return Err(format!(
                    "not a request: \"{}\"",
                    first.get(..80).unwrap_or(first).escape_ascii()
                ));
            }
        }
        let mut lines = lines.peekable();
        while let Some(line) = lines.next() {
            let whole = if lines.peek().is_some() { line.strip_suffix(b"\r") } else { Some(line) };
            let Some((name, value)) = whole.and_then(header) else {
                return Err(format!("not a header: \"{}\"", line.escape_ascii()));
            };
            self.headers.push((name, value));
        }
        Ok(())
    }

    /// Whether a header has this value.
    pub fn says(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|has| has.eq_ignore_ascii_case(value.as_bytes()))
    }
}

/// Why there is no request.
#[derive(Debug)]
pub enum Broken {
    /// The peer left: between two requests, or within one.
    Gone,
    /// What came is not HTTP/1.1; and the target, empty where it did not get so far.
    Bad(String, String),
}

impl From<Gone> for Broken {
    fn from(_: Gone) -> Self {
        Broken::Gone
    }
}

/// Reads the next request with its whole body.
///
/// # Errors
/// The peer left, or what came is not HTTP/1.1.
pub fn read(conn: &mut Conn) -> Result<Request, Broken> {
    let mut request = Request { head: head(conn)?, ..Request::default() };
    let bad = |what: String, request: &Request| Broken::Bad(what, request.target.clone());
    if let Err(what) = request.parse() {
        return Err(bad(what, &request));
    }
    let lengths: Vec<_> = request.all("content-length").map(<[u8]>::to_vec).collect();
    let codings: Vec<_> = request.all("transfer-encoding").map(<[u8]>::to_vec).collect();
    if request.says("expect", "100-continue") {
        conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    request.body = match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => Vec::new(),
        ([length], []) => match number(length, 10) {
            Some(length) if length <= BODY => conn.exactly(length)?,
            _ => {
                return Err(bad(format!("content-length \"{}\"", length.escape_ascii()), &request));
            }
        },
        ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") => match chunks(conn)? {
            Ok(body) => body,
            Err(what) => return Err(bad(what, &request)),
        },
        _ => return Err(bad("content-length and transfer-encoding do not go together".into(), &request)),
    };
    Ok(request)
}

/// Everything up to the empty line, which is left out.
fn head(conn: &mut Conn) -> Result<Vec<u8>, Broken> {
    let mut from = 0;
    loop {
        let rest = conn.buffered().get(from..).unwrap_or_default();
        if let Some(at) = rest.windows(4).position(|four| four == b"\r\n\r\n") {
            let mut head = conn.take(from + at + 4);
            head.truncate(from + at);
            return Ok(head);
        }
        from = conn.buffered().len().saturating_sub(3);
        if from > HEAD {
            return Err(Broken::Bad("the head is too long".into(), String::new()));
        }
        conn.more()?;
    }
}

/// A name in lower case, and a value, where the line is a header.
fn header(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let at = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (line.get(..at)?, line.get(at + 1..)?);
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if name.is_empty() || !name.iter().all(token) || value.iter().any(|byte| matches!(byte, 0 | b'\r')) {
        return None;
    }
    let name = String::from_utf8(name.to_ascii_lowercase()).ok()?;
    Some((name, value.trim_ascii().to_vec()))
}

fn number(digits: &[u8], radix: u32) -> Option<usize> {
    let digits = str::from_utf8(digits).ok()?;
    // The standard library also takes a sign.
    if digits.starts_with(['+', '-']) { None } else { usize::from_str_radix(digits, radix).ok() }
}

/// A chunked body, or what is wrong with it.
fn chunks(conn: &mut Conn) -> Result<Result<Vec<u8>, String>, Gone> {
    let mut body = Vec::new();
    loop {
        let line = line(conn)?;
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
        let Some(size) = number(digits, 16).filter(|size| body.len().saturating_add(*size) <= BODY) else {
            return Ok(Err(format!("a chunk of \"{}\"", line.escape_ascii())));
        };
        if size == 0 {
            break;
        }
        body.extend_from_slice(&conn.exactly(size)?);
        if conn.exactly(2)? != b"\r\n" {
            return Ok(Err("a chunk without its end".into()));
        }
    }
    // Trailers.
    while !line(conn)?.is_empty() {}
    Ok(Ok(body))
}

fn line(conn: &mut Conn) -> Result<Vec<u8>, Gone> {
    loop {
        if let Some(at) = conn.buffered().windows(2).position(|two| two == b"\r\n") {
            let mut line = conn.take(at + 2);
            line.truncate(at);
            return Ok(line);
        }
        conn.more()?;
    }
}
