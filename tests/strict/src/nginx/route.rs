//! How a location proxies: what becomes of a request's path and headers on the way to the upstream.

use super::request::Request;
use crate::headers::HeaderMap;

/// `proxy_pass`, and with it what a path that the filter wrote is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// `http://pool;` — observed: the client's own target goes on, `:path` is ignored.
    Plain,
    /// `http://pool$uri$is_args$args;` — observed: `:path` works. (So does `http://pool/;`.)
    Uri,
    /// `http://pool$name;`, as Kong has it with `$upstream_uri` — observed: `:path` is ignored, and the variable works.
    Variable(&'static str),
}

/// What `Host` the upstream gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// nginx's own default, `$proxy_host`: the name in `proxy_pass`.
    Upstream,
    /// `proxy_set_header Host $http_host;` — observed: the only way in which a `host` that the filter wrote goes on.
    Client,
    /// `proxy_set_header Host $name;`, as Kong has it with `$upstream_host`.
    Variable(&'static str),
}

/// When nginx goes on to the next server of the upstream (`proxy_next_upstream`): once a connection is refused in any case;
/// the rest only where it is set, and for a POST only with `non_idempotent` (observed).
#[derive(Clone, Debug, Default)]
pub struct Next {
    /// `error`: the connection is reset.
    pub error: bool,
    /// `http_503` and the like.
    pub statuses: Vec<u16>,
    /// `non_idempotent`.
    pub non_idempotent: bool,
}

/// A location.
#[derive(Clone, Debug)]
pub struct Route {
    /// Where to.
    pub pass: Pass,
    /// As whom.
    pub host: Host,
    /// `proxy_set_header NAME $http_NAME;` for these. Observed: one that the filter sets to nothing is then not sent.
    pub from_map: Vec<&'static str>,
    /// Variables of the location (`set`) and their values. `$upstream_uri` begins as the client's target.
    pub variables: Vec<(&'static str, &'static str)>,
    /// It is Kong's: its properties, and the headers of its template.
    pub kong: bool,
    /// `client_body_buffer_size`, in bytes: a larger body is in a file, where the filter cannot read it.
    pub client_body_buffer: usize,
    /// `wasm_response_body_buffers`, in bytes: how much a pause in the body of a reply keeps.
    pub reply_buffer: usize,
    /// The body comes after the headers, not with them.
    pub late_body: bool,
    /// Retries.
    pub next: Next,
}

impl Route {
    /// A location of nginx alone, with `proxy_pass http://pool$uri$is_args$args`.
    pub fn nginx() -> Self {
        Route {
            pass: Pass::Uri,
            host: Host::Client,
            from_map: Vec::new(),
            variables: Vec::new(),
            kong: false,
            client_body_buffer: 8 << 20,
            reply_buffer: 16 << 10,
            late_body: false,
            next: Next { error: true, ..Next::default() },
        }
    }

    /// Kong's location for its routes, as its template has it.
    pub fn kong() -> Self {
        Route {
            pass: Pass::Variable("upstream_uri"),
            host: Host::Variable("upstream_host"),
            variables: vec![
                ("upstream_uri", ""),
                ("upstream_host", "llm.upstream"),
                ("upstream_scheme", "http"),
                ("upstream_te", ""),
                ("upstream_connection", "keep-alive"),
            ],
            kong: true,
            ..Route::nginx()
        }
    }

    /// The path and the headers that reach the upstream, as `:path`, `:method`, `:authority`, and the rest. Left out
    /// is what nginx does not send (`ngx_http_proxy_headers`).
    pub fn upstream(&self, request: &Request) -> HeaderMap {
        let path = match self.pass {
            Pass::Plain => request.unparsed.clone(),
            Pass::Uri => request.path(),
            Pass::Variable(name) => variable(request, name),
        };
        let host = match self.host {
            Host::Upstream => b"pool".to_vec(),
            Host::Client => request.lines.get(b"host").unwrap_or_default().to_vec(),
            Host::Variable(name) => variable(request, name),
        };
        let mut map = HeaderMap::of([(":method", &request.method), (":path", &path), (":authority", &host)]);
        let own = |name: &[u8]| {
            OWN.contains(&name) || (self.kong && KONG.iter().any(|(of, _)| of.as_bytes() == name))
        };
        let redefined = |name: &[u8]| self.from_map.iter().any(|of| of.as_bytes() == name);
        let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let mut lines = request.lines.sent().filter(|(name, _)| !own(name) && !redefined(name));
        pairs.extend(lines.by_ref().map(|(name, value)| (name.to_vec(), value.to_vec())));
        if let Some(length) = request.length {
            pairs.push((b"content-length".to_vec(), length.to_string().into_bytes()));
        }
        for name in &self.from_map {
            // A variable without a value is no header.
            let value = request.lines.get(name.as_bytes()).unwrap_or_default();
            if !value.is_empty() {
                pairs.push((name.as_bytes().to_vec(), value.to_vec()));
            }
        }
        if self.kong {
            pairs.extend(
                KONG.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())),
            );
        }
        let all = map.pairs().iter().cloned().chain(pairs);
        map = HeaderMap::of(all);
        map
    }
}

fn variable(request: &Request, name: &str) -> Vec<u8> {
    request.variables.get(name).cloned().unwrap_or_default()
}

/// What the proxy module writes itself, or not at all.
const OWN: [&[u8]; 8] = [
    b"host",
    b"connection",
    b"content-length",
    b"transfer-encoding",
    b"te",
    b"keep-alive",
    b"expect",
    b"upgrade",
];

/// What Kong's template adds.
const KONG: [(&str, &str); 7] = [
    ("connection", "keep-alive"),
    ("x-forwarded-for", "127.0.0.1"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-host", "gateway.test"),
    ("x-forwarded-port", "8000"),
    ("x-forwarded-path", "/"),
    ("x-real-ip", "127.0.0.1"),
];
