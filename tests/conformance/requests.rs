//! A corpus of chat requests in every format: what is written is valid by the vendor's own types, or the request is
//! refused with an error that names the field.

use std::{collections::BTreeSet, fs, io::Write, path::PathBuf};

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use switchyard::{
    dialect::{
        Dialect,
        chat::{field::Field, scan},
    },
    ir::ApiError,
    provider::{Format, Upstream, catalogue, fate, quirks::Quirks},
    translate::{self, Outcome},
};

use crate::{client, report::Report};

/// Fewer requests than this are no corpus.
const LEAST: usize = 150;

/// Of the corpus, a format has to serve so many: a converter that refuses all would be valid too.
const LEAST_SERVED: usize = 120;

/// For each format: the type of its provider, and models that differ in what they take.
const MODELS: &[(Format, &str, &[&str])] = &[
    (Format::Openai, "openai", &["gpt-4.1"]),
    (Format::Anthropic, "anthropic", &["claude-sonnet-4-5", "claude-opus-5-5", "claude-opus-4-6"]),
    (Format::Gemini, "gemini", &["gemini-2.5-flash", "gemini-3.1-pro-preview"]),
    (Format::Vertex, "vertex", &["gemini-2.5-flash", "gemini-3.1-pro-preview"]),
    (Format::VertexAnthropic, "vertex-anthropic", &["claude-sonnet-4-5@20250929"]),
    (
        Format::Bedrock,
        "bedrock",
        &["anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.nova-pro-v1:0", "openai.gpt-oss-120b-1:0"],
    ),
    (Format::BedrockAnthropic, "bedrock-anthropic", &["anthropic.claude-sonnet-4-5-20250929-v1:0"]),
    (Format::Cohere, "cohere", &["command-a-03-2025", "command-a-reasoning-08-2025"]),
    (Format::Mistral, "mistral", &["mistral-large-latest"]),
    (Format::Responses, "openai", &["gpt-5"]),
];

/// Runs it. Bodies for Bedrock go to the file that `CONFORMANCE_BEDROCK` names, one a line, for botocore to judge.
pub fn run(report: &mut Report) {
    let corpus = corpus();
    report.check("the corpus is large enough", enough(&corpus));
    report.check("the corpus uses every field", covered(&corpus));
    let mut bedrock = Vec::new();
    for (format, kind, models) in MODELS {
        let schema = schema(*format);
        if schema.is_none() && !no_schema(*format) {
            report.skip(format.name(), "../shared/validators is not there: requests are not validated");
        }
        for model in *models {
            let facts = catalogue::facts(kind, model).unwrap_or_default();
            let upstream = Upstream { model, facts: &facts, quirks: Quirks::NONE, provider: "p" };
            let mut served = 0;
            for (name, request) in &corpus {
                let name = format!("{name} to {} ({model})", format.name());
                match write(*format, request, &upstream) {
                    Ok(sent) => {
                        served += 1;
                        report.check(&name, valid(*format, schema.as_ref(), request, &sent));
                        if *format == Format::Bedrock {
                            bedrock.push(json!({"name": name, "operation": "Converse", "body": sent}));
                        }
                    }
                    Err(error) => report.check(&name, refused(*format, &upstream, request, &error)),
                }
            }
            let many =
                if served >= LEAST_SERVED { Ok(()) } else { Err(format!("serves {served} requests only")) };
            report.check(&format!("{} ({model})", format.name()), many);
        }
    }
    if let Some(path) = std::env::var_os("CONFORMANCE_BEDROCK") {
        let mut file = fs::File::create(path).unwrap();
        bedrock.iter().for_each(|line| writeln!(file, "{line}").unwrap());
    }
}

/// The requests of `corpus/`, by name.
fn corpus() -> Vec<(String, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/corpus");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut corpus = Vec::new();
    for path in paths {
        let cases: Map<String, Value> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        corpus.extend(cases.into_iter().map(|(name, request)| (format!("{file}/{name}"), request)));
    }
    corpus
}

fn enough(corpus: &[(String, Value)]) -> Result<(), String> {
    let different: BTreeSet<String> = corpus.iter().map(|(_, request)| request.to_string()).collect();
    if different.len() >= LEAST { Ok(()) } else { Err(format!("{} requests", different.len())) }
}

fn covered(corpus: &[(String, Value)]) -> Result<(), String> {
    let used = |field: &Field| {
        corpus
            .iter()
            .any(|(_, request)| scan::scan(request.to_string().as_bytes()).unwrap().fields.contains(*field))
    };
    let missing: Vec<&str> =
        Field::ALL.iter().filter(|field| !used(field)).map(|field| field.name()).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("none uses {}", missing.join(", "))) }
}

fn write(format: Format, request: &Value, upstream: &Upstream<'_>) -> Result<Value, ApiError> {
    let body = request.to_string();
    let head = scan::scan(body.as_bytes())?;
    let mut out = Vec::new();
    let outcome = translate::request(Dialect::Chat, format, body.as_bytes(), &head, upstream, &mut out)?;
    let sent = if outcome == Outcome::AsIs { body.as_bytes() } else { &out };
    Ok(serde_json::from_slice(sent).unwrap())
}

/// Formats that have no schema of their own: botocore judges one, and one is OpenAI's, which passes as it came.
fn no_schema(format: Format) -> bool {
    matches!(format, Format::Bedrock | Format::Openai)
}

fn schema(format: Format) -> Option<Validator> {
    let name = match format {
        Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic => "anthropic.request",
        Format::Gemini | Format::Vertex => "gemini.request",
        Format::Cohere => "cohere.request",
        Format::Mistral => "mistral.request",
        Format::Responses => "openai.responses_request",
        Format::Bedrock | Format::Openai => return None,
    };
    Some(jsonschema::validator_for(&client::document(name)?).unwrap())
}

/// What is sent is valid, or for OpenAI what came but for the model's name and the question for usage.
fn valid(format: Format, schema: Option<&Validator>, request: &Value, sent: &Value) -> Result<(), String> {
    if format == Format::Openai {
        let mut wanted = request.clone();
        wanted["model"] = sent["model"].clone();
        if request["stream"] == true {
            wanted["stream_options"]["include_usage"] = json!(true);
        }
        return if wanted == *sent { Ok(()) } else { Err(format!("{sent} is not what came")) };
    }
    let Some(schema) = schema else { return Ok(()) };
    let mut sent = sent.clone();
    as_the_sdk_knows_it(format, &mut sent)?;
    let errors: Vec<String> =
        schema.iter_errors(&sent).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if errors.is_empty() { Ok(()) } else { Err(format!("{}\n  {sent}", errors.join("; "))) }
}

/// The parts of a request to Claude that other vendors put elsewhere, and what older models take and the newest types
/// know no longer.
fn as_the_sdk_knows_it(format: Format, sent: &mut Value) -> Result<(), String> {
    let version = match format {
        Format::Anthropic => None,
        Format::VertexAnthropic => Some("vertex-2023-10-16"),
        Format::BedrockAnthropic => Some("bedrock-2023-05-31"),
        _ => return Ok(()),
    };
    let members = sent.as_object_mut().unwrap();
    if let Some(version) = version {
        let found = members.remove("anthropic_version");
        if found != Some(json!(version)) || members.contains_key("model") {
            return Err(format!("anthropic_version is {found:?}, or the model is named"));
        }
        members.insert("model".to_owned(), json!("m"));
        members.remove("anthropic_beta");
    }
    for legacy in ["temperature", "top_p", "top_k"] {
        members.remove(legacy);
    }
    Ok(())
}

/// A refusal names a field that the request has.
fn refused(format: Format, upstream: &Upstream<'_>, request: &Value, error: &ApiError) -> Result<(), String> {
    let Some(param) = error.param.as_deref() else {
        return Err(format!("refused without a field: {error:?}"));
    };
    let root = param.split(['.', '[']).next().unwrap_or_default();
    let fields = scan::scan(request.to_string().as_bytes()).unwrap().fields;
    let stated = fields
        .iter()
        .any(|field| fate::refusal(format, upstream.facts, upstream.quirks.lacks(), field).is_some());
    // The first form of tools is told by the names of its successor.
    let asked = |name: &str| !request[name].is_null();
    let present = asked(root) || (root == "tool_choice" && asked("function_call"));
    if stated || present {
        return Ok(());
    }
    Err(format!("refused for `{param}`, which it does not have: {}", error.message))
}
