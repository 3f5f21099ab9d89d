//! The phases of a stream: which header map and which body buffer a context may touch, and when.
//!
//! From Envoy's `Context::decodeHeaders`, `decodeData` and their response twins (`source/extensions/common/wasm/
//! context.cc`): a map is open during its header callback, and afterwards only where that callback paused. A buffer
//! is open during its body callback; where that paused, what came is kept, and the next callback sees all of it.

use std::collections::BTreeMap;

use crate::headers::HeaderMap;

/// The filter chain that a context belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// On the listener: one context a request.
    Downstream,
    /// On a cluster: one context an attempt.
    Upstream,
}

/// What runs in the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the ABI's callbacks are")]
pub enum Callback {
    Start,
    ContextCreate,
    VmStart,
    Configure,
    Tick,
    CallReply,
    RequestHeaders,
    RequestBody,
    RequestTrailers,
    ResponseHeaders,
    ResponseBody,
    ResponseTrailers,
    Done,
    Log,
    Delete,
}

impl Callback {
    /// The export that it calls.
    pub fn name(self) -> &'static str {
        match self {
            Callback::Start => "_initialize",
            Callback::ContextCreate => "proxy_on_context_create",
            Callback::VmStart => "proxy_on_vm_start",
            Callback::Configure => "proxy_on_configure",
            Callback::Tick => "proxy_on_tick",
            Callback::CallReply => "proxy_on_http_call_response",
            Callback::RequestHeaders => "proxy_on_request_headers",
            Callback::RequestBody => "proxy_on_request_body",
            Callback::RequestTrailers => "proxy_on_request_trailers",
            Callback::ResponseHeaders => "proxy_on_response_headers",
            Callback::ResponseBody => "proxy_on_response_body",
            Callback::ResponseTrailers => "proxy_on_response_trailers",
            Callback::Done => "proxy_on_done",
            Callback::Log => "proxy_on_log",
            Callback::Delete => "proxy_on_delete",
        }
    }
}

/// One direction of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the provider.
    Request,
    /// To the client.
    Response,
}

/// What a map may be used for at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read and write.
    Open,
    /// Envoy lets it be written, but the headers have left: the write is lost.
    Gone,
    /// Read only: the access log.
    Read,
    /// Not at all.
    Closed,
}

/// One half of a stream as its context sees it.
#[derive(Debug, Default)]
pub struct Half {
    /// The map is open after its header callback, because that one paused.
    pub held: bool,
    /// The headers went on to the next filter, or the wire.
    pub left: bool,
    /// What a body callback sees: the chunk, or everything kept since the pause.
    pub body: Vec<u8>,
    /// A body callback paused: what came is kept.
    pub buffering: bool,
    /// The end was seen.
    pub ended: bool,
}

impl Half {
    /// What a body callback is to see, once `chunk` came.
    pub fn arrive(&mut self, chunk: &[u8]) {
        if !self.buffering {
            self.body.clear();
        }
        self.body.extend_from_slice(chunk);
    }
}

/// A local reply that a context asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalReply {
    /// The status.
    pub status: u32,
    /// Why, for the access log.
    pub details: Vec<u8>,
    /// The body.
    pub body: Vec<u8>,
    /// Its headers beside `:status`.
    pub headers: HeaderMap,
}

/// One stream context.
#[derive(Debug)]
pub struct Stream {
    /// Its root context.
    pub root: u32,
    /// Which chain it is in.
    pub side: Side,
    /// The request that it is part of: key into [`crate::host::Host::exchanges`].
    pub exchange: u32,
    /// The request; its map is the exchange's, shared by the gateway and by every attempt.
    pub request: Half,
    /// The response.
    pub response: Half,
    /// The response's map.
    pub response_headers: HeaderMap,
    /// The response's trailers.
    pub response_trailers: HeaderMap,
    /// A local reply asked for and not yet sent.
    pub local: Option<LocalReply>,
}

impl Stream {
    /// A fresh context.
    pub fn new(root: u32, side: Side, exchange: u32) -> Self {
        let (request, response) = (Half::default(), Half::default());
        Stream {
            root,
            side,
            exchange,
            request,
            response,
            response_headers: HeaderMap::default(),
            response_trailers: HeaderMap::default(),
            local: None,
        }
    }

    /// One half.
    pub fn half(&mut self, way: Way) -> &mut Half {
        match way {
            Way::Request => &mut self.request,
            Way::Response => &mut self.response,
        }
    }

    /// What the map of one way may be used for while `during` runs.
    pub fn access(&self, way: Way, during: Callback) -> Access {
        let (half, own) = match way {
            Way::Request => (&self.request, Callback::RequestHeaders),
            Way::Response => (&self.response, Callback::ResponseHeaders),
        };
        match during {
            Callback::Log if self.side == Side::Downstream => Access::Read,
            Callback::Done | Callback::Delete | Callback::ContextCreate => Access::Closed,
            now if now == own => Access::Open,
            _ if half.held && half.left => Access::Gone,
            _ if half.held => Access::Open,
            _ => Access::Closed,
        }
    }

    /// True while the body buffer of one way is open: in its own callback, and in that of the trailers where the body
    /// was kept until then.
    pub fn body_open(&self, way: Way, during: Callback) -> bool {
        let (half, body, trailers) = match way {
            Way::Request => (&self.request, Callback::RequestBody, Callback::RequestTrailers),
            Way::Response => (&self.response, Callback::ResponseBody, Callback::ResponseTrailers),
        };
        during == body || (during == trailers && half.buffering)
    }
}

/// What the gateway's context and those of all attempts of one request share (Envoy's `StreamInfo`, and its request
/// header map: `UpstreamRequest::acceptHeadersFromRouter` hands the same map to each attempt's chain).
#[derive(Debug, Default)]
pub struct Exchange {
    /// The request's headers; what one attempt writes the next one sees.
    pub request_headers: HeaderMap,
    /// The request's trailers, shared in the same way.
    pub request_trailers: HeaderMap,
    /// Filter state: `proxy_set_property`.
    pub state: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Metadata `switchyard` of the chosen endpoint, once there is one.
    pub host: Option<Lane>,
    /// The number of the attempt, 0 before the first.
    pub attempt: u64,
    /// The route's cluster: the pool.
    pub cluster: Vec<u8>,
    /// The status that the client got.
    pub status: Option<u32>,
}

/// The metadata of an endpoint: which way into which provider it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    /// The provider's name.
    pub provider: String,
    /// 1 for a model's first target at that provider.
    pub slot: u32,
}

impl Lane {
    /// The first lane of a provider.
    pub fn of(provider: &str) -> Self {
        Lane::slot(provider, 1)
    }

    /// A lane of a provider.
    pub fn slot(provider: &str, slot: u32) -> Self {
        Lane { provider: provider.to_owned(), slot }
    }

    /// As the endpoint's metadata has it: `openai`, `openai#2`.
    pub fn name(&self) -> String {
        if self.slot <= 1 { self.provider.clone() } else { format!("{}#{}", self.provider, self.slot) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_open_in_its_callback_and_later_only_where_that_paused() {
        let mut stream = Stream::new(1, Side::Downstream, 1);
        assert_eq!(stream.access(Way::Request, Callback::ContextCreate), Access::Closed);
        assert_eq!(stream.access(Way::Request, Callback::RequestHeaders), Access::Open);
        assert_eq!(stream.access(Way::Request, Callback::RequestBody), Access::Closed);
        stream.request.held = true;
        assert_eq!(stream.access(Way::Request, Callback::RequestBody), Access::Open);
        stream.request.left = true;
        assert_eq!(stream.access(Way::Request, Callback::ResponseHeaders), Access::Gone);
        assert_eq!(stream.access(Way::Request, Callback::Done), Access::Closed);
        assert_eq!(stream.access(Way::Request, Callback::Log), Access::Read);
        assert_eq!(stream.access(Way::Response, Callback::ResponseBody), Access::Closed);
    }

    #[test]
    fn a_chunk_replaces_the_last_one_unless_it_is_kept() {
        let mut half = Half::default();
        half.arrive(b"ab");
        half.arrive(b"c");
        assert_eq!(half.body, b"c");
        half.buffering = true;
        half.arrive(b"d");
        assert_eq!(half.body, b"cd");
    }
}
