//! Tools, and whether the model must call one.

use crate::{
    ir::{ApiError, Tool},
    provider::{
        model::ModelFacts,
        schema,
        tools::{Choice, Offer, check_name, write_parameters},
    },
};

use super::{
    super::json::{Array, Object},
    blocks,
};

/// Longest name of a tool (API reference, "Create a Message").
pub(super) const NAME_BYTES: usize = 128;

/// The API refuses tool calls in a conversation that declares no tools; this one stands in for them. `tool_choice`
/// keeps the model from calling it.
const STAND_IN: &str = concat!(
    r#"[{"name":"no_longer_available","description":"Stands for tools of earlier turns.","#,
    r#""input_schema":{"type":"object","properties":{}}}]"#
);

/// Appends `tools` and `tool_choice`.
///
/// # Errors
///
/// For a name or a schema that Anthropic does not take.
pub(super) fn write(offer: &Offer<'_>, facts: &ModelFacts, object: &mut Object<'_>) -> Result<(), ApiError> {
    if offer.stand_in {
        object.raw("tools", STAND_IN);
        object.raw("tool_choice", r#"{"type":"none"}"#);
        return Ok(());
    }
    if offer.tools.is_empty() {
        return Ok(());
    }
    let mut array = Array::begin(object.key("tools"));
    for (index, tool) in &offer.tools {
        write_tool(tool, *index, facts.json_schema, array.item())?;
    }
    array.end();
    write_choice(offer, object);
    Ok(())
}

fn write_choice(offer: &Offer<'_>, object: &mut Object<'_>) {
    if offer.choice.is_none() && !offer.single {
        return;
    }
    let mut choice = Object::begin(object.key("tool_choice"));
    choice.text(
        "type",
        match offer.choice {
            None | Some(Choice::Auto) => "auto",
            Some(Choice::None) => "none",
            Some(Choice::Any) => "any",
            Some(Choice::Named(_)) => "tool",
        },
    );
    if let Some(Choice::Named(name)) = offer.choice {
        choice.text("name", name);
    }
    if offer.single && !matches!(offer.choice, Some(Choice::None)) {
        choice.raw("disable_parallel_tool_use", "true");
    }
    choice.end();
}

/// `strict` is sent only where it is true and the model is known to keep to schemas; the schema is then brought to
/// the subset that is legal under it.
fn write_tool(tool: &Tool<'_>, index: usize, can_strict: bool, out: &mut Vec<u8>) -> Result<(), ApiError> {
    check_name(&tool.name, NAME_BYTES, || format!("tools[{index}].function.name"))?;
    let param = format!("tools[{index}].function.parameters");
    let strict = can_strict && tool.strict == Some(true);
    let mut object = Object::begin(out);
    object.text("name", &tool.name);
    if let Some(description) = tool.description.as_deref().filter(|text| !text.is_empty()) {
        object.text("description", description);
    }
    let input = object.key("input_schema");
    match tool.parameters.filter(|raw| strict && raw.get() != "null") {
        Some(raw) => schema::write_closed(raw, input, &param)?,
        None => write_parameters(tool.parameters, input, &param)?,
    }
    if strict {
        object.raw("strict", "true");
    }
    blocks::write_cache(tool.cache, &mut object);
    object.end();
    Ok(())
}
