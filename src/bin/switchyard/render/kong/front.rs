//! The front: the service whose upstream is Kong's own proxy, and whose route the clients ask.

use switchyard::config::file::types::Gateway;

use super::{Options, chain, provider};
use crate::render::text::{indent, item, quote};

/// The name of its service, route and chain.
const NAME: &str = "switchyard";

/// No provider's name has a dot.
const NOWHERE: &str = "/switchyard/.none";

/// What the APIs' paths begin with; Cohere's SDK asks the second.
const APIS: &[&str] = &["/v1/", "/v2/rerank"];

/// The paths of a route that clients ask. A prefix is all the gateway's.
pub(super) fn paths(options: &Options) -> String {
    match options.prefix.is_empty() {
        true => APIS.iter().map(|path| quote(path)).collect::<Vec<_>>().join(", "),
        // With the slash, /ai is not also /ailment.
        false => quote(&format!("{}/", options.prefix)),
    }
}

/// The service.
///
/// # Errors
/// What Kong would not keep of the filter's configuration.
pub(super) fn service(gateway: &Gateway, options: &Options) -> Result<String, String> {
    let (proxy, times) = (options.proxy, &gateway.timeouts);
    // Every try of a provider's own service is waited for.
    let tries = provider::retries(gateway, options.targets.len() + 1) + 1;
    let read = provider::silence(gateway).plus(times.connect).times(tries);
    let chain = indent(2, &chain::chain(NAME, &chain::front(gateway, options)?, options)?);
    let route = item(&format!(
        "name: {NAME}\npaths: [{}]\nstrip_path: false\n# The filter must have the whole body.\nrequest_buffering: true\n\
         tags: [switchyard]\nfilter_chains:\n{chain}",
        paths(options)
    ));
    let service = item(&format!(
        r#"name: {NAME}
protocol: http
# This Kong's own proxy, at a path that no route has: the filter writes another. Without it, a request whose filter did not
# run would come here again, and again.
host: {host}
port: {port}
path: {NOWHERE}
# The routes below try again.
retries: 0
connect_timeout: {connect}
write_timeout: {idle}
read_timeout: {read}
tags: [switchyard]
routes:
{route}"#,
        host = quote(&proxy.ip().to_string()),
        port = proxy.port(),
        connect = times.connect.millis(),
        idle = times.idle.millis(),
        read = read.millis(),
    ));
    Ok(format!("{ABOUT}{service}"))
}

const ABOUT: &str = "# What clients ask. The filter reads the request and picks the providers. For a whole reply it calls their routes below\n\
     # one after another until one serves; a stream goes on to the route of the first, through this service.\n";
