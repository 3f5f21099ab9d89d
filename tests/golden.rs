//! Golden cases: `tests/golden/<client>/<provider>/<case>/`; `<client>` is `chat`, `embeddings` or `rerank`.
//!
//! | file | what it is |
//! |---|---|
//! | `request.json` | what a client sends |
//! | `upstream.json` | what the provider is to receive, or `refused.json`, the error that the client gets instead |
//! | `reply.json` | what the provider answers |
//! | `client.json` | what the client is to receive |
//! | `stream.sse`, `client.sse` | the same of a stream, which is tested at every split |
//! | `stream.events.txt` | instead of `stream.sse`, of an AWS event stream: see `recordings/frames.rs` |
//! | `target.json` | optional: `model` at the provider, its `facts` (default: the catalogue's), its `betas` and the client's `client_betas`, the reply's `status`, `error_type` and `tokens` (those of the prompt, by its headers) |
//!
//! `UPDATE_GOLDEN=1` writes what is expected instead of comparing it: read the difference before committing it.
//! What is emitted is checked against the closed schemas in `../shared/validators` too, where they are present.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    env, fs,
    path::{Path, PathBuf},
};

#[path = "recordings/frames.rs"]
mod frames;

use serde::Deserialize;
use serde_json::Value;
use switchyard::{
    dialect::{Ask, Dialect, Head, Operation, ReplyContext},
    ir::ApiError,
    provider::{Format, Upstream, anthropic::beta, catalogue, model::ModelFacts, quirks::Quirks},
    translate::{self, Outcome, ReplyStream},
};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Target {
    model: Option<String>,
    facts: Option<ModelFacts>,
    status: Option<u16>,
    error_type: Option<String>,
    /// Anthropic's betas, as they are configured for the provider.
    betas: Vec<String>,
    /// Anthropic's betas, as the client names them.
    client_betas: Vec<String>,
    tokens: Option<u64>,
}

struct Case {
    ask: Ask,
    folder: PathBuf,
    name: String,
    model: String,
    facts: ModelFacts,
    status: u16,
    error_type: Option<String>,
    betas: Vec<String>,
    tokens: Option<u64>,
    format: Format,
}

impl Case {
    fn open(folder: PathBuf) -> Case {
        let parts: Vec<_> =
            folder.iter().rev().take(3).map(|part| part.to_str().unwrap().to_owned()).collect();
        let [case, provider, client] = parts.try_into().unwrap();
        let ask = Ask::ALL.iter().copied().find(|ask| ask.name() == client);
        let ask =
            ask.unwrap_or_else(|| panic!("{}: say in this file how its requests are read", folder.display()));
        let target: Target = fs::read(folder.join("target.json"))
            .map_or_else(|_| Target::default(), |json| serde_json::from_slice(&json).unwrap());
        let format = Format::ALL.iter().copied().find(|format| format.name() == provider);
        let format = format.unwrap_or_else(|| panic!("{provider} is no format"));
        let usual = match format {
            _ if matches!(ask, Ask::Embeddings | Ask::Rerank) => usual_other(ask, format),
            Format::Anthropic => "claude-sonnet-4-5",
            Format::Gemini | Format::Vertex => "gemini-2.5-flash",
            Format::VertexAnthropic => "claude-sonnet-4-5@20250929",
            Format::Bedrock | Format::BedrockAnthropic => "anthropic.claude-sonnet-4-5-20250929-v1:0",
            Format::Cohere => "command-a-03-2025",
            Format::Mistral => "mistral-large-latest",
            Format::Openai | Format::Responses => "gpt-4.1",
        };
        let model = target.model.unwrap_or_else(|| usual.to_owned());
        let facts = target.facts.or_else(|| catalogue::facts(&provider, &model)).unwrap_or_default();
        let name = format!("{client}/{provider}/{case}");
        let (status, error_type) = (target.status.unwrap_or(200), target.error_type);
        let of_client = beta::of_client(format, target.client_betas.iter().map(String::as_str));
        let betas = target.betas.iter().map(String::as_str).chain(of_client).map(str::to_owned).collect();
        let tokens = target.tokens;
        Case { ask, folder, name, model, facts, status, error_type, betas, tokens, format }
    }

    fn read(&self, file: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.join(file)).ok()
    }

    /// The provider's stream.
    fn stream_bytes(&self) -> Option<Vec<u8>> {
        let events = self.read("stream.events.txt").map(|lines| {
            frames::stream(str::from_utf8(&lines).unwrap(), self.format == Format::BedrockAnthropic)
        });
        events.or_else(|| self.read("stream.sse"))
    }

    fn upstream(&self) -> Upstream<'_> {
        Upstream { model: &self.model, facts: &self.facts, quirks: Quirks::NONE, provider: "p" }
    }

    fn context(&self) -> ReplyContext {
        let asked = self.read("request.json").map(|json| serde_json::from_slice::<Value>(&json).unwrap());
        ReplyContext {
            id: "0123456789abcdefghijklmn".into(),
            declined_is_error: false,
            created: 1_790_000_000,
            model: self.model.clone(),
            include_usage: asked.is_none_or(|json| json["stream_options"]["include_usage"] == true),
            provider: "p".into(),
            asked: match self.head() {
                Some(Head::Responses(head)) => Some(head.asked),
                _ => None,
            },
        }
    }

    /// Of the client's request, where it is there and no error is expected of it.
    fn head(&self) -> Option<Head> {
        Head::scan(self.ask, &self.read("request.json")?).ok()
    }

    fn dialect(&self) -> Dialect {
        self.head().map_or_else(|| self.ask.dialect(), |head| head.dialect())
    }

    /// Whether what the provider answers reaches a Messages client as it came.
    fn passes(&self) -> bool {
        matches!(self.format, Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic)
    }

    /// The client's request in the provider's format.
    fn request(&self, body: &[u8]) -> Result<Vec<u8>, ApiError> {
        let mut out = Vec::new();
        let head = Head::scan(self.ask, body)?;
        let mut betas = self.betas.iter().map(String::as_str).collect();
        let upstream = self.upstream();
        let outcome = translate::any_request(self.format, body, &head, &upstream, &mut betas, &mut out)?;
        Ok(if outcome == Outcome::AsIs { body.to_vec() } else { out })
    }

    /// The provider's reply in the client's dialect.
    fn reply(&self, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let reply = if self.status == 200 {
            match self.ask {
                Ask::Chat | Ask::Completions | Ask::Messages | Ask::Responses => {
                    translate::reply(self.dialect(), self.format, body, &self.context(), &mut out)
                }
                // What the client asked for decides how the reply is written.
                _ => {
                    let head = self.head().unwrap();
                    translate::any_reply(self.format, body, &head, &self.context(), self.tokens, &mut out)
                }
            }
        } else {
            Err(translate::error(self.format, self.status, self.error_type.as_deref(), body))
        };
        match reply {
            Ok((Outcome::AsIs, _)) => out.extend_from_slice(body),
            Ok((Outcome::Replaced, _)) => {}
            Err(error) => translate::write_error(self.dialect(), &error.for_client(Some("p")), &mut out),
        }
        out
    }

    /// The provider's stream, which arrives cut at each of `cuts`, in the client's dialect.
    fn stream(&self, bytes: &[u8], cuts: &[usize]) -> Vec<u8> {
        let mut stream = ReplyStream::new(self.dialect(), self.format, self.context());
        let (mut all, mut out) = (Vec::new(), Vec::new());
        let mut from = 0;
        for to in cuts.iter().copied().chain([bytes.len()]) {
            if stream.push(&bytes[from..to], &mut out) == Outcome::AsIs {
                all.extend_from_slice(&bytes[from..to]);
            }
            all.append(&mut out);
            from = to;
        }
        stream.end(&mut all);
        all
    }

    /// Compares, or writes.
    fn expect(&self, file: &str, found: &str) {
        let path = self.folder.join(file);
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(path, found).unwrap();
            return;
        }
        let wanted = fs::read_to_string(&path)
            .unwrap_or_else(|_| panic!("{}: {file} is missing; it would be:\n{found}", self.name));
        assert!(wanted == found, "{}/{file}\n--- wanted\n{wanted}\n--- found\n{found}", self.name);
    }
}

fn usual_other(ask: Ask, format: Format) -> &'static str {
    match (ask, format) {
        (Ask::Embeddings, Format::Gemini) => "gemini-embedding-001",
        (Ask::Embeddings, Format::Vertex) => "text-embedding-005",
        (Ask::Embeddings, Format::Bedrock) => "amazon.titan-embed-text-v2:0",
        (Ask::Embeddings, Format::Cohere) => "embed-v4.0",
        (Ask::Embeddings, Format::Mistral) => "mistral-embed",
        (Ask::Embeddings, _) => "text-embedding-3-small",
        (Ask::Rerank, Format::Bedrock) => "cohere.rerank-v3-5:0",
        (_, Format::Cohere) => "rerank-v3.5",
        _ => "jina-reranker-v2-base-multilingual",
    }
}

fn cases() -> Vec<Case> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases = Vec::new();
    for client in folders(&root) {
        for provider in folders(&client) {
            cases.extend(folders(&provider).into_iter().map(Case::open));
        }
    }
    assert!(cases.len() > 50, "only {} cases were found", cases.len());
    cases
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// The JSON text, indented; members keep their order and numbers their form.
fn pretty(json: &[u8]) -> String {
    let text = str::from_utf8(json).unwrap();
    serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut out = String::new();
    let mut depth = 0;
    let (mut quoted, mut escaped) = (false, false);
    let mut last = ' ';
    for c in text.chars() {
        if quoted {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            out.push(c);
            last = c;
            continue;
        }
        let opens = matches!(last, '{' | '[');
        match c {
            ' ' | '\t' | '\r' | '\n' => continue,
            '}' | ']' => {
                depth -= 1;
                if !opens {
                    line(&mut out, depth);
                }
            }
            _ if opens || last == ',' => line(&mut out, depth),
            _ => {}
        }
        out.push(c);
        match c {
            '{' | '[' => depth += 1,
            ':' => out.push(' '),
            '"' => quoted = true,
            _ => {}
        }
        last = c;
    }
    out.push('\n');
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// A closed schema; `None`, said aloud, where the validators are absent.
fn schema(name: &str) -> Option<jsonschema::Validator> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/validators/schemas")
        .join(format!("{name}.json"));
    let Ok(json) = fs::read(&path) else {
        println!("skipped: no schema at {}", path.display());
        return None;
    };
    Some(jsonschema::validator_for(&serde_json::from_slice(&json).unwrap()).unwrap())
}

/// What a provider of this format is sent is valid by it. Bedrock's is checked by botocore (`make conformance`).
fn schema_of(format: Format) -> Option<jsonschema::Validator> {
    schema(match format {
        Format::Openai => "openai.request",
        Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic => "anthropic.request",
        Format::Gemini | Format::Vertex => "gemini.request",
        Format::Cohere => "cohere.request",
        Format::Mistral => "mistral.request",
        Format::Responses => "openai.responses_request",
        Format::Bedrock => return None,
    })
}

/// What older models take, and the vendor's newest types know no longer; and the envelopes of other platforms.
fn strip_legacy(format: Format, value: &mut Value) {
    let Value::Object(members) = value else { return };
    if matches!(format, Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic) {
        for legacy in ["temperature", "top_p", "top_k"] {
            members.remove(legacy);
        }
        strip_betas(members);
    }
    if matches!(format, Format::VertexAnthropic | Format::BedrockAnthropic) {
        assert!(members.remove("anthropic_version").is_some() && !members.contains_key("model"));
        members.remove("anthropic_beta");
        members.insert("model".into(), "in the path".into());
    }
}

/// What is part of a beta, which the vendor's types know only apart from the rest.
fn strip_betas(members: &mut serde_json::Map<String, Value>) {
    for beta in ["context_management", "safeguards"] {
        members.remove(beta);
    }
    for message in members["messages"].as_array_mut().unwrap() {
        message.as_object_mut().unwrap().remove("output_config");
    }
    if members.get("thinking").is_some_and(|thinking| thinking["display"] == "updates") {
        members["thinking"].as_object_mut().unwrap().remove("display");
    }
}

fn validate(schema: Option<&jsonschema::Validator>, name: &str, value: &Value) {
    let Some(schema) = schema else { return };
    let errors: Vec<String> =
        schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {}\n{value}", errors.join("\n"));
}

#[test]
fn requests() {
    let schemas: Vec<_> = Format::ALL.iter().map(|format| (*format, schema_of(*format))).collect();
    let count = schema("anthropic.count_tokens_request");
    for case in cases() {
        let Some(body) = case.read("request.json") else { continue };
        match case.request(&body) {
            Ok(sent) => {
                case.expect("upstream.json", &pretty(&sent));
                let mut value: Value = serde_json::from_slice(&sent).unwrap();
                match case.head().map(|head| head.operation()) {
                    Some(Operation::Chat) => {
                        strip_legacy(case.format, &mut value);
                        let schema = schemas.iter().find(|(format, _)| *format == case.format);
                        validate(schema.and_then(|(_, schema)| schema.as_ref()), &case.name, &value);
                    }
                    Some(Operation::Count) if case.format == Format::Anthropic => {
                        validate(count.as_ref(), &case.name, &value);
                    }
                    _ => {}
                }
                assert!(case.read("refused.json").is_none(), "{} was not refused", case.name);
            }
            Err(error) => {
                let mut told = Vec::new();
                translate::write_error(case.ask.dialect(), &error, &mut told);
                case.expect("refused.json", &pretty(&told));
                assert!(error.param.is_some(), "{}: an error names its field", case.name);
                assert!(case.read("upstream.json").is_none(), "{} was refused", case.name);
            }
        }
    }
}

#[test]
fn replies() {
    let response = schema("openai.response");
    let embeddings = schema("openai.embeddings");
    let (message, object) = (schema("anthropic.response"), schema("openai.responses_response"));
    for case in cases() {
        let Some(body) = case.read("reply.json") else { continue };
        let told = case.reply(&body);
        case.expect("client.json", &pretty(&told));
        let value: Value = serde_json::from_slice(&told).unwrap();
        if value.get("error").is_some_and(|error| !error.is_null()) {
            continue;
        }
        match (case.ask, case.dialect()) {
            (Ask::Embeddings, _) => validate_embeddings(embeddings.as_ref(), &case.name, value),
            (Ask::Rerank, _) => assert!(value["results"].is_array(), "{}", case.name),
            (Ask::CountMessages | Ask::CountResponses, _) => {
                assert!(value["input_tokens"].is_u64(), "{}", case.name)
            }
            (_, Dialect::Chat) => validate_chat(response.as_ref(), &case.name, value),
            (_, Dialect::Completions) => assert_eq!(value["object"], "text_completion", "{}", case.name),
            (_, Dialect::Messages) if case.passes() => {}
            (_, Dialect::Messages) => validate(message.as_ref(), &case.name, &value),
            (_, Dialect::Responses) => validate_responses(object.as_ref(), &case, value),
        }
    }
}

/// The SDK's type has numbers; its client decodes base64 before it is made.
fn validate_embeddings(schema: Option<&jsonschema::Validator>, name: &str, mut value: Value) {
    for item in value["data"].as_array_mut().unwrap() {
        if let Some(text) = item["embedding"].as_str() {
            assert_eq!(text.len() % 4, 0, "{name}");
            item["embedding"] = serde_json::json!([0.5]);
        }
    }
    validate(schema, name, &value);
}

#[test]
fn streams() {
    let chunk = schema("openai.chunk");
    let (event, step) = (schema("anthropic.stream_event"), schema("openai.responses_event"));
    for case in cases() {
        let Some(bytes) = case.stream_bytes() else { continue };
        let whole = case.stream(&bytes, &[]);
        case.expect("client.sse", str::from_utf8(&whole).unwrap());
        for cut in 0..=bytes.len() {
            assert!(case.stream(&bytes, &[cut]) == whole, "{} cut at {cut}", case.name);
        }
        let each: Vec<usize> = (1..bytes.len()).collect();
        assert!(case.stream(&bytes, &each) == whole, "{} byte by byte", case.name);
        for data in str::from_utf8(&whole).unwrap().lines().filter_map(|line| line.strip_prefix("data: ")) {
            let Ok(value) = serde_json::from_str::<Value>(data) else {
                let passes = case.dialect() == Dialect::Responses && case.format == Format::Responses;
                assert!(data == "[DONE]" || passes, "{}: {data}", case.name);
                continue;
            };
            match case.dialect() {
                _ if value.get("error").is_some() => {}
                Dialect::Chat => validate_chat(chunk.as_ref(), &case.name, value),
                Dialect::Completions => assert_eq!(value["object"], "text_completion", "{}", case.name),
                // The SDK's types leave `ping` out; what passes is as it came, with what is newer than they are.
                Dialect::Messages if value["type"] == "ping" || case.passes() => {}
                Dialect::Messages => validate(event.as_ref(), &case.name, &value),
                Dialect::Responses => validate_responses(step.as_ref(), &case, value),
            }
        }
    }
}

/// What only the vendor's own API tells stands in a member that is no part of OpenAI's, and `store` is none of its SDK's
/// type; all else must be. What a provider sent in these words passes as it is, with members that the types do not know yet.
fn validate_responses(schema: Option<&jsonschema::Validator>, case: &Case, mut value: Value) {
    if case.format == Format::Responses {
        return;
    }
    let response = if value.get("response").is_some() { &mut value["response"] } else { &mut value };
    for extension in ["extra_content", "store"] {
        response.as_object_mut().unwrap().remove(extension);
    }
    // The client's own words, come back: some declare tools that no type knows.
    if let Some(tools) = response.get_mut("tools") {
        *tools = Value::Array(Vec::new());
    }
    validate(schema, &case.name, &value);
}

/// Reasoning is told in two members, and the signature of a call in one, that are no part of OpenAI's API; all else must be.
fn validate_chat(schema: Option<&jsonschema::Validator>, name: &str, mut value: Value) {
    for choice in value["choices"].as_array_mut().unwrap() {
        for place in ["message", "delta"] {
            if let Some(object) = choice.get_mut(place).and_then(Value::as_object_mut) {
                object.remove("reasoning_content");
                object.remove("thinking_blocks");
                object.remove("extra_content");
                if place == "delta" {
                    object.remove("annotations");
                }
                for call in object.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
                    call.as_object_mut().unwrap().remove("extra_content");
                }
            }
        }
    }
    validate(schema, name, &value);
}
