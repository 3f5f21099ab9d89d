//! Where clients' files are.

use crate::{
    config::{
        file::{compile, finding::Findings, kinds, nearest, types::Gateway},
        plugin,
    },
    dialect::Operation,
    provider::fate,
};

pub(super) fn check(gateway: &Gateway, findings: &mut Findings) {
    let Some(files) = &gateway.files else { return };
    let mut names = gateway.providers.iter().map(|provider| provider.name.as_str());
    let Some(provider) = gateway.providers.iter().find(|provider| provider.name == files.provider) else {
        if !findings.is_wrong("providers") {
            let hint = nearest::hint(&files.provider, &mut names);
            let text = format!("no provider is called {:?}{hint}", files.provider);
            findings.mistake("files.provider", text);
        }
        return;
    };
    // An unknown type is told where it stands.
    let (Some(kind), Some(format)) = (kinds::kind(&provider.kind), compile::format(provider)) else { return };
    let (path, _) = compile::paths(provider, kind);
    let base = plugin::base(path).filter(|(base, _)| !base.contains("{model}"));
    if fate::lacks(format, Operation::Pass).is_some() || base.is_none() {
        let text = format!("{:?} has no endpoints for files that are called as OpenAI's are", files.provider);
        findings.mistake("files.provider", text);
        return;
    }
    if gateway.keys.iter().all(|key| key.models.is_empty()) {
        let text =
            "everyone whose key has no list of models can read and delete the files and batches of all";
        findings.warning("files", text);
    }
}
