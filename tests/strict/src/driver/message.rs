//! What goes into an exchange, and what comes out of it.

use crate::{count::Counts, headers::HeaderMap, stream::Lane};

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eos {
    /// By an empty piece after the last: what Envoy's HTTP/1 codec does.
    #[default]
    Apart,
    /// With the last piece: what HTTP/2 may do.
    WithLast,
    /// By trailers.
    Trailers,
}

/// What the client sends.
#[derive(Clone, Debug)]
pub struct Request {
    /// Headers, pseudo headers among them.
    pub headers: HeaderMap,
    /// The body in pieces; none: the headers end the request.
    pub chunks: Vec<Vec<u8>>,
    /// How its end is told.
    pub eos: Eos,
    /// The trailers, where it ends by those.
    pub trailers: HeaderMap,
    /// The client closes the connection after so many pieces of the reply's body.
    pub leaves_after: Option<usize>,
    /// The attempts run in a VM that knows nothing of the gateway role's, as after a reload.
    pub reloaded: bool,
    /// Each attempt gets the body in pieces of so many bytes; 0: in one.
    pub pieces: usize,
}

impl Request {
    /// A POST of JSON with its content-length, in one piece.
    pub fn post(path: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut request = Request::get(path);
        request.headers.replace(":method", "POST");
        request.headers.replace("content-type", "application/json");
        request.headers.replace("content-length", body.len().to_string());
        request.chunks = vec![body.to_vec()];
        request
    }

    /// A request without a body.
    pub fn get(path: &str) -> Self {
        let headers =
            [(":authority", "gateway.test"), (":path", path), (":method", "GET"), (":scheme", "http")];
        Request {
            headers: HeaderMap::of(headers),
            chunks: Vec::new(),
            eos: Eos::Apart,
            trailers: HeaderMap::default(),
            leaves_after: None,
            reloaded: false,
            pieces: 0,
        }
    }

    /// With a header, in place of what was there under that name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.replace(name, value);
        self
    }

    /// With the body in pieces of at most `size` bytes.
    #[must_use]
    pub fn in_pieces_of(mut self, size: usize) -> Self {
        let body = self.chunks.concat();
        self.chunks = body.chunks(size).map(<[u8]>::to_vec).collect();
        self
    }
}

/// How a provider's answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Whole(Eos),
    /// The connection is reset.
    Cut,
}

/// What a provider answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Headers, `:status` among them.
    pub headers: HeaderMap,
    /// The body in pieces, each of them one callback.
    pub chunks: Vec<Vec<u8>>,
    /// How it ends.
    pub end: End,
    /// The trailers, where it ends by those.
    pub trailers: HeaderMap,
}

impl Answer {
    /// An answer of JSON with its content-length.
    pub fn json(status: u16, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let headers = [
            (":status", status.to_string()),
            ("content-type", "application/json".to_owned()),
            ("content-length", body.len().to_string()),
        ];
        Answer {
            headers: HeaderMap::of(headers),
            chunks: vec![body.to_vec()],
            end: End::Whole(Eos::Apart),
            trailers: HeaderMap::default(),
        }
    }

    /// A stream of server-sent events, in these pieces.
    pub fn events(chunks: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let headers = HeaderMap::of([(":status", "200"), ("content-type", "text/event-stream")]);
        let chunks = chunks.into_iter().map(|chunk| chunk.as_ref().to_vec()).collect();
        Answer { headers, chunks, end: End::Whole(Eos::Apart), trailers: HeaderMap::default() }
    }

    /// With a header, in place of what was there under that name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.replace(name, value);
        self
    }

    /// With another end.
    #[must_use]
    pub fn ending(mut self, end: End) -> Self {
        self.end = end;
        self
    }
}

/// What becomes of an attempt.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The connection is refused: not a byte of the request is read.
    Refused,
    /// The connection is reset before an answer.
    Reset,
    /// The provider answers.
    Answer(Answer),
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Reply::Answer(answer)
    }
}

/// The cluster that the gateway role named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// By which header.
    pub header: String,
    /// Its name.
    pub cluster: String,
}

/// What reached a provider.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Which.
    pub lane: Lane,
    /// Headers as they went out.
    pub headers: HeaderMap,
    /// The body as it went out: cut to the content-length, where that is shorter.
    pub body: Vec<u8>,
    /// Its trailers.
    pub trailers: HeaderMap,
}

/// Who answered the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The gateway role, or the only one, by a local reply.
    Gateway,
    /// The provider role, by a local reply.
    ProviderRole,
    /// The host itself: no route, no provider left, or what it says of a trap.
    Host,
    /// The provider of this attempt, counted from 0.
    Provider(usize),
    /// Nobody: the filter held the request for ever.
    Nobody,
}

/// What the client got.
#[derive(Clone, Debug)]
pub struct ClientReply {
    /// Who answered.
    pub by: By,
    /// Headers; `None`: none came.
    pub headers: Option<HeaderMap>,
    /// The body in the pieces that came; empty ones are left out.
    pub chunks: Vec<Vec<u8>>,
    /// Trailers.
    pub trailers: HeaderMap,
    /// The end came; otherwise the connection was reset, or the client left.
    pub complete: bool,
}

impl ClientReply {
    /// The status; 0 where none came.
    pub fn status(&self) -> u16 {
        self.header(":status").and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.as_ref().and_then(|headers| headers.text(name))
    }

    /// The whole body.
    pub fn body(&self) -> Vec<u8> {
        self.chunks.concat()
    }
}

/// A whole exchange.
#[derive(Clone, Debug)]
pub struct Exchanged {
    /// The pool that the gateway role named.
    pub pool: Option<Pool>,
    /// What reached the providers, attempt by attempt.
    pub sent: Vec<Sent>,
    /// What the client got.
    pub reply: ClientReply,
    /// What crossed the ABI.
    pub counts: Counts,
    /// The rules broken.
    pub violations: Vec<String>,
    /// What was logged.
    pub logs: Vec<(u32, String)>,
    /// The callbacks that trapped. Envoy's host tells of one by an error instead.
    pub traps: Vec<String>,
    /// What the host's process died of.
    pub crash: Option<String>,
}
