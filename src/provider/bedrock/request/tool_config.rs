//! `toolConfig`: the tools, and whether the model must call one.

use crate::{
    ir::{ApiError, CacheControl, Request, Tool},
    provider::{
        model::ModelFacts,
        schema,
        tools::{Choice, Offer, check_name, uses_tools, write_parameters},
    },
};

use super::{
    super::json::{Array, Object},
    Family, blocks,
};

/// Longest name of a tool (service model, `ToolName`).
pub(super) const NAME_BYTES: usize = 64;

/// The API refuses tool calls in a conversation that declares no tools; this one stands in for them.
const STAND_IN: &str = concat!(
    r#"{"tools":[{"toolSpec":{"name":"no_longer_available","description":"Stands for tools of earlier turns; do not call it.","#,
    r#""inputSchema":{"json":{"type":"object","properties":{}}}}}]}"#
);

/// Appends `toolConfig`, where there is any.
///
/// There is no choice that forbids calls: without tools none can be made, so that they are left out, unless the
/// conversation holds calls, which the API refuses without tools.
///
/// # Errors
///
/// For a name or a schema that Bedrock does not take.
pub(super) fn write(
    offer: &Offer<'_>,
    request: &Request<'_>,
    facts: &ModelFacts,
    family: Family,
    object: &mut Object<'_>,
) -> Result<(), ApiError> {
    if offer.stand_in {
        object.raw("toolConfig", STAND_IN);
        return Ok(());
    }
    let forbidden = matches!(offer.choice, Some(Choice::None)) && !request.messages.iter().any(uses_tools);
    if offer.tools.is_empty() || forbidden {
        return Ok(());
    }
    let mut config = Object::begin(object.key("toolConfig"));
    let mut array = Array::begin(config.key("tools"));
    for (index, tool) in &offer.tools {
        write_tool(tool, *index, facts.json_schema, &mut array)?;
        // Nova caches no tools.
        let cache: Option<CacheControl> = tool.cache.filter(|_| family == Family::Claude);
        blocks::write_cache(cache, family, &mut array);
    }
    array.end();
    if !one_call_at_a_time(offer, family) {
        write_choice(offer, &mut config);
    }
    config.end();
    Ok(())
}

fn write_choice(offer: &Offer<'_>, config: &mut Object<'_>) {
    match offer.choice {
        None | Some(Choice::None) => {}
        Some(Choice::Auto) => config.raw("toolChoice", r#"{"auto":{}}"#),
        Some(Choice::Any) => config.raw("toolChoice", r#"{"any":{}}"#),
        Some(Choice::Named(name)) => {
            let mut choice = Object::begin(config.key("toolChoice"));
            let mut tool = Object::begin(choice.key("tool"));
            tool.text("name", name);
            tool.end();
            choice.end();
        }
    }
}

/// Whether the choice is told in Claude's own form, the only one that can ask for one call at a time.
pub(super) fn one_call_at_a_time(offer: &Offer<'_>, family: Family) -> bool {
    offer.single && family == Family::Claude && !matches!(offer.choice, Some(Choice::None))
}

/// Appends Claude's own `tool_choice` to the model's own fields.
pub(super) fn write_single(offer: &Offer<'_>, family: Family, fields: &mut Object<'_>) {
    if !one_call_at_a_time(offer, family) {
        return;
    }
    let mut choice = Object::begin(fields.key("tool_choice"));
    match offer.choice {
        Some(Choice::Any) => choice.text("type", "any"),
        Some(Choice::Named(name)) => {
            choice.text("type", "tool");
            choice.text("name", name);
        }
        _ => choice.text("type", "auto"),
    }
    choice.raw("disable_parallel_tool_use", "true");
    choice.end();
}

/// `strict` is sent only where it is true and the model is known to keep to schemas; the schema is then brought to
/// the subset that is legal under it.
fn write_tool(
    tool: &Tool<'_>,
    index: usize,
    can_strict: bool,
    tools: &mut Array<'_>,
) -> Result<(), ApiError> {
    check_name(&tool.name, NAME_BYTES, || format!("tools[{index}].function.name"))?;
    let param = format!("tools[{index}].function.parameters");
    let strict = can_strict && tool.strict == Some(true);
    let mut object = Object::begin(tools.item());
    let mut spec = Object::begin(object.key("toolSpec"));
    spec.text("name", &tool.name);
    if let Some(description) = tool.description.as_deref().filter(|text| !text.is_empty()) {
        spec.text("description", description);
    }
    let mut input = Object::begin(spec.key("inputSchema"));
    let json = input.key("json");
    match tool.parameters.filter(|raw| strict && raw.get() != "null") {
        Some(raw) => schema::write_closed(raw, json, &param)?,
        None => write_parameters(tool.parameters, json, &param)?,
    }
    input.end();
    if strict {
        spec.raw("strict", "true");
    }
    spec.end();
    object.end();
    Ok(())
}
