//! The corpus of chat requests, read into the intermediate form and written for an OpenAI-compatible provider as it is for
//! clients of other APIs: what is written is valid by the types of OpenAI's own SDK, and says the same when it is read
//! again.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use jsonschema::Validator;
use serde_json::{Map, Value};
use switchyard::{
    dialect::chat::parse::parse,
    ir::{ApiError, Effort, Message, Part, Reasoning, Request, ResponseFormat, Role, ToolChoice},
    provider::{Upstream, model::ModelFacts, openai::request::compose, quirks::Quirks},
};

fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/corpus");
    let mut corpus = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let cases: Map<String, Value> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        corpus
            .extend(cases.into_iter().map(|(name, request)| (format!("{file}/{name}"), request.to_string())));
    }
    assert!(corpus.len() >= 150, "{} requests are no corpus", corpus.len());
    corpus
}

fn composed(request: &Request<'_>, quirks: &Quirks) -> Result<String, ApiError> {
    let facts = ModelFacts::default();
    let mut out = b"before".to_vec();
    let result = compose(request, &Upstream { model: "up", facts: &facts, quirks, provider: "p" }, &mut out);
    let written = String::from_utf8(out).unwrap().split_off("before".len());
    assert!(result.is_ok() || written.is_empty(), "{written}");
    result.map(|()| written)
}

fn schema() -> Option<Validator> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/validators/schemas/openai.request.json");
    let Ok(text) = fs::read_to_string(path) else {
        println!("skipped: ../shared/validators/schemas/openai.request.json is not there");
        return None;
    };
    Some(jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap())
}

/// A provider that takes all that the intermediate form can say.
fn taking() -> Quirks {
    let names =
        ["cache_control", "top_k", "messages[].reasoning_content", "messages[].tool_calls[].extra_content"];
    Quirks { takes: names.map(String::from).to_vec(), ..Quirks::default() }
}

#[test]
fn what_is_written_is_valid() {
    let Some(schema) = schema() else { return };
    let mut valid = 0;
    for (name, body) in corpus() {
        let Ok(request) = parse(body.as_bytes()) else { continue };
        match composed(&request, Quirks::NONE) {
            Ok(written) => {
                let value: Value = serde_json::from_str(&written).unwrap();
                let errors: Vec<_> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
                assert!(errors.is_empty(), "{name}: {written}\n{errors:#?}");
                assert_eq!(
                    value["stream"] == true,
                    value["stream_options"]["include_usage"] == true,
                    "{name}"
                );
                valid += 1;
            }
            Err(error) => {
                let param = error.param.unwrap_or_else(|| panic!("{name}: {}", error.message));
                let root = param.split(['.', '[']).next().unwrap();
                assert!(body.contains(&format!("\"{root}\"")), "{name}: {param}");
            }
        }
    }
    assert!(valid >= 140, "{valid} are valid");
}

#[test]
fn what_is_written_says_the_same() {
    for (quirks, least) in [(Quirks::default(), 100), (taking(), 120)] {
        let mut same = 0;
        for (name, body) in corpus() {
            let Ok(mut request) = parse(body.as_bytes()) else { continue };
            let Ok(written) = composed(&request, &quirks) else { continue };
            let again =
                parse(written.as_bytes()).unwrap_or_else(|error| panic!("{name}: {written}\n{error:?}"));
            if expected(&mut request, &quirks) {
                assert_eq!(shown(&again), shown(&request), "{name}: {written}");
                same += 1;
            }
        }
        assert!(same >= least, "{same} say the same");
    }
}

fn shown(request: &Request<'_>) -> String {
    format!("{request:#?}")
}

/// Makes of a request what is left of it at this provider. Returns false where what is written is another one on purpose:
/// those have tests of their own.
fn expected(request: &mut Request<'_>, quirks: &Quirks) -> bool {
    request.model = "up".into();
    // One is what it is without it.
    request.n = None;
    request.include_usage = request.stream;
    request.extra.retain(|(name, raw)| {
        let sent = [
            "verbosity",
            "logit_bias",
            "prediction",
            "store",
            "metadata",
            "safety_identifier",
            "prompt_cache_key",
            "prompt_cache_retention",
            "web_search_options",
        ];
        sent.contains(&name.as_ref()) || (name == "service_tier" && raw.get() != "\"standard_only\"")
    });
    if !quirks.takes("top_k") {
        request.top_k = None;
    }
    if let Some(Reasoning::Budget(tokens)) = request.reasoning {
        request.reasoning = Some(Reasoning::Effort(Effort::of_budget(tokens)));
    }
    if let Some(ResponseFormat::JsonSchema { name, .. }) = &mut request.response_format {
        name.get_or_insert("response".into());
    }
    if request.tools.is_empty() {
        (request.tool_choice, request.parallel_tool_calls) = (None, None);
    }
    let marks = quirks.takes("cache_control");
    request.tools.iter_mut().for_each(|tool| tool.cache = tool.cache.filter(|_| marks));
    let whole = request.messages.iter_mut().all(|message| message_as_sent(message, quirks));
    request.messages.retain(|message| message.role != Role::Assistant || says(message));
    let is_turn = |message: &Message<'_>| message.role == Role::Assistant;
    let split = request.messages.windows(2).any(|pair| is_turn(&pair[0]) && is_turn(&pair[1]));
    let ids = request.messages.iter().flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::ToolCall { id, .. } => Some(id.to_string()),
        _ => None,
    });
    let mut ids: Vec<_> = ids.collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    let told_apart =
        ids.len() == count && ids.iter().all(|id| !id.is_empty() && id.is_ascii() && id.len() <= 40);
    let user_fits = request.user.as_ref().is_none_or(|user| user.len() <= 64);
    let allowed = matches!(request.tool_choice, Some(ToolChoice::Allowed { .. }));
    whole && !split && told_apart && user_fits && !allowed
}

fn says(message: &Message<'_>) -> bool {
    message.parts.iter().any(|part| !matches!(part, Part::Thinking { .. }))
}

fn message_as_sent(message: &mut Message<'_>, quirks: &Quirks) -> bool {
    let answer = message.role == Role::Assistant;
    if message.role == Role::Tool {
        message.name = None;
    }
    message.signature = None;
    message.parts.retain(|part| match part {
        Part::Thinking { text, .. } => quirks.takes("messages[].reasoning_content") && !text.is_empty(),
        Part::RedactedThinking(_) => false,
        Part::Text { text, .. } | Part::Refusal(text) => !(answer && text.is_empty()),
        _ => true,
    });
    let texts = message.parts.iter().filter(|part| matches!(part, Part::Text { .. })).count();
    let thoughts = message.parts.iter().filter(|part| matches!(part, Part::Thinking { .. })).count();
    let empty = message.parts.iter().any(|part| matches!(part, Part::Text { text, .. } if text.is_empty()));
    message.parts.iter_mut().all(|part| part_as_sent(part, quirks))
        && !(answer && texts > 1)
        && thoughts <= 1
        && !(empty && message.parts.len() > 1)
}

fn part_as_sent(part: &mut Part<'_>, quirks: &Quirks) -> bool {
    let marks = quirks.takes("cache_control");
    match part {
        Part::Text { cache, .. } | Part::Image { cache, .. } => *cache = cache.filter(|_| marks),
        Part::File { source, filename, cache } => {
            *cache = cache.filter(|_| marks);
            let named = match source {
                switchyard::ir::Media::Base64 { .. } => filename.is_some(),
                _ => true,
            };
            let picture = matches!(source, switchyard::ir::Media::Base64 { media_type, .. } if media_type.starts_with("image/"));
            return named && !picture;
        }
        Part::Thinking { signature, .. } => *signature = None,
        Part::ToolCall { arguments, signature, cache, .. } => {
            *cache = None;
            if arguments.trim().is_empty() {
                *arguments = "{}".into();
            }
            if !quirks.takes("messages[].tool_calls[].extra_content") {
                *signature = None;
            }
        }
        Part::ToolResult { content, .. } => {
            let plain = matches!(content.as_slice(), [Part::Text { .. }]);
            return plain && content.iter_mut().all(|part| part_as_sent(part, quirks));
        }
        _ => {}
    }
    true
}
