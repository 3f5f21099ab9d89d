//! A simulator in this process, and a client that sees bytes and how they end.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::{Duration, Instant},
};

use chaos_provider::server::Server;
use serde_json::{Value, json};

pub const FORMATS: [&str; 5] = ["openai", "anthropic", "gemini", "bedrock", "cohere"];
pub const ID: &str = "0102030405060708";

/// How a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As its framing says; the connection stands.
    Whole,
    /// FIN before that.
    Fin,
    /// RST before that.
    Rst,
    /// Nothing more came in time.
    Quiet,
}

/// What came.
#[derive(Debug)]
pub struct Came {
    pub raw: Vec<u8>,
    pub head: String,
    pub body: Vec<u8>,
    pub end: End,
    pub time: Duration,
}

impl Came {
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap_or("0").parse().unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A simulator.
pub struct Rig {
    pub address: String,
}

impl Rig {
    pub fn start() -> Rig {
        let server = Server::bind("127.0.0.1:0").unwrap();
        let address = server.address().to_owned();
        thread::spawn(|| server.run());
        Rig { address }
    }

    /// A simulator with a cell for each format, named as the format, with these further settings.
    pub fn with(settings: Value) -> Rig {
        let rig = Rig::start();
        for format in FORMATS {
            rig.cell(format, format, &settings);
        }
        rig
    }

    /// Makes a cell.
    pub fn cell(&self, name: &str, format: &str, settings: &Value) -> Value {
        let mut cell = json!({"format": format, "key": key(name)});
        cell.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        self.control("PUT", "/_cells", &json!({name: cell}))[name].clone()
    }

    /// A request to the control API that must succeed.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, value) = self.try_control(method, path, body);
        assert_eq!(status, 200, "{method} {path}: {value}");
        value
    }

    pub fn try_control(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
        let came = exchange(&self.address, (head + &body).as_bytes());
        (came.status(), came.json())
    }

    pub fn fault(&self, cell: &str, fault: &str) {
        self.control("PATCH", &format!("/_cells/{cell}"), &json!({"fault": fault}));
    }

    pub fn get(&self, cell: &str) -> Value {
        self.control("GET", &format!("/_cells/{cell}"), &Value::Null)
    }

    /// The counts, when no request is under way any more.
    pub fn settled(&self, cell: &str) -> Value {
        let end = Instant::now() + Duration::from_secs(5);
        loop {
            let told = self.get(cell);
            if told["concurrent"] == 0 || Instant::now() > end {
                return told;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn violations(&self, cell: &str) -> Vec<String> {
        let told = self.get(cell);
        told["violations"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().into()).collect()
    }

    /// A good request to a cell whose name is `name`.
    pub fn ask(&self, name: &str, format: &str, stream: bool) -> Ask {
        Ask::new(&self.address, name, format, stream)
    }

    pub fn call(&self, cell: &str, stream: bool) -> Came {
        self.ask(cell, cell, stream).send()
    }
}

pub fn key(name: &str) -> String {
    format!("key-of-{name}-0001")
}

/// A request that is being made.
#[derive(Clone, Debug)]
pub struct Ask {
    pub to: String,
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Ask {
    fn new(to: &str, name: &str, format: &str, stream: bool) -> Ask {
        Ask::of(to, name, format, stream, "m", &format!("id:{ID}; hello"))
    }

    pub fn of(to: &str, name: &str, format: &str, stream: bool, model: &str, text: &str) -> Ask {
        let (suffix, method) =
            if stream { ("-stream", "streamGenerateContent?alt=sse") } else { ("", "generateContent") };
        let turns = json!([{"role": "user", "content": text}]);
        let parts = json!([{"text": text}]);
        let (path, body, header) = match format {
            "openai" => {
                let mut body = json!({"model": model, "messages": turns, "stream": stream});
                if stream {
                    body["stream_options"] = json!({"include_usage": true});
                }
                ("/v1/chat/completions".into(), body, "authorization")
            }
            "anthropic" => {
                let body = json!({"model": model, "messages": turns, "max_tokens": 9, "stream": stream});
                ("/v1/messages".into(), body, "x-api-key")
            }
            "gemini" => {
                let body = json!({"contents": [{"role": "user", "parts": parts}]});
                (format!("/v1beta/models/{model}:{method}"), body, "x-goog-api-key")
            }
            "bedrock" => {
                let body = json!({"messages": [{"role": "user", "content": parts}]});
                (format!("/model/{model}/converse{suffix}"), body, "authorization")
            }
            _ => (
                "/v2/chat".into(),
                json!({"model": model, "messages": turns, "stream": stream}),
                "authorization",
            ),
        };
        let before = if header == "authorization" { "Bearer " } else { "" };
        let mut headers = vec![
            ("host".into(), to.into()),
            ("content-type".into(), "application/json".into()),
            (header.into(), format!("{before}{}", key(name))),
        ];
        if format == "anthropic" {
            headers.push(("anthropic-version".into(), "2023-06-01".into()));
        }
        Ask { to: to.into(), method: "POST", path: format!("/{name}{path}"), headers, body }
    }

    pub fn without(mut self, name: &str) -> Ask {
        self.headers.retain(|(of, _)| of != name);
        self
    }

    pub fn with(mut self, name: &str, value: &str) -> Ask {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let body = self.body.to_string();
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        (head + &format!("content-length: {}\r\n\r\n{body}", body.len())).into_bytes()
    }

    pub fn send(&self) -> Came {
        exchange(&self.to, &self.bytes())
    }

    /// Sends it, and hands out the connection.
    pub fn open(&self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.to).unwrap();
        stream.write_all(&self.bytes()).unwrap();
        stream
    }
}

/// Sends bytes on a connection of their own, and reads what comes.
pub fn exchange(to: &str, bytes: &[u8]) -> Came {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.write_all(bytes).unwrap();
    read(&mut stream, Duration::from_millis(1500))
}

/// Reads one reply, until it is whole, or the connection ends, or nothing comes for `patience`.
pub fn read(stream: &mut TcpStream, patience: Duration) -> Came {
    let start = Instant::now();
    stream.set_read_timeout(Some(patience)).unwrap();
    let mut raw = Vec::new();
    let mut piece = vec![0; 1 << 18];
    let mut told = 0;
    let end = loop {
        // Looking again at each piece of a reply of many megabytes would take too long.
        if raw.len() < 1 << 20
            || raw.len() > told + (8 << 20)
            || raw.ends_with(b"\r\n")
            || raw.ends_with(b"}")
        {
            told = raw.len();
            if framed(&raw).is_some() {
                break End::Whole;
            }
        }
        match stream.read(&mut piece) {
            Ok(0) => break End::Fin,
            Ok(count) => raw.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break End::Rst,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                break End::Quiet;
            }
            Err(error) => panic!("{error}"),
        }
    };
    let (head, body) = framed(&raw).unwrap_or_else(|| partial(&raw));
    Came { head, body, end, time: start.elapsed(), raw }
}

fn split(raw: &[u8]) -> Option<(String, &[u8])> {
    let at = raw.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((String::from_utf8(raw[..at].to_vec()).unwrap(), &raw[at + 4..]))
}

/// Head and body of a reply that is whole.
fn framed(raw: &[u8]) -> Option<(String, Vec<u8>)> {
    let (head, rest) = split(raw)?;
    if let Some(length) = head.lines().find_map(|line| line.strip_prefix("content-length: ")) {
        let length: usize = length.parse().unwrap();
        return (rest.len() >= length).then(|| (head, rest[..length].to_vec()));
    }
    let (body, last) = chunks(rest);
    last.then_some((head, body))
}

fn partial(raw: &[u8]) -> (String, Vec<u8>) {
    let Some((head, rest)) = split(raw) else { return (String::new(), Vec::new()) };
    let body = if head.contains("chunked") { chunks(rest).0 } else { rest.to_vec() };
    (head, body)
}

/// The chunks so far, and whether the last one was among them.
fn chunks(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(at) = rest.windows(2).position(|two| two == b"\r\n") else { return (body, false) };
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..at]).unwrap(), 16).unwrap();
        let data = &rest[at + 2..];
        if size == 0 {
            return (body, true);
        }
        body.extend_from_slice(&data[..size.min(data.len())]);
        if data.len() < size + 2 {
            return (body, false);
        }
        rest = &data[size + 2..];
    }
}

/// Whoever holds a connection leaves it so that the peer sees it.
pub fn leave(stream: &TcpStream) {
    stream.shutdown(Shutdown::Both).unwrap();
}
