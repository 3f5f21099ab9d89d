//! The gateway role alone, before clusters that the user has: nothing is translated, so little may differ.

use switchyard::{
    config::{
        file::{
            compile,
            types::{Gateway, Provider},
        },
        plugin::{Plugin, RoleName},
    },
    provider::{Format, quirks::Quirks},
};

/// The filter's configuration. The name of a provider is the name of a cluster.
///
/// # Errors
/// What would need the filter on the attempt, with its place.
pub(super) fn plugin(gateway: &Gateway) -> Result<Plugin, String> {
    let plugin = compile::plugin(gateway, RoleName::Gateway)?;
    let mut mistakes = Vec::new();
    for (index, (written, provider)) in gateway.providers.iter().zip(&plugin.providers).enumerate() {
        let place = format!("providers[{index}]");
        if provider.format != Format::Openai || provider.quirks != Quirks::default() {
            let kind = &written.kind;
            mistakes.push(format!(
                "{place}.type: with --role gateway nothing is translated, and {kind} needs it: use openai-compatible"
            ));
        }
        if let Some(field) = credential(written) {
            mistakes.push(format!(
                "{place}.{field}: with --role gateway the filter adds no credential: put it on your cluster \
                 (envoy.filters.http.credential_injector)"
            ));
        }
    }
    for (index, model) in gateway.models.iter().enumerate() {
        let place = format!("models[{index}].targets");
        if model.targets.len() > 1 {
            mistakes.push(format!(
                "{place}: with --role gateway a model goes to one cluster: name one that has all the hosts"
            ));
        }
        let renamed = |target: &Option<String>| target.as_ref().is_some_and(|name| *name != model.name);
        if let Some(target) = model.targets.iter().position(|target| renamed(&target.model)) {
            mistakes.push(format!(
                "{place}[{target}].model: with --role gateway the request goes on as it is: take the name that clients use"
            ));
        }
    }
    if mistakes.is_empty() { Ok(plugin) } else { Err(mistakes.join("\n")) }
}

fn credential(provider: &Provider) -> Option<&'static str> {
    let fields = [
        ("api_key", provider.api_key.is_some()),
        ("aws", provider.aws.is_some()),
        ("google", provider.google.is_some()),
        ("azure", provider.azure.is_some()),
        ("headers", !provider.headers.is_empty()),
    ];
    fields.iter().find(|(_, is_there)| *is_there).map(|(name, _)| *name)
}
