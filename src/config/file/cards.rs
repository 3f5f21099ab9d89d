//! What `GET /v1/models` tells of each model: written here, so that the filter only joins texts.
//!
//! Beside OpenAI's members stand those that other gateways' clients read, in OpenRouter's form (its API reference, "Get
//! models"): `context_length`, `pricing` in USD for one token as decimal text, `supported_parameters`. They are those of the
//! model's first target.

use serde::Serialize;

use super::{
    compile::known_models,
    kinds::{self, Kind},
    types::{Gateway, Model, Provider},
};
use crate::{
    config::plugin::Card,
    provider::{catalogue, model::ModelFacts},
    route::pattern,
};

/// The cards of a configured model: its own, or for a pattern those of the models of its first target's provider that it
/// matches and that are known by name.
pub(super) fn cards(gateway: &Gateway, model: &Model) -> Vec<Card> {
    let Some(target) = model.targets.first() else { return Vec::new() };
    let Some(provider) = gateway.providers.iter().find(|provider| provider.name == target.provider) else {
        return Vec::new();
    };
    if !pattern::is_pattern(&model.name) {
        return vec![card(provider, &model.name, target.model.as_deref().unwrap_or(&model.name))];
    }
    let asked = target.model.as_deref();
    let known = known_models(table(provider), asked.unwrap_or(&model.name)).into_iter();
    let named = known.map(|(name, _)| name).filter(|name| pattern::matches(&model.name, name));
    named.map(|name| card(provider, &name, asked.unwrap_or(&name))).collect()
}

fn table(provider: &Provider) -> &'static str {
    kinds::kind(&provider.kind).map_or("", Kind::table)
}

fn card(provider: &Provider, id: &str, upstream: &str) -> Card {
    let known = catalogue::model(table(provider), upstream);
    let facts = known.map(|known| &known.facts);
    Card {
        id: id.to_owned(),
        owner: provider.name.clone(),
        context: facts.and_then(|facts| facts.context),
        max_output: facts.and_then(|facts| facts.max_output),
        more: known.map(more).unwrap_or_default(),
    }
}

/// Further members, as JSON text without the braces.
#[derive(Serialize)]
struct More<'m> {
    mode: &'m str,
    /// As the catalogue has them: `tools`, `vision`, `reasoning`, `json_schema`, `caching`.
    capabilities: &'m [&'static str],
    architecture: Architecture,
    supported_parameters: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<Pricing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retires: Option<&'m str>,
}

#[derive(Serialize)]
struct Architecture {
    input_modalities: Vec<&'static str>,
}

#[derive(Serialize)]
struct Pricing {
    prompt: String,
    completion: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_cache_read: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_cache_write: Option<String>,
}

fn more(model: &catalogue::Model) -> String {
    let can = |what: &str| model.can.contains(&what);
    let mut input_modalities = vec!["text"];
    if can("vision") {
        input_modalities.push("image");
    }
    let parameters: [(&str, &[&str]); 3] = [
        ("tools", &["tools", "tool_choice"]),
        ("reasoning", &["reasoning"]),
        ("json_schema", &["response_format", "structured_outputs"]),
    ];
    let supported = parameters.iter().filter(|(what, _)| can(what)).flat_map(|(_, names)| names.iter());
    let more = More {
        mode: model.mode(),
        capabilities: &model.can,
        architecture: Architecture { input_modalities },
        supported_parameters: supported.copied().collect(),
        pricing: pricing(&model.facts),
        retires: model.retires,
    };
    let text = serde_json::to_string(&more).unwrap_or_default();
    text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default().to_owned()
}

fn pricing(facts: &ModelFacts) -> Option<Pricing> {
    Some(Pricing {
        prompt: per_token(facts.input_price?),
        completion: per_token(facts.output_price?),
        input_cache_read: facts.cache_read_price.map(per_token),
        input_cache_write: facts.cache_write_price.map(per_token),
    })
}

/// USD for one token, from USD for a million: decimal digits, without an exponent.
fn per_token(price: f64) -> String {
    let text = format!("{:.12}", price / 1e6);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn prices_are_exact_decimals() {
        for (million, token) in [(3.0, "0.000003"), (0.075, "0.000000075"), (0.0, "0"), (15.0, "0.000015")] {
            assert_eq!(per_token(million), token);
        }
    }

    #[test]
    fn a_card_is_members_of_an_object() {
        for (name, known) in catalogue::models("anthropic").chain(catalogue::models("openai")) {
            let object: Value = serde_json::from_str(&format!("{{{}}}", more(known))).unwrap();
            assert_eq!(object["mode"], known.mode(), "{name}");
            assert!(object["architecture"]["input_modalities"].is_array(), "{name}");
        }
    }
}
