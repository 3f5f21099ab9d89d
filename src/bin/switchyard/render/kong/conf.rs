//! Lines of `kong.conf`.

use switchyard::config::{
    file::types::Gateway,
    plugin::{Plugin, Secret},
};

use super::{Options, chain, head};

/// Room above limits.request_bytes, so that the filter, not nginx, answers for a body that is a little too large.
const HEADROOM: u64 = 1 << 20;

/// The lines, each with its reason.
///
/// # Errors
/// Only for what the check of the file tells as a mistake.
pub(super) fn lines(gateway: &Gateway, options: &Options) -> Result<String, String> {
    let body = (gateway.limits.request_bytes + HEADROOM).div_ceil(1024);
    let served = chain::served(gateway)?;
    let shared = options.version.shared_data();
    let select = match options.version.reads_environment() {
        true => "# All in that directory, and none that Kong brings along.\nwasm_filters = user\n",
        false => "",
    };
    Ok(format!(
        r#"{head}# Each is to be in Kong's own file, or a variable of its environment: KONG_WASM=on for the first.

wasm = on
# Where switchyard.wasm and switchyard.meta.json are.
wasm_filters_path = /usr/local/kong/wasm
{select}# What all workers know: which targets asked to be left alone for a while. Without this line the filter's first look at it
# ends the request with an error.
{shared} = 1m
# The compiler does not optimise by default.
nginx_wasm_wasmtime_cranelift_opt_level = speed
# nginx writes a body that is larger than this to a file, where the filter cannot read it: as large as the largest that is
# accepted (limits.request_bytes, and what lets the filter say that one is too large). A body without a length takes all of
# it, and so may each request at the same time: this times the number of requests is what a worker may need.
nginx_http_client_body_buffer_size = {body}k
nginx_http_client_max_body_size = {body}k
# Headers of providers' replies, at the front's calls too; and fewer, larger pieces of their bodies.
nginx_proxy_proxy_buffer_size = 16k
nginx_proxy_proxy_buffers = 8 16k
nginx_http_wasm_socket_large_buffers = 4 16k
nginx_http_wasm_socket_buffer_size = 16k
{trust}{env}
# The front calls {proxy}: proxy_listen must have an address without TLS that takes it.
#proxy_listen = 0.0.0.0:8000 reuseport backlog=16384, 0.0.0.0:8443 http2 ssl reuseport backlog=16384

# For a Kong without a database:
#database = off
#declarative_config = /usr/local/kong/declarative/kong.yml

# Kong asks another target of an upstream after a failed connection only. With this line also after these replies and
# timeouts. It holds for every route of this Kong, and a request may then be served twice:
#nginx_proxy_proxy_next_upstream = error timeout non_idempotent http_429 http_502 http_503 http_504
"#,
        head = head(options, "Lines for kong.conf"),
        trust = trust(gateway, &served),
        env = env(&served),
        proxy = options.proxy,
    ))
}

/// Whom TLS trusts. Kong trusts nobody by default where a service verifies.
fn trust(gateway: &Gateway, served: &[Plugin]) -> String {
    if !served.iter().flat_map(|plugin| &plugin.providers).any(|provider| provider.scheme == "https") {
        return String::new();
    }
    format!(
        "# tls_verify of the services needs to know whom to trust.\n\
         nginx_proxy_proxy_ssl_trusted_certificate = {}\n",
        gateway.tls.ca_file
    )
}

/// nginx keeps its environment from its workers but for what it is told.
fn env(served: &[Plugin]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for provider in served.iter().flat_map(|plugin| &plugin.providers) {
        if let Some(name) = provider.secret.as_ref().and_then(Secret::variable)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    if names.is_empty() {
        return String::new();
    }
    format!(
        "# nginx hides its environment from its workers, and with it from the filter, but for these. One line: a second would\n\
         # take the place of the first.\nnginx_main_env = {}\n",
        names.join("; env ")
    )
}
