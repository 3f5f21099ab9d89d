//! The recordings beside the repository: each is one answer of a known kind, or is passed over for a reason.

use std::{
    fs,
    path::{Path, PathBuf},
};

use saphyr::{LoadableYamlNode, Yaml};
use serde_json::Value;
use switchyard::provider::Format;

use crate::frame;

/// What a recording is.
pub enum Kind {
    /// A whole chat reply.
    Whole(Format),
    /// A chat stream: its bytes, framed.
    Stream(Format),
    /// A reply with an error status.
    Error(Format, u16),
    /// A whole reply of an embeddings endpoint.
    Embeddings(Format),
    /// A whole reply of a rerank endpoint.
    Rerank(Format),
    /// Not an answer of a chat or embeddings provider, and what it is.
    Other(&'static str),
}

/// One recorded answer.
pub struct Recording {
    pub name: String,
    pub kind: Kind,
    pub body: Vec<u8>,
}

/// All of them; `None` where the folder is not there.
pub fn all() -> Option<Vec<Recording>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/recordings");
    let mut paths = Vec::new();
    walk(&root, &mut paths)?;
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        let bytes = fs::read(&path).unwrap();
        match name.rsplit_once('.').map_or("", |(_, end)| end) {
            "yaml" => found.extend(cassette(&name, str::from_utf8(&bytes).unwrap())),
            "md" => {}
            _ => found.push(recording(name, bytes)),
        }
    }
    Some(found)
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> Option<()> {
    for entry in fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        if path.is_dir() {
            walk(&path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Some(())
}

fn recording(name: String, bytes: Vec<u8>) -> Recording {
    if name.ends_with(".bin") || name.ends_with(".hex") {
        return Recording { name, kind: Kind::Stream(Format::Bedrock), body: bytes };
    }
    let text = str::from_utf8(&bytes).unwrap();
    if name.ends_with(".json") {
        let kind = whole(&name, &serde_json::from_str(text).unwrap());
        return Recording { name, kind, body: bytes };
    }
    let data: Vec<&str> = match name.ends_with(".sse") {
        true => text.lines().filter_map(|line| Some(line.strip_prefix("data:")?.trim())).collect(),
        false => frame::lines(text),
    };
    let values = data.iter().filter(|data| data.starts_with('{')).map(|data| serde_json::from_str(data));
    let Ok(values) = values.collect::<Result<Vec<Value>, _>>() else {
        let kind = Kind::Other("a recording with an event that is no JSON");
        return Recording { name, kind, body: bytes };
    };
    let first = values.first().unwrap();
    let kind = stream(&name, first);
    let body = match kind {
        Kind::Stream(format) if name.ends_with(".txt") => frame::frame(format, text),
        _ => bytes,
    };
    Recording { name, kind, body }
}

/// What is named by its API, and is none of chat or embeddings.
fn other(name: &str) -> Option<&'static str> {
    let file = name.rsplit('/').next().unwrap_or_default();
    [
        ("interactions--", "Google's interactions API"),
        ("speech-translation--", "speech"),
        ("image", "images"),
        ("skills--", "skills"),
        ("completion--", "the completions API"),
        ("audio", "audio"),
    ]
    .into_iter()
    .find(|(start, _)| file.starts_with(start))
    .map(|(_, what)| what)
    .or_else(|| file.contains("transcription").then_some("audio"))
}

fn compatible(name: &str) -> Format {
    if name.contains("/mistral/") { Format::Mistral } else { Format::Openai }
}

fn whole(name: &str, reply: &Value) -> Kind {
    let has = |member: &str| !reply[member].is_null();
    if let Some(what) = other(name) {
        return Kind::Other(what);
    }
    if has("error") && !has("output") {
        let (format, status) = match name {
            _ if name.contains("/google/") => (Format::Gemini, 429),
            _ if name.contains("responses--openai-error") => (Format::Responses, 429),
            _ => (compatible(name), 400),
        };
        return Kind::Error(format, status);
    }
    if has("candidates") {
        return Kind::Whole(Format::Gemini);
    }
    if reply["type"] == "message" {
        return Kind::Whole(Format::Anthropic);
    }
    if has("stopReason") {
        return Kind::Whole(Format::Bedrock);
    }
    if reply["output"].is_array() {
        return Kind::Whole(Format::Responses);
    }
    if has("choices") {
        return Kind::Whole(compatible(name));
    }
    if has("finish_reason") {
        return Kind::Whole(Format::Cohere);
    }
    if has("predictions") {
        return Kind::Embeddings(Format::Vertex);
    }
    if has("embeddings") {
        return Kind::Embeddings(Format::Cohere);
    }
    if reply["data"][0]["object"] == "embedding" {
        return Kind::Embeddings(Format::Openai);
    }
    if has("results") {
        // The gateway asks Bedrock's models for a ranking through `InvokeModel`.
        if name.contains("bedrock") {
            return Kind::Other("the Rerank API of Bedrock's agent runtime");
        }
        return Kind::Rerank(if name.contains("/cohere/") { Format::Cohere } else { Format::Openai });
    }
    panic!("{name}: what is it?")
}

fn stream(name: &str, first: &Value) -> Kind {
    if let Some(what) = other(name) {
        return Kind::Other(what);
    }
    let kind = first["type"].as_str().unwrap_or_default();
    if !first["candidates"].is_null() {
        return Kind::Stream(Format::Gemini);
    }
    if !first["choices"].is_null() {
        return Kind::Stream(compatible(name));
    }
    match kind {
        "message_start" => Kind::Stream(Format::Anthropic),
        "message-start" => Kind::Stream(Format::Cohere),
        _ if kind.starts_with("response.") || !first["response"].is_null() => Kind::Stream(Format::Responses),
        "" if name.contains("bedrock") => Kind::Stream(Format::Bedrock),
        _ => panic!("{name}: what is it?"),
    }
}

/// The interactions of a cassette, which tell their endpoint.
fn cassette(name: &str, text: &str) -> Vec<Recording> {
    let document = Yaml::load_from_str(text).unwrap().remove(0);
    let interactions = document["interactions"].as_vec().unwrap().iter().enumerate();
    let read = interactions.map(|(index, interaction)| {
        let response = &interaction["response"];
        let body = response["body"].as_str().unwrap_or_default().as_bytes().to_vec();
        let status = u16::try_from(response["code"].as_integer().unwrap()).unwrap();
        let url = interaction["request"]["url"].as_str().unwrap();
        let kind = match url {
            _ if url.contains("/chat/completions") || url.contains("/embeddings") => match status {
                200 if body.starts_with(b"data:") => Kind::Stream(Format::Openai),
                200 if url.contains("/embeddings") => Kind::Embeddings(Format::Openai),
                200 => Kind::Whole(Format::Openai),
                _ => Kind::Error(Format::Openai, status),
            },
            _ if url.contains("/images/") => Kind::Other("images"),
            _ if url.contains("/audio/") => Kind::Other("audio"),
            _ if url.contains("/completions") => Kind::Other("the completions API"),
            _ => panic!("{name}: what is {url}?"),
        };
        Recording { name: format!("{name}#{index}"), kind, body }
    });
    read.collect()
}
