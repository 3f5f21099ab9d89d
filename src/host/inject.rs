//! A filter that fails when it is told to, for the tests of what a failure costs. Only with the feature `inject-panic`.
//!
//! A request with `x-inject-panic: PLACE` panics where its callbacks come to that place, and a provider's reply with it
//! does in the provider role. A place is a role and a callback: `gateway-request-body`. With `memory-` before it the callback
//! takes memory until there is none.

use proxy_wasm::{
    traits::{Context, HttpContext},
    types::Action,
};

use super::{Host, Side, abi::Wasm};
use crate::config::plugin::RoleName;

const HEADER: &str = "x-inject-panic";

struct Injected {
    role: &'static str,
    place: Option<String>,
    inner: Box<dyn HttpContext>,
}

/// The same context, which fails when it is told to.
pub(super) fn wrap(role: RoleName, inner: Box<dyn HttpContext>) -> Box<dyn HttpContext> {
    let role = match role {
        RoleName::Gateway => "gateway",
        RoleName::Provider => "provider",
        RoleName::Standalone => "standalone",
        RoleName::Front => "front",
    };
    Box::new(Injected { role, place: None, inner })
}

impl Injected {
    fn learn(&mut self, side: Side) {
        if let Ok(Some(place)) = Wasm::default().header(side, HEADER) {
            self.place = String::from_utf8(place).ok();
        }
    }

    #[expect(clippy::panic, reason = "it is what this module is for")]
    fn reach(&self, callback: &str) {
        let Some(place) = self.place.as_deref() else { return };
        let here = format!("{}-{callback}", self.role);
        if place == here {
            panic!("on purpose, at {here}");
        }
        if place.strip_prefix("memory-") == Some(&here) {
            let mut taken: Vec<Vec<u8>> = Vec::new();
            loop {
                taken.push(vec![1; 1 << 24]);
            }
        }
    }
}

impl Context for Injected {
    fn on_http_call_response(&mut self, call: u32, headers: usize, size: usize, trailers: usize) {
        self.inner.on_http_call_response(call, headers, size, trailers);
    }

    fn on_done(&mut self) -> bool {
        self.reach("done");
        self.inner.on_done()
    }
}

impl HttpContext for Injected {
    fn on_http_request_headers(&mut self, count: usize, end: bool) -> Action {
        self.learn(Side::Request);
        self.reach("request-headers");
        self.inner.on_http_request_headers(count, end)
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        self.reach("request-body");
        self.inner.on_http_request_body(size, end)
    }

    fn on_http_request_trailers(&mut self, count: usize) -> Action {
        self.inner.on_http_request_trailers(count)
    }

    fn on_http_response_headers(&mut self, count: usize, end: bool) -> Action {
        self.learn(Side::Reply);
        self.reach("reply-headers");
        self.inner.on_http_response_headers(count, end)
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        self.reach("reply-body");
        self.inner.on_http_response_body(size, end)
    }

    fn on_http_response_trailers(&mut self, count: usize) -> Action {
        self.inner.on_http_response_trailers(count)
    }
}
