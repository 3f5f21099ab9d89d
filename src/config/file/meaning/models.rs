//! Models and their targets.

use super::{is_clean, unique};
use crate::{
    config::file::{
        compile,
        finding::Findings,
        kinds, nearest,
        types::{Gateway, Model, Strategy, Target},
    },
    provider::path::fill,
    route::pattern,
};

/// The longest name of a model, in bytes: it stands in headers and in logs.
const NAME_BYTES: usize = 256;

pub(super) fn check(gateway: &Gateway, findings: &mut Findings) {
    let names = gateway.models.iter().enumerate();
    unique(names.map(|(index, model)| (format!("models[{index}].name"), model.name.as_str())), findings);
    for (index, model) in gateway.models.iter().enumerate() {
        let path = format!("models[{index}]");
        name(&model.name, &format!("{path}.name"), findings);
        if model.strategy != Strategy::Priority {
            findings.mistake(&format!("{path}.strategy"), "is not available yet: only priority is");
        }
        targets(model, &path, gateway, findings);
    }
}

fn name(name: &str, at: &str, findings: &mut Findings) {
    if !is_clean(name) || name.trim() != name || name.len() > NAME_BYTES {
        let text = format!(
            "{name:?} must be 1 to {NAME_BYTES} characters, without control characters and outer spaces"
        );
        findings.mistake(at, text);
    }
}

fn targets(model: &Model, path: &str, gateway: &Gateway, findings: &mut Findings) {
    for (index, target) in model.targets.iter().enumerate() {
        let path = format!("{path}.targets[{index}]");
        provider(target, &path, gateway, findings);
        if let Some(upstream) = &target.model {
            let at = format!("{path}.model");
            name(upstream, &at, findings);
            if upstream.contains('*') {
                findings.mistake(&at, "is sent as it stands, and * has a meaning in names of models only; leave model out to send what the client asked for");
            }
        }
        in_path(target, model, &path, gateway, findings);
        if let Some(first) = model.targets.iter().take(index).position(|before| before == target) {
            findings.mistake(&path, format!("is the same as targets[{first}]"));
        }
    }
}

/// A name that the provider is asked for in the path of the request must be one that a path can hold.
fn in_path(target: &Target, model: &Model, path: &str, gateway: &Gateway, findings: &mut Findings) {
    let own = target.model.as_deref();
    let name = own.unwrap_or(&model.name);
    if pattern::is_pattern(name) {
        return;
    }
    let Some(provider) = gateway.providers.iter().find(|provider| provider.name == target.provider) else {
        return;
    };
    let Some(kind) = kinds::kind(&provider.kind) else { return };
    let (whole, stream) = compile::paths(provider, kind);
    let format = provider.format.unwrap_or(kind.format);
    let wrong = [Some(whole), stream].into_iter().flatten().find_map(|at| fill(at, name, format).err());
    if let Some(error) = wrong {
        let at = if own.is_some() { format!("{path}.model") } else { path.to_owned() };
        findings.mistake(&at, error.message);
    }
}

fn provider(target: &Target, path: &str, gateway: &Gateway, findings: &mut Findings) {
    let mut names = gateway.providers.iter().map(|provider| provider.name.as_str());
    // With the list itself missing, every target would be a mistake, and none of them the cause.
    if !findings.is_wrong("providers") && !names.clone().any(|name| name == target.provider) {
        let hint = nearest::hint(&target.provider, &mut names);
        findings.mistake(
            &format!("{path}.provider"),
            format!("no provider is called {:?}{hint}", target.provider),
        );
    }
}
