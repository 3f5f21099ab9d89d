//! Tools, away from Anthropic's own API.

use serde_json::value::RawValue;

use super::{super::super::beta, Target};
use crate::{
    dialect::messages::{
        field::Field,
        kinds::{self, ServerKind, ToolKind},
    },
    provider::{
        Format,
        json::{Array, Object, each_element, each_member, pick, text},
    },
};

/// The list as the platform takes it; empty where no tool is left. `None` where it takes it as it is.
pub(super) fn changed(tools: &RawValue, target: &Target<'_>) -> Option<Vec<u8>> {
    if target.format == Format::Anthropic || !tools.get().starts_with('[') {
        return None;
    }
    let unknown = unknown(target);
    let runs = [Field::WebSearchTool, Field::ServerTool].into_iter().any(|field| target.uses(field));
    if unknown.is_empty() && !runs {
        return None;
    }
    let (mut out, mut left) = (Vec::new(), false);
    let mut list = Array::begin(&mut out);
    each_element(tools.get(), &mut |tool| {
        let [kind, schema] = pick(tool.get(), ["type", "input_schema"]).unwrap_or_default();
        if let ToolKind::Server(kind) = kinds::tool(text(kind).as_deref(), schema.is_some())
            && !runs_there(kind, target.format)
        {
            return;
        }
        left = true;
        if !tool.get().starts_with('{') {
            return list.item().extend_from_slice(tool.get().as_bytes());
        }
        let mut object = Object::begin(list.item());
        each_member(tool.get(), &mut |name, raw| {
            if !unknown.contains(&name) {
                object.any_key(name).extend_from_slice(raw.get().as_bytes());
            }
        });
        object.end();
    });
    list.end();
    Some(if left { out } else { Vec::new() })
}

/// Whether such a tool is run there.
pub(super) fn runs_there(kind: ServerKind, format: Format) -> bool {
    match kind {
        _ if format == Format::Anthropic => true,
        ServerKind::WebSearch => format == Format::VertexAnthropic,
        ServerKind::ToolSearch => true,
        ServerKind::Other => false,
    }
}

/// The members of tools that are not known there.
fn unknown(target: &Target<'_>) -> Vec<&'static str> {
    let deferred = target.uses(Field::DeferLoading) && target.lacks(beta::DEFERRED);
    [
        (target.uses(Field::EagerInput), "eager_input_streaming"),
        (target.uses(Field::InputExamples), "input_examples"),
        (target.uses(Field::AllowedCallers), "allowed_callers"),
        (deferred, "defer_loading"),
    ]
    .into_iter()
    .filter_map(|(unknown, name)| unknown.then_some(name))
    .collect()
}
