//! `WasmPlugin`, and `TrafficExtension`, which supersedes it.

use switchyard::config::plugin::Plugin;

use super::{Kind, Module, Policy, Target, document};
use crate::render::{
    envoy,
    kubernetes::told::headers_go_first,
    text::{indent, quote},
};

const EXTENSIONS: &str = "extensions.istio.io/v1alpha1";

/// The policy.
///
/// # Errors
/// The configuration cannot be written as JSON.
pub(super) fn document(policy: &Policy<'_>, plugin: &Plugin) -> Result<String, String> {
    let wasm = wasm(policy, plugin)?;
    let attached = document::attachment(policy, ("selector", "matchLabels"));
    let place = format!("{attached}{}", traffic(policy));
    let name = &policy.arguments.name;
    let comment = comment(policy, plugin);
    Ok(match policy.arguments.kind {
        Kind::Trafficextension => {
            let spec = format!(
                "{place}# Behind all filters that ask who may pass.\nphase: UNSPECIFIED\nwasm:\n{}",
                indent(2, &wasm)
            );
            document::document(policy, &comment, EXTENSIONS, "TrafficExtension", name, &body(&spec))
        }
        _ => {
            let spec = format!(
                "{place}# Behind all filters that ask who may pass.\nphase: UNSPECIFIED_PHASE\n{wasm}"
            );
            document::document(policy, &comment, EXTENSIONS, "WasmPlugin", name, &body(&spec))
        }
    })
}

fn body(spec: &str) -> String {
    format!("spec:\n{}", indent(2, spec))
}

fn comment(policy: &Policy<'_>, plugin: &Plugin) -> String {
    let mut text = headers_go_first(plugin, "envoyfilter-standalone");
    text.push_str(
        "# Bodies are held in the proxy, which has room for 1 MiB: larger requests are answered with 413.\n",
    );
    text + &document::injection(policy, plugin)
}

/// Which connections it sees.
fn traffic(policy: &Policy<'_>) -> String {
    let at_gateway = matches!(
        policy.target,
        Target::Gateway(_) | Target::Waypoint(_) | Target::Pods { at_gateway: Some(_), .. }
    );
    match policy.arguments.port {
        None if at_gateway => String::new(),
        port => format!(
            "# What applications send, where the mesh listens for plain HTTP.\nmatch:\n- mode: CLIENT\n  ports: [{{number: {}}}]\n",
            port.unwrap_or(80)
        ),
    }
}

/// The module and what it is told: fields that both kinds have.
fn wasm(policy: &Policy<'_>, plugin: &Plugin) -> Result<String, String> {
    let module = &policy.arguments.module;
    let mut text = format!("url: {}\n", quote(&module.url));
    if let Some(sum) = &module.sha256 {
        text.push_str(&format!("sha256: {}\n", quote(sum)));
    }
    if !matches!(policy.module, Module::File(_)) {
        let pull = module.pull_policy.name();
        text.push_str(&format!("imagePullPolicy: {pull}\n"));
    }
    if let Some(secret) = &module.pull_secret {
        text.push_str(&format!("imagePullSecret: {}\n", quote(secret)));
    }
    text.push_str("# Should the VM fail, start a new one; the default answers 503 from then on.\nfailStrategy: FAIL_RELOAD\n");
    text.push_str("pluginName: switchyard\n");
    text.push_str("pluginConfig:\n");
    text.push_str(&indent(2, &envoy::json(plugin)?));
    let names = envoy::variables(plugin);
    if !names.is_empty() {
        text.push_str("# From the proxy's environment, where a Secret puts them: nothing of a key stands here.\nvmConfig:\n  env:\n");
        for name in names {
            text.push_str(&format!("  - {{name: {}, valueFrom: HOST}}\n", quote(name)));
        }
    }
    Ok(text)
}
