//! What kinds of tools a request offers.

/// A kind of tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A function that the client runs.
    Function,
    /// A tool that takes free text, which the client runs.
    Custom,
    /// A list of functions and custom tools.
    Namespace,
    /// The provider runs it, and knows all that it needs to: the model may do without.
    Hosted,
    /// The provider runs it on what the client keeps there, or leads it to.
    Data,
    /// The client runs it, and waits for calls that only models made for it can make.
    Client,
    /// None of these.
    Unknown,
}

impl Kind {
    /// The kind of a tool by its `type`. `schema`: it has an `input_schema`, as Anthropic's functions do, whose type is
    /// `custom` too.
    pub(super) fn of(name: Option<&str>, schema: bool) -> Self {
        match name {
            None | Some("function") => Self::Function,
            Some("custom") if schema => Self::Function,
            Some("custom") => Self::Custom,
            Some("namespace") => Self::Namespace,
            Some("code_interpreter" | "image_generation" | "tool_search" | "programmatic_tool_calling") => {
                Self::Hosted
            }
            Some("file_search" | "mcp") => Self::Data,
            Some("computer" | "local_shell" | "shell" | "apply_patch") => Self::Client,
            // `web_search_2025_08_26`, `web_search_preview_2025_03_11`, `computer_use_preview`.
            Some(name) if name.starts_with("web_search") => Self::Hosted,
            Some(name) if name.starts_with("computer_use") => Self::Client,
            Some(_) => Self::Unknown,
        }
    }
}
