//! What a reply repeats of its request.

use serde_json::value::RawValue;

use super::Found;

/// How many members are repeated.
pub(super) const COUNT: usize = ECHO.len();

/// The members that a reply repeats, each with what stands there where the request has none: the API's defaults, but for
/// `store`, since the gateway keeps nothing (openai 3.54.0, `Response`; API reference, "The response object").
pub(super) const ECHO: &[(&str, &str)] = &[
    ("background", "false"),
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("max_tool_calls", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("prompt_cache_key", "null"),
    ("prompt_cache_retention", "null"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("safety_identifier", "null"),
    ("service_tier", r#""default""#),
    ("store", "false"),
    ("temperature", "1.0"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", r#""auto""#),
    (TOOLS, "[]"),
    ("top_logprobs", "0"),
    ("top_p", "1.0"),
    ("truncation", r#""disabled""#),
    ("user", "null"),
];

const TOOLS: &str = "tools";

impl<'a> Found<'a> {
    /// Keeps a member that a reply repeats.
    pub(super) fn repeat(&mut self, name: &str, raw: &'a RawValue) {
        let at = ECHO.iter().position(|(echoed, _)| *echoed == name);
        if let Some(slot) = at.and_then(|at| self.echoed.get_mut(at)) {
            *slot = Some(raw).filter(|raw| raw.get() != "null");
        }
    }

    /// The members as JSON text, on one line: they are to stand in the data of an event.
    pub(super) fn echo(&self) -> String {
        let length: usize = self.echoed.iter().flatten().map(|raw| raw.get().len()).sum();
        let mut out = String::with_capacity(length + 512);
        for ((name, default), raw) in ECHO.iter().zip(self.echoed) {
            if !out.is_empty() {
                out.push(',');
            }
            out.push('"');
            out.push_str(name);
            out.push_str("\":");
            match raw {
                Some(raw) if *name == TOOLS => tools(raw, &mut out),
                // A line end can only stand between tokens.
                Some(raw) => out.extend(raw.get().split(['\n', '\r'])),
                None => out.push_str(default),
            }
        }
        out
    }
}

/// Appends tools as they came, but for two members of functions that may be missing in a request and not in a reply.
fn tools(list: &RawValue, out: &mut String) {
    let Ok(tools) = serde_json::from_str::<Vec<&RawValue>>(list.get()) else { return out.push_str("[]") };
    out.push('[');
    for (index, tool) in tools.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        let members = super::body::members(tool);
        let named = |name: &str| members.iter().find(|(found, _)| found == name).map(|(_, raw)| *raw);
        let is_function = super::body::text(named("type")).as_deref() == Some("function");
        let missing =
            ["parameters", "strict"].into_iter().filter(|name| is_function && named(name).is_none());
        let text = tool.get();
        let open = text.strip_suffix('}').filter(|_| is_function).unwrap_or(text);
        out.extend(open.split(['\n', '\r']));
        for name in missing {
            out.push_str(",\"");
            out.push_str(name);
            out.push_str("\":null");
        }
        if open.len() < text.len() {
            out.push('}');
        }
    }
    out.push(']');
}
