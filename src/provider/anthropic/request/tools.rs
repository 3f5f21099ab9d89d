//! Tools, and whether the model must call one.

use crate::{
    ir::{ApiError, Tool},
    provider::tools::{Choice, Plan, check_name, write_schema},
};

use super::{
    super::json::{Array, Object},
    blocks, schema,
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
pub(super) fn write(plan: &Plan<'_>, object: &mut Object<'_>) -> Result<(), ApiError> {
    if plan.stand_in {
        object.raw("tools", STAND_IN);
        object.raw("tool_choice", r#"{"type":"none"}"#);
        return Ok(());
    }
    if plan.tools.is_empty() {
        return Ok(());
    }
    let mut array = Array::begin(object.key("tools"));
    for (index, tool) in &plan.tools {
        write_tool(tool, *index, plan.strict, array.item())?;
    }
    array.end();
    write_choice(plan, object);
    Ok(())
}

fn write_choice(plan: &Plan<'_>, object: &mut Object<'_>) {
    if plan.choice.is_none() && !plan.single {
        return;
    }
    let mut choice = Object::begin(object.key("tool_choice"));
    choice.text(
        "type",
        match plan.choice {
            None | Some(Choice::Auto) => "auto",
            Some(Choice::None) => "none",
            Some(Choice::Any) => "any",
            Some(Choice::Named(_)) => "tool",
        },
    );
    if let Some(Choice::Named(name)) = plan.choice {
        choice.text("name", name);
    }
    if plan.single && !matches!(plan.choice, Some(Choice::None)) {
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
    let parameters = tool.parameters.filter(|raw| raw.get() != "null");
    match parameters {
        Some(raw) if strict => schema::write_closed(raw, object.key("input_schema"), &param)?,
        Some(raw) => write_schema(raw, object.key("input_schema"), &param)?,
        None => object.raw("input_schema", r#"{"type":"object","properties":{}}"#),
    }
    if strict {
        object.raw("strict", "true");
    }
    blocks::write_cache(tool.cache, &mut object);
    object.end();
    Ok(())
}
