//! What `proxy_get_property` knows: Envoy's attributes, as far as a filter of this kind asks for them, and filter state.
//!
//! A missing attribute is `NotFound`. A message that is not set (no endpoint yet) is `SerializationFailure` when asked
//! for whole, and `NotFound` below (observed on Envoy 1.40).

use crate::{
    headers::HeaderMap,
    host::Host,
    memory::Status,
    stream::{Access, Callback, Exchange, Way},
};

/// Top-level names that Envoy resolves before filter state: a property set under one of them is never read back.
const ATTRIBUTES: [&str; 16] = [
    "request",
    "response",
    "connection",
    "upstream",
    "source",
    "destination",
    "xds",
    "node",
    "metadata",
    "filter_state",
    "upstream_filter_state",
    "listener_direction",
    "plugin_name",
    "plugin_root_id",
    "plugin_vm_id",
    "connection_id",
];

/// True for a name that filter state cannot be read under.
pub fn is_attribute(name: &[u8]) -> bool {
    ATTRIBUTES.iter().any(|attribute| attribute.as_bytes() == name)
}

/// The value of a property.
///
/// # Errors
/// The status that Envoy answers with.
pub fn get(host: &mut Host, path: &[&[u8]]) -> Result<Vec<u8>, Status> {
    let role = host.role().to_owned();
    let request_open = open(host);
    let names: Vec<&str> = path.iter().map(|part| std::str::from_utf8(part).unwrap_or("\u{fffd}")).collect();
    let exchange = host.exchange();
    match (names.as_slice(), exchange) {
        ([""], _) => Err(Status::SerializationFailure),
        (["plugin_name" | "plugin_root_id"], _) => Ok(role.into_bytes()),
        (["plugin_vm_id"], _) => Ok(b"switchyard".to_vec()),
        (_, None) => Err(Status::NotFound),
        (["xds", rest @ ..], Some(exchange)) => xds(exchange, rest),
        (["upstream", rest @ ..], Some(exchange)) => upstream(exchange, rest),
        (["request", name @ ..], Some(exchange)) if request_open => request(&exchange.request_headers, name),
        (["response", "code"], Some(exchange)) => {
            exchange.status.map(|code| u64::from(code).to_le_bytes().to_vec()).ok_or(Status::NotFound)
        }
        (["source" | "destination", "address"], _) => Ok(b"127.0.0.1:10000".to_vec()),
        (["filter_state", key], Some(exchange)) => {
            let key = key.strip_prefix("wasm.").ok_or(Status::NotFound)?;
            exchange.state.get(key.as_bytes()).cloned().ok_or(Status::NotFound)
        }
        ([name, ..], _) if is_attribute(name.as_bytes()) => Err(Status::NotFound),
        // Bytes have no fields: a longer path finds nothing.
        ([_], Some(exchange)) => exchange.state.get(path[0]).cloned().ok_or(Status::NotFound),
        _ => Err(Status::NotFound),
    }
}

/// `request.*` is there only while the map is (`activation_request_headers_`).
fn open(host: &mut Host) -> bool {
    host.stream().is_some_and(|(stream, during)| {
        during == Callback::Log || stream.access(Way::Request, during) != Access::Closed
    })
}

fn xds(exchange: &Exchange, path: &[&str]) -> Result<Vec<u8>, Status> {
    match (path, &exchange.host) {
        (["cluster_name"], _) => Ok(exchange.cluster.clone()),
        (["route_name"], _) => Ok(b"chat".to_vec()),
        (["upstream_host_metadata" | "upstream_host_locality_metadata"], None) => {
            Err(Status::SerializationFailure)
        }
        (["upstream_host_locality_metadata"], _) => Err(Status::SerializationFailure),
        (["upstream_host_metadata", "filter_metadata", "switchyard", "lane"], Some(lane)) => {
            Ok(lane.name().into_bytes())
        }
        _ => Err(Status::NotFound),
    }
}

fn upstream(exchange: &Exchange, path: &[&str]) -> Result<Vec<u8>, Status> {
    match path {
        ["request_attempt_count"] => Ok(exchange.attempt.to_le_bytes().to_vec()),
        ["address"] if exchange.host.is_some() => Ok(b"127.0.0.1:20000".to_vec()),
        ["port"] if exchange.host.is_some() => Ok(20_000_u64.to_le_bytes().to_vec()),
        _ => Err(Status::NotFound),
    }
}

fn request(headers: &HeaderMap, path: &[&str]) -> Result<Vec<u8>, Status> {
    let of = |name: &str| headers.get(name).map(<[u8]>::to_vec).ok_or(Status::NotFound);
    match path {
        ["path"] => of(":path"),
        ["url_path"] => {
            of(":path").map(|path| path.split(|byte| *byte == b'?').next().unwrap_or_default().to_vec())
        }
        ["host"] => of(":authority"),
        ["method"] => of(":method"),
        ["scheme"] => of(":scheme"),
        ["id"] => of("x-request-id"),
        ["useragent"] => of("user-agent"),
        ["protocol"] => Ok(b"HTTP/1.1".to_vec()),
        ["headers", name] => of(name),
        _ => Err(Status::NotFound),
    }
}
