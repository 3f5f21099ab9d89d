//! Clusters of token endpoints, which the filter calls.

use switchyard::config::file::{address::BaseUrl, credentials, types::Gateway};

use super::{
    Cluster,
    cluster::{discovery, protocol},
    tls,
};
use crate::render::text::quote;

/// A cluster for each token endpoint, each once.
///
/// # Errors
/// Only for what the check of the file tells as a mistake.
pub(super) fn clusters(gateway: &Gateway) -> Result<Vec<Cluster>, String> {
    let mut clusters: Vec<Cluster> = Vec::new();
    for provider in &gateway.providers {
        let Some(url) = credentials::token_url(provider) else { continue };
        let cluster = cluster(gateway, &url?);
        if !clusters.iter().any(|before| before.name == cluster.name) {
            clusters.push(cluster);
        }
    }
    Ok(clusters)
}

fn cluster(gateway: &Gateway, url: &BaseUrl) -> Cluster {
    let comment = format!("# {}: where the filter gets access tokens\n", url.authority());
    endpoint(gateway, credentials::token_cluster(url), comment, url)
}

/// A cluster of one endpoint that is no provider. `comment`: whole lines.
pub(crate) fn endpoint(gateway: &Gateway, name: String, comment: String, url: &BaseUrl) -> Cluster {
    let (quoted, host, port) = (quote(&name), quote(&url.host), url.port);
    let mut text = format!("name: {quoted}\n{}", discovery(url));
    text.push_str(&format!("connect_timeout: {}\n", gateway.timeouts.connect.protobuf()));
    text.push_str(&tls::socket(url, &gateway.tls.ca_file));
    text.push_str(protocol(url));
    text.push_str(&format!(
        "load_assignment:\n  cluster_name: {quoted}\n  endpoints:\n  - lb_endpoints:\n    - endpoint:\n        \
         hostname: {host}\n        address: {{socket_address: {{address: {host}, port_value: {port}}}}}\n"
    ));
    Cluster { name, comment, text }
}
