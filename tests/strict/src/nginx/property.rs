//! What `proxy_get_property` and `proxy_set_property` know.

use super::{crash, request::Request, running};
use crate::{
    memory::{Answer, Guest, Status},
    stream::Callback,
};

/// Kong's properties that can only be read, and what they are here.
const KONG: [(&str, &str); 9] = [
    ("kong.version", "3.9.1"),
    ("kong.client.protocol", "http"),
    ("kong.nginx.subsystem", "http"),
    ("kong.node.id", "6d1c9f0e-7b1e-4c0e-9d53-52a4b3a4a0c1"),
    ("kong.route_name", "chat"),
    ("kong.service_name", "llm"),
    ("kong.request.forwarded_host", "gateway.test"),
    ("kong.request.forwarded_port", "8000"),
    ("kong.request.forwarded_scheme", "http"),
];

/// Those that can be written, of which nobody knows what it does to a request whose upstream is chosen already.
const KONG_WRITABLE: [&str; 4] =
    ["kong.service.target", "kong.service.upstream", "kong.service.request.scheme", "kong.response.status"];

/// Envoy's that the host knows of, and has not (source).
const UNSUPPORTED: [&str; 10] = [
    "response.code_details",
    "response.flags",
    "connection.termination_details",
    "node",
    "cluster_name",
    "cluster_metadata",
    "listener_direction",
    "route_name",
    "route_metadata",
    "upstream_host_metadata",
];

/// Variables of nginx that cannot be set.
const VARIABLES: [&str; 13] = [
    "request_uri",
    "uri",
    "host",
    "hostname",
    "request_method",
    "scheme",
    "server_protocol",
    "server_port",
    "remote_addr",
    "remote_port",
    "content_length",
    "content_type",
    "status",
];

/// `proxy_get_property`. The path's parts are joined with NUL; observed: dots do as well.
pub(super) fn get(guest: &mut Guest<'_, '_>, at: u32, len: u32, data: u32, size: u32) -> Answer {
    let path = name(guest, at, len)?;
    let kong = guest.host().nginx.kong;
    if UNSUPPORTED.contains(&path.as_str()) {
        guest.violation(format!("`{path}` is not supported, which nginx logs as an error each time"));
    }
    let Some((request, during)) = running(guest.host()) else { return in_root(guest, &path) };
    let value = match path.split_once('.') {
        Some(("ngx", variable)) => self::variable(request, variable),
        Some(("wasmx", _)) => request.properties.get(path.as_bytes()).cloned(),
        Some(("kong", rest)) if kong => of_kong(request, &path, rest),
        Some(("request", rest)) => of_request(request, rest),
        // Observed: not there while the request is in hand.
        Some(("upstream", rest))
            if during == Callback::ResponseHeaders || during == Callback::ResponseBody =>
        {
            match rest {
                "address" => Some(b"127.0.0.1".to_vec()),
                "port" => Some(b"20000".to_vec()),
                _ => None,
            }
        }
        Some(("response", "code")) => self::variable(request, "status"),
        Some(("source", "address")) => Some(b"127.0.0.1".to_vec()),
        Some(("source", "port")) => Some(b"40000".to_vec()),
        None if path == "plugin_name" => Some(b"switchyard".to_vec()),
        None if path == "plugin_root_id" => Some(b"0".to_vec()),
        _ => None,
    };
    guest.give_allocated(&value.ok_or(Status::NotFound)?, data, size)
}

/// `proxy_set_property`. Observed: an unknown one answers 1, a variable that cannot be set 10; those of `set` directives and
/// `wasmx.` can. Source: what Kong refuses traps.
pub(super) fn set(guest: &mut Guest<'_, '_>, at: u32, len: u32, value: u32, value_len: u32) -> Answer {
    let path = name(guest, at, len)?;
    let value = guest.read(value, value_len)?;
    let kong = guest.host().nginx.kong;
    let Some((request, _)) = running(guest.host()) else { return in_root(guest, &path) };
    match path.split_once('.') {
        Some(("ngx", variable)) => {
            let known = VARIABLES.contains(&variable) || variable.starts_with("http_");
            match request.variables.get_mut(variable) {
                Some(have) => *have = value,
                None if variable == "args" => request.args = value,
                None if known => return Err(Status::InternalFailure.into()),
                None => return Err(Status::NotFound.into()),
            }
        }
        Some(("wasmx", _)) => {
            request.properties.insert(path.into_bytes(), value);
        }
        Some(("kong", rest)) if kong => {
            if KONG_WRITABLE.contains(&path.as_str()) {
                guest.violation("what this does to a request whose upstream is chosen is not known");
            } else if rest.starts_with("ctx.shared.") {
                request.properties.insert(path.into_bytes(), value);
            } else {
                return guest.trap(format!("could not set \"{path}\""));
            }
        }
        _ => return Err(Status::NotFound.into()),
    }
    Ok(())
}

fn name(guest: &mut Guest<'_, '_>, at: u32, len: u32) -> Answer<String> {
    let path = guest.read(at, len)?;
    String::from_utf8(path).map(|path| path.replace('\0', ".")).map_err(|_| Status::NotFound.into())
}

/// Observed: in the root context a dotted name answers 10, and `plugin_name` ends the worker.
fn in_root(guest: &mut Guest<'_, '_>, path: &str) -> Answer {
    if path.contains('.') {
        return Err(Status::InternalFailure.into());
    }
    crash(guest, &format!("the property `{path}` in the root context"))
}

fn variable(request: &Request, name: &str) -> Option<Vec<u8>> {
    if let Some(value) = request.variables.get(name) {
        return Some(value.clone());
    }
    if let Some(header) = name.strip_prefix("http_") {
        return request.lines.get(header.replace('_', "-").as_bytes()).map(<[u8]>::to_vec);
    }
    match name {
        "request_uri" => Some(request.unparsed.clone()),
        "uri" => Some(request.uri.clone()),
        "args" => Some(request.args.clone()),
        "host" => request.lines.get(b"host").map(<[u8]>::to_vec),
        "hostname" => Some(b"machine".to_vec()),
        "request_method" => Some(request.method.clone()),
        "scheme" => Some(b"http".to_vec()),
        "server_protocol" => Some(b"HTTP/1.1".to_vec()),
        "server_port" => Some(b"8000".to_vec()),
        "remote_addr" => Some(b"127.0.0.1".to_vec()),
        "remote_port" => Some(b"40000".to_vec()),
        "content_length" => request.lines.get(b"content-length").map(<[u8]>::to_vec),
        "content_type" => request.lines.get(b"content-type").map(<[u8]>::to_vec),
        "status" => request.reply.as_ref().and_then(|reply| reply.headers.get(":status")).map(<[u8]>::to_vec),
        _ => None,
    }
}

/// Observed: `request.host` is the name of the machine.
fn of_request(request: &Request, name: &str) -> Option<Vec<u8>> {
    match name {
        "path" => variable(request, "request_uri"),
        "url_path" => variable(request, "uri"),
        "host" => variable(request, "hostname"),
        "method" => variable(request, "request_method"),
        "scheme" => variable(request, "scheme"),
        "protocol" => variable(request, "server_protocol"),
        "query" => variable(request, "args"),
        "size" => variable(request, "content_length"),
        "useragent" => variable(request, "http_user_agent"),
        "id" => variable(request, "http_x_request_id"),
        "referer" => variable(request, "http_referer"),
        _ => request.header(name.strip_prefix("headers.")?.as_bytes()),
    }
}

fn of_kong(request: &Request, path: &str, rest: &str) -> Option<Vec<u8>> {
    if rest.starts_with("ctx.shared.") {
        return request.properties.get(path.as_bytes()).cloned();
    }
    KONG.iter().find(|(name, _)| *name == path).map(|(_, value)| value.as_bytes().to_vec())
}
