//! The filter's configurations: one for each provider's route, and one for the front.

use switchyard::config::{
    file::{compile, types::Gateway},
    plugin::{Card, Entry, Front, Headers, Model, Plugin, Provider, RoleName, Target},
};

use super::{FILTER, Options, ROUTES, encoded};
use crate::render::{
    envoy::wasm,
    text::{indent, item},
};

/// The configuration of each provider's own route: that provider alone, and the models and targets that it serves. One that
/// no model names has none.
///
/// # Errors
/// Only for what the check of the file tells as a mistake.
pub(super) fn served(gateway: &Gateway) -> Result<Vec<Plugin>, String> {
    let whole = compile::plugin(gateway, RoleName::Standalone)?;
    let one = |(index, provider): (usize, &Provider)| {
        let entry = Entry {
            headers: Headers::Nginx,
            prefix: format!("{ROUTES}{}", provider.name),
            ..Entry::default()
        };
        let models: Vec<Model> =
            whole.models.iter().filter_map(|model| narrowed(model, index, provider)).collect();
        let providers = vec![provider.clone()];
        (!models.is_empty()).then(|| Plugin { entry, providers, models, files: None, ..whole.clone() })
    };
    Ok(whole.providers.iter().enumerate().filter_map(one).collect())
}

/// A model with the targets of one provider, which is the only one then; nothing where it has none there.
fn narrowed(model: &Model, index: usize, provider: &Provider) -> Option<Model> {
    let own = model.targets.iter().filter(|target| target.provider == index);
    let targets: Vec<Target> = own.map(|target| Target { provider: 0, ..target.clone() }).collect();
    // What `GET /v1/models` tells of its owner is the first target's provider.
    let card = |card: &Card| Card { owner: provider.name.clone(), ..card.clone() };
    let cards = model.cards.iter().map(card).collect();
    (!targets.is_empty()).then(|| Model { targets, cards, ..model.clone() })
}

/// The configuration of the front: all providers and models, and nothing that is a secret or may be one. It sends nothing to
/// a provider, so it needs none of their credentials and headers.
///
/// # Errors
/// Only for what the check of the file tells as a mistake.
pub(super) fn front(gateway: &Gateway, options: &Options) -> Result<Plugin, String> {
    let whole = compile::plugin(gateway, RoleName::Front)?;
    let times = &gateway.timeouts;
    let bare = |provider: Provider| Provider {
        secret: None,
        auth_header: None,
        auth_prefix: String::new(),
        headers: Vec::new(),
        ..provider
    };
    let entry = Entry {
        headers: Headers::Nginx,
        authorities: Vec::new(),
        prefix: options.prefix.clone(),
        front: Some(Front {
            call: options.proxy.to_string(),
            prefix: ROUTES.to_owned(),
            // Kong's time for a route is also that of streams, and may be longer.
            reply_ms: times.reply.plus(times.connect).millis(),
        }),
    };
    let providers = whole.providers.into_iter().map(bare).collect();
    Ok(Plugin { entry, providers, files: None, ..whole })
}

/// A chain with the filter alone, as the value of a route's `filter_chains`.
///
/// # Errors
/// What Kong would not keep of the configuration.
pub(super) fn chain(name: &str, plugin: &Plugin, options: &Options) -> Result<String, String> {
    let json = wasm::json(plugin)?;
    let config = if options.version.takes_objects() {
        let value = serde_json::from_str(&json).map_err(|error| error.to_string())?;
        encoded::kept(&value).map_err(|path| {
            format!(
                "{name}: Kong reads the filter's configuration and writes it again, and would not keep {path}: an empty list, \
                 null, or a number of more than 14 digits"
            )
        })?;
        format!("config:\n{}", indent(2, &encoded::yaml(&json)))
    } else {
        // Kong 3.4 takes nothing but text.
        format!("config: |\n{}", indent(2, &json))
    };
    let filter = indent(2, &item(&format!("name: {FILTER}\n{config}")));
    Ok(item(&format!("name: {name}\nfilters:\n{filter}tags: [switchyard]\n")))
}
