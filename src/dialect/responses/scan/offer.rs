//! The tools that a request offers, and whether one must be called.

use serde_json::value::RawValue;

use super::{
    Found,
    body::{member, members, text},
};
use crate::dialect::responses::{field::Field, tool::Kind};

impl Found<'_> {
    /// Takes a list of tools.
    pub(super) fn tools(&mut self, list: &RawValue) {
        for tool in elements(list) {
            self.tool(None, tool);
        }
    }

    fn tool(&mut self, namespace: Option<&str>, tool: &RawValue) {
        let has = |name: &str| member(tool, name);
        let kind = Kind::of(text(has("type")).as_deref(), has("input_schema").is_some());
        self.note(Field::CacheControl, has("cache_control").is_some());
        self.note(Field::Tools, matches!(kind, Kind::Function | Kind::Custom | Kind::Namespace));
        match kind {
            Kind::Function | Kind::Custom => {
                let custom = kind == Kind::Custom;
                self.note(Field::CustomTools, custom);
                // A chat request has its name one level down.
                let inner = has(if custom { "custom" } else { "function" });
                if let Some(name) = text(has("name").or_else(|| member(inner?, "name"))) {
                    self.names.declare(namespace, &name, custom);
                }
            }
            Kind::Namespace => {
                self.used.insert(Field::Namespaces);
                let name = text(has("name"));
                for tool in has("tools").map(elements).unwrap_or_default() {
                    // There are none within one.
                    if text(member(tool, "type")).is_none_or(|kind| kind != "namespace") {
                        self.tool(name.as_deref(), tool);
                    }
                }
            }
            Kind::Hosted => self.used.insert(Field::HostedTools),
            Kind::Data => self.used.insert(Field::DataTools),
            Kind::Client => self.used.insert(Field::ClientTools),
            Kind::Unknown => self.used.insert(Field::ToolUnknown),
        }
    }

    /// Takes `tool_choice`.
    pub(super) fn choice(&mut self, raw: &RawValue) {
        let object = members(raw);
        let of = |name: &str| object.iter().find(|(found, _)| found == name).map(|(_, raw)| *raw);
        let word = text(Some(raw)).or_else(|| text(of("type")));
        match word.as_deref() {
            Some("required" | "any") => self.requires = true,
            Some("function" | "custom" | "tool") => self.used.insert(Field::ForcedTool),
            Some("allowed_tools") => {
                let mode = of("mode").or_else(|| member(of("allowed_tools")?, "mode"));
                self.requires = text(mode).as_deref() == Some("required");
            }
            // What it is instead, the reader of the whole request says.
            None | Some("auto" | "none") => {}
            Some(_) if object.is_empty() => {}
            Some(_) => self.used.insert(Field::ForcedHosted),
        }
        self.note(Field::ForcedTool, self.requires);
    }
}

fn elements(raw: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}
