//! Where nginx with ngx_wasm_module differs from what its calls promise.
//!
//! Observed on ngx_wasm_module 3bed2783 in nginx 1.22.1: a request header that is removed still goes to the upstream, one that
//! is replaced does not; `:path` is what the client asked for, and what goes on is a variable; the length follows the body,
//! and one that is written or missing leaves the upstream with half a request; replies with a length are cut to it.

use super::{CREDENTIALS, Host, HostError, Side};

/// The variable of the path that goes to the upstream, in Kong's configuration of nginx.
pub(super) const PATH: &str = "ngx.upstream_uri";

/// Variables in which Kong tells the upstream of the client, in headers that it writes after all filters. One that is empty
/// is not sent (`proxy_set_header`); elsewhere they are not there.
const TOLD: &[&str] = &[
    "ngx.upstream_x_forwarded_for",
    "ngx.upstream_x_forwarded_host",
    "ngx.upstream_x_forwarded_path",
    "ngx.upstream_x_forwarded_port",
    "ngx.upstream_x_forwarded_prefix",
    "ngx.upstream_x_forwarded_proto",
];

/// Headers of a reply that are nginx's own.
const OWN: &[&[u8]] = &[b"connection", b"transfer-encoding", b"date", b"server"];

/// Headers that nginx makes of the body, or of its configuration.
fn is_made(name: &[u8]) -> bool {
    matches!(name, b":method" | b":scheme" | b":authority" | b"content-length" | b"host")
}

/// Puts these headers into the place of those of the same name, and nothing into that of credentials.
pub(super) fn replace_request_headers(host: &impl Host, pairs: &[(&[u8], &[u8])]) -> Result<(), HostError> {
    let present = host.headers(Side::Request)?;
    for (name, value) in pairs.iter().filter(|(name, _)| !is_made(name)) {
        let name = std::str::from_utf8(name).map_err(|_| HostError::NotFound)?;
        if name == ":path" {
            host.set_path(std::str::from_utf8(value).map_err(|_| HostError::NotFound)?)?;
        } else {
            host.set_header(Side::Request, name, value)?;
        }
    }
    for name in CREDENTIALS {
        let replaced = pairs.iter().any(|(replaced, _)| *replaced == name.as_bytes());
        if !replaced && present.get(name).is_some() {
            host.set_header(Side::Request, name, b"")?;
        }
    }
    for name in TOLD {
        // Outside Kong there is no such variable, and nothing that is told.
        let _ = host.set_property(name, b"");
    }
    Ok(())
}

/// Replaces all headers of a reply. The length of another body is not told: it goes in chunks.
pub(super) fn replace_reply_headers(host: &impl Host, pairs: &[(&[u8], &[u8])]) -> Result<(), HostError> {
    let present = host.headers(Side::Reply)?;
    let stays = |name: &[u8]| {
        let same = name != b"content-length" || present.get("content-length") == length(pairs);
        name.starts_with(b":") || OWN.contains(&name) || (same && pairs.iter().any(|(kept, _)| *kept == name))
    };
    for (name, _) in present.iter().filter(|(name, _)| !stays(name)) {
        host.remove_header(Side::Reply, name)?;
    }
    for (name, value) in pairs {
        let name = std::str::from_utf8(name).map_err(|_| HostError::NotFound)?;
        if name != "content-length" && present.get(name) != Some(value) {
            host.set_header(Side::Reply, name, value)?;
        }
    }
    Ok(())
}

fn length<'v>(pairs: &[(&'v [u8], &'v [u8])]) -> Option<&'v [u8]> {
    pairs.iter().find(|(name, _)| *name == b"content-length").map(|(_, value)| *value)
}

/// The part of a body that was asked for.
pub(super) fn part(mut bytes: Vec<u8>, start: usize, max: usize) -> Vec<u8> {
    bytes.drain(..start.min(bytes.len()));
    bytes.truncate(max);
    bytes
}
