//! What a policy tells of itself, in comments.

use switchyard::config::plugin::Plugin;

use crate::render::text::quote;

/// What is left out of a file in which models list several targets.
pub(crate) fn several(plugin: &Plugin) -> Option<String> {
    let more = plugin.models.iter().filter(|model| model.targets.len() > 1);
    let names: Vec<String> = more.map(|model| quote(&model.name)).collect();
    (!names.is_empty()).then(|| {
        format!(
            "# Of each model the first target that can serve a request is asked, and no other when it fails. Of these there are \
             more:\n# {}.\n",
            names.join(", ")
        )
    })
}

/// What it means for clients that a policy cannot make headers wait for the body. `instead`: the kind that can.
pub(crate) fn headers_go_first(plugin: &Plugin, instead: &str) -> String {
    let models = if plugin.providers.len() > 1 {
        "There are several providers, so clients name the model also in the header\n# x-switchyard-model; without it they are answered with 400.\n"
    } else {
        "There is one provider, so nothing of the body is needed.\n"
    };
    format!(
        "# Headers are decided before the body is known: a policy of this kind cannot tell the proxy to wait (for that there is\n\
         # --kind {instead}). {models}"
    )
}
