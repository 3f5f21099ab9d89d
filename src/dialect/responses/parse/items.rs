//! The input: a text, or items in the order in which they came to be.

use std::borrow::Cow;

use super::{content::content, message, reasoning, tools};
use crate::{
    dialect::{
        chat::parse::content::Takes,
        node::{Node, Object, Path},
        responses::{custom, names::Names},
    },
    ir::{ApiError, Message, Part, Role, Tool},
};

/// Reads `input`.
pub(super) fn input<'a>(value: Node<'a>, path: &Path<'_>) -> Result<Vec<Node<'a>>, ApiError> {
    match value {
        Node::String(text) => {
            let said = [("role", Cow::Borrowed("user")), ("content", text)];
            let said = said.map(|(name, text)| (Cow::Borrowed(name), Node::String(text)));
            Ok(vec![Node::Object(Object(said.into()))])
        }
        Node::Array(items) => Ok(items),
        other => Err(other.wrong("a string or an array of items", path)),
    }
}

/// Takes the tools out of the items that bring some: they are offered from the start, as those of the request are.
pub(super) fn take_tools<'a>(
    input: &mut [Node<'a>],
    names: &mut Names,
    offered: &mut Vec<Tool<'a>>,
) -> Result<(), ApiError> {
    let root = Path::Root;
    let path = root.key("input");
    for (index, item) in input.iter_mut().enumerate() {
        let Node::Object(item) = item else { continue };
        let brings = |(name, value): &(Cow<'_, str>, Node<'_>)| {
            name == "type"
                && matches!(value, Node::String(kind) if kind == "additional_tools" || kind == "tool_search_output")
        };
        if item.0.iter().any(brings) {
            item.read("tools", &path.index(index), |value, path| tools::list(value, path, names, offered))?;
        }
    }
    Ok(())
}

/// Messages under construction.
pub(super) struct Turns<'n, 'a> {
    names: &'n Names,
    messages: Vec<Message<'a>>,
    /// The item that each message begins with; that of `instructions` has none.
    places: Vec<Option<usize>>,
    /// The signature of the call that comes next.
    signature: Option<Cow<'a, str>>,
}

impl<'n, 'a> Turns<'n, 'a> {
    pub(super) fn new(names: &'n Names) -> Self {
        Self { names, messages: Vec::new(), places: Vec::new(), signature: None }
    }

    /// Takes `instructions`.
    pub(super) fn instruct(&mut self, text: Cow<'a, str>) {
        self.say(message(Role::System, vec![Part::Text { text, cache: None }]), None);
    }

    /// Takes the item at `index`.
    pub(super) fn item(&mut self, value: Node<'a>, index: usize, path: &Path<'_>) -> Result<(), ApiError> {
        let mut item = value.object(path)?;
        let kind = item.string("type", path)?;
        match kind.as_deref() {
            None | Some("message") => self.message(item, index, path),
            Some("reasoning") => {
                match reasoning::item(item, path)? {
                    Some(reasoning::Item::Thought(part)) => self.answer(index, part),
                    Some(reasoning::Item::OfText(signature)) => {
                        if let Some(turn) = self.turn(index) {
                            turn.signature = Some(signature);
                        }
                    }
                    Some(reasoning::Item::OfCall(signature)) => self.signature = Some(signature),
                    None => {}
                }
                Ok(())
            }
            Some("function_call") => self.call(item, index, path),
            Some("custom_tool_call") => self.custom_call(item, index, path),
            Some("function_call_output" | "custom_tool_call_output") => self.output(item, index, path),
            // Its tools were taken, or the model has told what came of it.
            Some(
                "additional_tools"
                | "tool_search_output"
                | "tool_search_call"
                | "web_search_call"
                | "file_search_call"
                | "code_interpreter_call"
                | "mcp_call"
                | "mcp_list_tools",
            ) => Ok(()),
            Some(_) => Err(path.key("type").error("is of no item that the gateway can translate")),
        }
    }

    /// The messages, each with the item that it begins with.
    pub(super) fn end(self) -> (Vec<Message<'a>>, Vec<Option<usize>>) {
        // A turn was begun for the signature of a text that did not come.
        let is_left = |message: &Message<'_>| message.role != Role::Assistant || !message.parts.is_empty();
        let all = self.messages.into_iter().zip(self.places);
        all.filter(|(message, _)| is_left(message)).unzip()
    }

    fn message(&mut self, mut item: Object<'a>, index: usize, path: &Path<'_>) -> Result<(), ApiError> {
        let role = item.need("role", path, Node::string)?;
        let (role, takes) = match role.as_ref() {
            "user" => (Role::User, Takes::Media),
            "system" => (Role::System, Takes::Text),
            "developer" => (Role::Developer, Takes::Text),
            "assistant" => (Role::Assistant, Takes::Answer),
            _ => return Err(path.key("role").error("must be user, assistant, system or developer")),
        };
        let parts = item.need("content", path, |value, path| content(takes, value, path))?;
        if role == Role::Assistant {
            parts.into_iter().for_each(|part| self.answer(index, part));
        } else {
            self.say(message(role, parts), Some(index));
        }
        Ok(())
    }

    /// A message that is not the model's.
    fn say(&mut self, message: Message<'a>, index: Option<usize>) {
        self.signature = None;
        self.messages.push(message);
        self.places.push(index);
    }

    /// The turn of the model that is under way, or a new one.
    fn turn(&mut self, index: usize) -> Option<&mut Message<'a>> {
        if self.messages.last().is_none_or(|last| last.role != Role::Assistant) {
            self.messages.push(message(Role::Assistant, Vec::new()));
            self.places.push(Some(index));
        }
        self.messages.last_mut()
    }

    /// Adds to the turn of the model.
    fn answer(&mut self, index: usize, part: Part<'a>) {
        if let Some(turn) = self.turn(index) {
            turn.parts.push(part);
        }
    }

    fn call(&mut self, mut item: Object<'a>, index: usize, path: &Path<'_>) -> Result<(), ApiError> {
        let arguments = item.string("arguments", path)?.unwrap_or_default();
        // Clients of chat know no custom tools (Cursor), and give back the text as the arguments that they got.
        let is_text = |namespace: Option<&str>, name: &str| {
            self.names.is_custom(namespace, name) && !arguments.trim_start().starts_with('{')
        };
        let (namespace, name) = called(&mut item, path)?;
        let arguments = if is_text(namespace.as_deref(), &name) {
            Cow::Owned(custom::wrapped(&arguments))
        } else {
            arguments
        };
        self.called(item, (namespace, name), arguments, index, path)
    }

    fn custom_call(&mut self, mut item: Object<'a>, index: usize, path: &Path<'_>) -> Result<(), ApiError> {
        let arguments = custom::wrapped(&item.need("input", path, Node::string)?);
        let tool = called(&mut item, path)?;
        self.called(item, tool, Cow::Owned(arguments), index, path)
    }

    fn called(
        &mut self,
        mut item: Object<'a>,
        (namespace, name): (Option<Cow<'a, str>>, Cow<'a, str>),
        arguments: Cow<'a, str>,
        index: usize,
        path: &Path<'_>,
    ) -> Result<(), ApiError> {
        let id = item.need("call_id", path, Node::string)?;
        let flat = self.names.called(namespace.as_deref(), &name).into_owned();
        let name = if flat == name { name } else { Cow::Owned(flat) };
        let signature = self.signature.take();
        self.answer(index, Part::ToolCall { id, name, arguments, signature, cache: None });
        Ok(())
    }

    fn output(&mut self, mut item: Object<'a>, index: usize, path: &Path<'_>) -> Result<(), ApiError> {
        let id = item.need("call_id", path, Node::string)?;
        let content = item.need("output", path, |value, path| content(Takes::Media, value, path))?;
        let result = Part::ToolResult { id, content, is_error: false, cache: None };
        self.say(message(Role::Tool, vec![result]), Some(index));
        Ok(())
    }
}

/// The namespace and the name of the tool that an item calls.
fn called<'a>(
    item: &mut Object<'a>,
    path: &Path<'_>,
) -> Result<(Option<Cow<'a, str>>, Cow<'a, str>), ApiError> {
    Ok((item.string("namespace", path)?, item.need("name", path, Node::string)?))
}
