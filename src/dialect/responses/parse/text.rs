//! `text`: the form of the answer, and how wordy it is to be.

use serde_json::value::RawValue;

use crate::{
    dialect::{
        chat::parse::settings::raw_object,
        node::{Members, Node, Path},
    },
    ir::{ApiError, ResponseFormat},
};

/// What `text` says.
#[derive(Default)]
pub(super) struct Text<'a> {
    pub(super) format: Option<ResponseFormat<'a>>,
    /// As it was sent.
    pub(super) verbosity: Option<&'a RawValue>,
}

/// Reads `text`.
pub(super) fn text(raw: &RawValue) -> Result<Text<'_>, ApiError> {
    let root = Path::Root;
    let path = root.key("text");
    let Ok(Members(members)) = serde_json::from_str(raw.get()) else {
        return Err(path.error("must be an object"));
    };
    let named = |name: &str| {
        let found = members.iter().find(|(found, _)| found == name).map(|(_, raw)| *raw);
        found.filter(|raw| raw.get() != "null")
    };
    let format = named("format").map(|raw| {
        let path = path.key("format");
        format(serde_json::from_str(raw.get()).map_err(|error| path.error(error))?, &path)
    });
    let format = format.transpose()?;
    Ok(Text { format, verbosity: named("verbosity") })
}

/// What a chat request has one level down stands beside the type here.
fn format<'a>(value: Node<'a>, path: &Path<'_>) -> Result<ResponseFormat<'a>, ApiError> {
    let mut format = value.object(path)?;
    match format.need("type", path, Node::string)?.as_ref() {
        "text" => Ok(ResponseFormat::Text),
        "json_object" => Ok(ResponseFormat::JsonObject),
        "json_schema" => Ok(ResponseFormat::JsonSchema {
            name: format.string("name", path)?,
            description: format.string("description", path)?,
            strict: format.read("strict", path, Node::boolean)?,
            schema: format.need("schema", path, raw_object)?,
        }),
        _ => Err(path.key("type").error("must be text, json_object or json_schema")),
    }
}
