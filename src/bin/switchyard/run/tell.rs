//! What `run` tells its user.

use std::{net::SocketAddr, path::Path};

use serde_json::json;
use switchyard::{
    config::file::types::{Gateway, Model},
    route::pattern,
};

/// The gateway serves.
pub(crate) fn started(gateway: &Gateway, listen: SocketAddr, admin: SocketAddr, envoy: &str) {
    println!("\nSwitchyard on Envoy {envoy}");
    println!("  URL     http://{}/v1", reachable(listen));
    println!("  admin   http://{}", reachable(admin));
    models(gateway);
    println!("\nTry it:\n\n{}\n", example(gateway, listen));
    println!("Ctrl-C stops it.");
}

/// Another configuration is served now.
pub(crate) fn reloaded(path: &Path, gateway: &Gateway) {
    println!("reloaded {}", path.display());
    models(gateway);
}

fn models(gateway: &Gateway) {
    let width = gateway.models.iter().map(|model| model.name.chars().count()).max().unwrap_or(0);
    println!("  models");
    for model in &gateway.models {
        println!("    {:width$}  {}", model.name, targets(model));
    }
}

/// `openai gpt-4.1, then claude claude-sonnet-4-5`
fn targets(model: &Model) -> String {
    let targets = model.targets.iter().map(|target| match &target.model {
        Some(upstream) => format!("{} {upstream}", target.provider),
        None => target.provider.clone(),
    });
    targets.collect::<Vec<_>>().join(", then ")
}

/// One line for a shell.
fn example(gateway: &Gateway, listen: SocketAddr) -> String {
    let name = gateway.models.iter().map(|model| model.name.as_str()).find(|name| !pattern::is_pattern(name));
    let name = name.unwrap_or("gpt-4.1");
    let body = json!({"model": name, "messages": [{"role": "user", "content": "Say hello."}]}).to_string();
    let key = if gateway.keys.is_empty() { "" } else { " -H 'authorization: Bearer YOUR_KEY'" };
    let url = format!("http://{}/v1/chat/completions", reachable(listen));
    // A quote in a model's name would end the shell's own.
    format!("curl {url} -H 'content-type: application/json'{key} -d '{}'", body.replace('\'', "'\\''"))
}

/// An address that a client on this machine can use: one that stands for all addresses is none.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => {
            SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), v4.port())
        }
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), v6.port())
        }
        other => other,
    }
}
