//! `GET /v1/models`, in OpenAI's form.
//!
//! Source: OpenAI API reference, "Models": `{"object":"list","data":[{"id","object","created","owned_by"}]}`.

use serde::Serialize;

use crate::{
    config::plugin::{Model, Plugin},
    ir::{ApiError, ErrorKind},
    provider::model::ModelFacts,
    route::pattern,
};

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    object: &'static str,
    /// OpenAI's clients require it; the gateway knows no date.
    created: u64,
    owned_by: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
}

/// Writes the list of the models that `allows` lets through.
///
/// A configured name is listed as it stands. A pattern lists the models of its first target's provider that are
/// known by name and that it matches.
pub fn list(plugin: &Plugin, allows: impl Fn(&str) -> bool) -> Vec<u8> {
    let mut data: Vec<Entry<'_>> = Vec::new();
    for entry in plugin.models.iter().flat_map(|model| entries(plugin, model)) {
        if allows(entry.id) && !data.iter().any(|listed| listed.id == entry.id) {
            data.push(entry);
        }
    }
    // Plain strings and numbers always serialize.
    serde_json::to_vec(&List { object: "list", data }).unwrap_or_default()
}

/// Writes one model.
///
/// # Errors
///
/// [`ErrorKind::NotFound`] where `index` is `None`: the name stands for no model.
pub fn one(plugin: &Plugin, id: &str, index: Option<usize>) -> Result<Vec<u8>, ApiError> {
    let model = index.and_then(|index| plugin.models.get(index));
    let entry = model.and_then(|model| entry(plugin, model, id)).ok_or_else(|| {
        let message = format!("The model `{id}` is not configured in this gateway.");
        ApiError::new(ErrorKind::NotFound, message).with_code("model_not_found").with_param("model")
    })?;
    Ok(serde_json::to_vec(&entry).unwrap_or_default())
}

fn entries<'a>(plugin: &'a Plugin, model: &'a Model) -> Vec<Entry<'a>> {
    if !pattern::is_pattern(&model.name) {
        return entry(plugin, model, &model.name).into_iter().collect();
    }
    let Some(target) = model.targets.first() else { return Vec::new() };
    let Some(provider) = plugin.providers.get(target.provider) else { return Vec::new() };
    let known = provider.facts.iter().map(|(name, _)| name.as_str());
    known
        .filter(|name| pattern::matches(&model.name, name))
        .filter_map(|name| entry(plugin, model, name))
        .collect()
}

fn entry<'a>(plugin: &'a Plugin, model: &'a Model, id: &'a str) -> Option<Entry<'a>> {
    let target = model.targets.first()?;
    let provider = plugin.providers.get(target.provider)?;
    let upstream = target.model.as_deref().unwrap_or(id);
    let facts = provider.facts.iter().find(|(name, _)| name == upstream).map(|(_, facts)| facts);
    let known = |read: fn(&ModelFacts) -> Option<u64>| facts.and_then(read);
    Some(Entry {
        id,
        object: "model",
        created: 0,
        owned_by: &provider.name,
        context_length: known(|facts| facts.context),
        max_output_tokens: known(|facts| facts.max_output),
    })
}
