//! Anthropic's betas: what a request opts into by name, and which of the names each of the platforms knows.
//!
//! Source: `anthropic_beta_headers_config.json` of LiteLLM 1.109.1 (MIT), its columns `anthropic`, `vertex_ai` with
//! `vertex_ai_header_only`, `bedrock` and `bedrock_converse`.

use crate::provider::Format;

/// The header that names them, comma-separated; on Bedrock the body does.
pub const HEADER: &str = "anthropic-beta";

/// Files that were uploaded before, by their ids.
pub(super) const FILES: &str = "files-api-2025-04-14";

const ANTHROPIC: u8 = 1;
const VERTEX: u8 = 2;
const BEDROCK: u8 = 4;
const CONVERSE: u8 = 8;
const EVERYWHERE: u8 = ANTHROPIC | VERTEX | BEDROCK | CONVERSE;

/// The names, and who knows them by that name. None: nobody any longer, or not as a beta.
const BETAS: &[(&str, u8)] = &[
    ("advanced-tool-use-2025-11-20", ANTHROPIC),
    ("advisor-tool-2026-03-01", ANTHROPIC),
    ("bash_20241022", 0),
    ("bash_20250124", 0),
    ("code-execution-2025-08-25", ANTHROPIC),
    ("compact-2026-01-12", ANTHROPIC | VERTEX | BEDROCK),
    ("compact-2026-09-04", ANTHROPIC | VERTEX),
    ("computer-use-2025-01-24", EVERYWHERE),
    ("computer-use-2025-11-24", EVERYWHERE),
    ("context-1m-2025-08-07", EVERYWHERE),
    ("context-management-2025-06-27", ANTHROPIC | VERTEX | BEDROCK),
    ("dangerous-tool-use-2026-09-03", ANTHROPIC | VERTEX | BEDROCK),
    ("effort-2025-11-24", ANTHROPIC | BEDROCK | CONVERSE),
    ("fast-mode-2026-02-01", ANTHROPIC),
    (FILES, ANTHROPIC),
    ("fine-grained-tool-streaming-2025-05-14", ANTHROPIC | BEDROCK | CONVERSE),
    ("inline-tools-2026-09-15", ANTHROPIC | VERTEX),
    ("interleaved-thinking-2025-05-14", ANTHROPIC | VERTEX),
    ("mcp-client-2025-04-04", ANTHROPIC),
    ("mcp-client-2025-11-20", ANTHROPIC),
    ("mcp-servers-2025-12-04", 0),
    ("mid-conversation-output-config-2026-07-01", ANTHROPIC | BEDROCK),
    ("mid-conversation-tool-changes-2026-07-01", ANTHROPIC | VERTEX | BEDROCK),
    ("oauth-2025-04-20", ANTHROPIC),
    ("output-128k-2025-02-19", ANTHROPIC),
    ("per-turn-control-2026-07-01", ANTHROPIC | VERTEX),
    ("prompt-caching-scope-2026-01-05", ANTHROPIC),
    ("skills-2025-10-02", ANTHROPIC),
    ("structured-output-2024-03-01", 0),
    ("structured-outputs-2025-11-13", ANTHROPIC | CONVERSE),
    ("text_editor_20241022", 0),
    ("text_editor_20250124", 0),
    ("thinking-binding-controls-2026-08-01", EVERYWHERE),
    ("thinking-display-updates-2026-08-18", EVERYWHERE),
    ("token-efficient-tools-2025-02-19", ANTHROPIC),
    (TOOL_SEARCH, VERTEX | BEDROCK),
    ("web-fetch-2025-09-10", ANTHROPIC),
    ("web-search-2025-03-05", ANTHROPIC | VERTEX),
];

/// What each member that is part of a beta needs named, any one of them.
pub(super) const CONTEXT: &[&str] =
    &["context-management-2025-06-27", "compact-2026-01-12", "compact-2026-09-04"];
pub(super) const PER_TURN: &[&str] =
    &["per-turn-control-2026-07-01", "mid-conversation-output-config-2026-07-01"];
pub(super) const SAFEGUARDS: &[&str] = &["dangerous-tool-use-2026-09-03"];
pub(super) const DEFERRED: &[&str] = &[TOOL_SEARCH, "mid-conversation-tool-changes-2026-07-01"];

/// What Google and AWS call `advanced-tool-use-2025-11-20`.
const TOOL_SEARCH: &str = "tool-search-tool-2025-10-19";

/// What becomes of a beta at a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beta {
    /// It is known there by this name.
    Known(&'static str),
    /// It is refused there.
    Refused,
    /// It is in no list.
    New,
}

/// What becomes of the beta `name` at a provider of this format.
pub fn at(format: Format, name: &str) -> Beta {
    let platform = match format {
        Format::Anthropic => ANTHROPIC,
        Format::VertexAnthropic => VERTEX,
        Format::BedrockAnthropic => BEDROCK,
        Format::Bedrock => CONVERSE,
        _ => 0,
    };
    match BETAS.iter().find(|(known, _)| *known == name) {
        None => Beta::New,
        Some((name, platforms)) if platforms & platform != 0 => Beta::Known(name),
        Some((name, _)) if name.starts_with("advanced-tool-use-") && platform & (VERTEX | BEDROCK) != 0 => {
            Beta::Known(TOOL_SEARCH)
        }
        Some(_) => Beta::Refused,
    }
}

/// The betas of a client's `names` that may be sent to a provider of this format. Anthropic's own API knows what its own
/// clients name, and takes no offence at what it does not know; Google and AWS refuse what they do not know ("invalid beta
/// flag"). Where the request is not sent as a Messages request, what they are for is not sent either.
pub fn of_client<'n>(format: Format, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    if !matches!(format, Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic) {
        return Vec::new();
    }
    filter(format, names, format == Format::Anthropic)
}

/// The betas of `names` that are legal at a provider of this format, under its own names for them, each once. One that
/// is in no list is left out, but where it is the operator who named it: he may know a newer one.
pub fn filter<'n>(
    format: Format,
    names: impl IntoIterator<Item = &'n str>,
    by_operator: bool,
) -> Vec<&'n str> {
    let mut legal: Vec<&'n str> = Vec::new();
    for name in names.into_iter().map(str::trim).filter(|name| !name.is_empty()) {
        let name = match at(format, name) {
            Beta::Known(name) => name,
            Beta::New if by_operator => name,
            Beta::New | Beta::Refused => continue,
        };
        if !legal.contains(&name) {
            legal.push(name);
        }
    }
    legal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_gets_what_it_knows() {
        let asked =
            "context-1m-2025-08-07, advanced-tool-use-2025-11-20,inline-tools-2026-09-15,, skills-2025-10-02";
        let legal = |format| filter(format, asked.split(','), false).join(",");
        assert_eq!(
            legal(Format::Anthropic),
            "context-1m-2025-08-07,advanced-tool-use-2025-11-20,inline-tools-2026-09-15,skills-2025-10-02"
        );
        assert_eq!(
            legal(Format::VertexAnthropic),
            "context-1m-2025-08-07,tool-search-tool-2025-10-19,inline-tools-2026-09-15"
        );
        assert_eq!(legal(Format::BedrockAnthropic), "context-1m-2025-08-07,tool-search-tool-2025-10-19");
        assert_eq!(legal(Format::Bedrock), "context-1m-2025-08-07");
        assert_eq!(legal(Format::Gemini), "");
    }

    #[test]
    fn what_is_in_no_list_is_the_operators_to_send() {
        let names = ["new-2027-01-01", FILES, "tool-search-tool-2025-10-19", "advanced-tool-use-2025-11-20"];
        assert_eq!(filter(Format::VertexAnthropic, names, false), [TOOL_SEARCH]);
        assert_eq!(filter(Format::VertexAnthropic, names, true), ["new-2027-01-01", TOOL_SEARCH]);
    }

    #[test]
    fn a_clients_betas_go_with_its_messages_alone() {
        let names = ["context-1m-2025-08-07", "new-2027-01-01"];
        assert_eq!(of_client(Format::Anthropic, names), names);
        assert_eq!(of_client(Format::BedrockAnthropic, names), names[..1]);
        for format in [Format::Bedrock, Format::Openai, Format::Gemini] {
            assert!(of_client(format, names).is_empty());
        }
    }

    /// The table against its source, where that is present.
    #[test]
    fn the_table_is_its_source() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/anthropic_beta_map.json");
        let Ok(json) = std::fs::read(path) else {
            println!("skipped: no table at {path}");
            return;
        };
        let source: serde_json::Value = serde_json::from_slice(&json).unwrap();
        for (format, columns) in [
            (Format::Anthropic, &["anthropic"][..]),
            (Format::VertexAnthropic, &["vertex_ai", "vertex_ai_header_only"]),
            (Format::BedrockAnthropic, &["bedrock"]),
            (Format::Bedrock, &["bedrock_converse"]),
        ] {
            for (name, _) in BETAS {
                let told = columns.iter().find_map(|column| source["map"][column][name].as_str());
                let found = match at(format, name) {
                    Beta::Known(name) => Some(name),
                    Beta::Refused | Beta::New => None,
                };
                assert_eq!(found, told, "{name} at {}", format.name());
            }
            for column in columns {
                for name in source["map"][column].as_object().unwrap().keys() {
                    assert_ne!(at(format, name), Beta::New, "{name}");
                }
            }
        }
    }
}
