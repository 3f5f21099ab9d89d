//! Whose the tools of a request are: a client's functions, tools whose form Anthropic gave and the client runs, and
//! those that Anthropic runs itself.
//!
//! Source: the API reference, "Create a Message", `tools`; the guides to each of the tools.

use super::field::Field;

/// What a tool is, by its `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ToolKind {
    /// A function with its own `input_schema`.
    Function,
    /// One that the client runs, whose form its type implies: the name where the tool gives none, and the schema.
    Client(&'static str, &'static str),
    /// One that the client runs, which only Claude was taught.
    Computer,
    /// One that Anthropic runs.
    Server(ServerKind),
}

/// A tool that Anthropic runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerKind {
    /// Its web search, which Google's platform has too.
    WebSearch,
    /// Its search for tools that are not loaded, which all platforms have.
    ToolSearch,
    /// Any other.
    Other,
}

/// API guide "Bash tool".
const BASH: &str = concat!(
    r#"{"type":"object","properties":{"command":{"type":"string","description":"The command to run"},"#,
    r#""restart":{"type":"boolean","description":"Restart the shell instead"}}}"#
);

/// API guide "Text editor tool".
const EDITOR: &str = concat!(
    r#"{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert"]},"#,
    r#""path":{"type":"string"},"view_range":{"type":"array","items":{"type":"integer"}},"file_text":{"type":"string"},"#,
    r#""old_str":{"type":"string"},"new_str":{"type":"string"},"insert_line":{"type":"integer"},"#,
    r#""insert_text":{"type":"string"}},"required":["command","path"]}"#
);

/// API guide "Memory tool".
const MEMORY: &str = concat!(
    r#"{"type":"object","properties":{"command":{"type":"string","#,
    r#""enum":["view","create","str_replace","insert","delete","rename"]},"path":{"type":"string"},"#,
    r#""view_range":{"type":"array","items":{"type":"integer"}},"file_text":{"type":"string"},"#,
    r#""old_str":{"type":"string"},"new_str":{"type":"string"},"insert_line":{"type":"integer"},"#,
    r#""insert_text":{"type":"string"},"old_path":{"type":"string"},"new_path":{"type":"string"}},"#,
    r#""required":["command"]}"#
);

/// What a tool is. One of a type that is not known is a function where it has a schema, else Anthropic's to run.
pub(crate) fn tool(kind: Option<&str>, has_schema: bool) -> ToolKind {
    let Some(kind) = kind.filter(|kind| *kind != "custom" && !has_schema) else { return ToolKind::Function };
    let is = |prefix: &str| kind.starts_with(prefix);
    if is("bash_") {
        ToolKind::Client("bash", BASH)
    } else if is("text_editor_") {
        ToolKind::Client("str_replace_based_edit_tool", EDITOR)
    } else if is("memory_") {
        ToolKind::Client("memory", MEMORY)
    } else if is("computer_") || is("browser_") {
        ToolKind::Computer
    } else if is("web_search_") {
        ToolKind::Server(ServerKind::WebSearch)
    } else if is("tool_search_tool_") {
        ToolKind::Server(ServerKind::ToolSearch)
    } else {
        ToolKind::Server(ServerKind::Other)
    }
}

/// The name that a tool of Anthropic's own has: that of its type without the date.
pub(crate) fn server_named(name: &str) -> Option<ServerKind> {
    match name {
        "web_search" => Some(ServerKind::WebSearch),
        "web_fetch" | "code_execution" | "advisor" => Some(ServerKind::Other),
        "tool_search_tool_bm25" | "tool_search_tool_regex" => Some(ServerKind::ToolSearch),
        _ => None,
    }
}

/// Whose call or result a block of the model's turn is; `None` where it is not of a tool that Anthropic runs. `name` is
/// that of the tool which a call names.
pub(crate) fn server_block(kind: &str, name: Option<&str>) -> Option<ServerKind> {
    match kind {
        "server_tool_use" => Some(name.and_then(server_named).unwrap_or(ServerKind::Other)),
        "web_search_tool_result" => Some(ServerKind::WebSearch),
        "tool_search_tool_result" => Some(ServerKind::ToolSearch),
        "mcp_tool_use" | "mcp_tool_result" | "compaction" => Some(ServerKind::Other),
        other => other.ends_with("_tool_result").then_some(ServerKind::Other),
    }
}

impl ServerKind {
    /// The field that stands for a tool of this kind.
    pub(super) fn offered(self) -> Field {
        match self {
            Self::WebSearch => Field::WebSearchTool,
            Self::ToolSearch => Field::ToolSearchTool,
            Self::Other => Field::ServerTool,
        }
    }

    /// The field that stands for the wish that it be called.
    pub(super) fn forced(self) -> Field {
        if self == Self::WebSearch { Field::ForcedWebSearch } else { Field::ForcedServerTool }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, value::RawValue};

    use super::*;

    #[test]
    fn tools_are_told_apart_by_their_types() {
        for kind in [None, Some("custom")] {
            assert_eq!(tool(kind, true), ToolKind::Function);
            assert_eq!(tool(kind, false), ToolKind::Function);
        }
        assert!(matches!(tool(Some("bash_20250124"), false), ToolKind::Client("bash", _)));
        assert_eq!(tool(Some("computer_toolset_20260801"), false), ToolKind::Computer);
        assert_eq!(tool(Some("web_search_20260318"), false), ToolKind::Server(ServerKind::WebSearch));
        assert_eq!(tool(Some("tool_search_tool_bm25"), false), ToolKind::Server(ServerKind::ToolSearch));
        assert_eq!(tool(Some("mcp_toolset"), false), ToolKind::Server(ServerKind::Other));
        assert_eq!(tool(Some("new_20270101"), false), ToolKind::Server(ServerKind::Other));
        assert_eq!(tool(Some("new_20270101"), true), ToolKind::Function);
    }

    #[test]
    fn schemas_are_objects() {
        for schema in [BASH, EDITOR, MEMORY] {
            assert!(serde_json::from_str::<&RawValue>(schema).is_ok());
            assert!(serde_json::from_str::<Value>(schema).unwrap()["properties"]["command"].is_object());
        }
    }
}
