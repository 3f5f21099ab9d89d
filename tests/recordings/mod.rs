//! Recorded provider traffic, which lies beside the repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

use saphyr::{LoadableYamlNode, Yaml};

/// The folder `name` beside the repository; where there is none, a line that says so and nothing.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    if !path.is_dir() {
        println!("skipped: ../shared/{name} is not there");
        return None;
    }
    Some(path)
}

/// The files of a folder whose names end so, with their names, in order.
pub fn files(folder: &Path, end: &str) -> Vec<(String, String)> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_str().unwrap().ends_with(end));
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// One recorded exchange.
pub struct Exchange {
    pub name: String,
    pub request: String,
    pub status: i64,
    pub reply: String,
}

/// The chat exchanges with OpenAI and Azure.
pub fn cassettes() -> Option<Vec<Exchange>> {
    let folder = shared("recordings")?.join("envoy-ai-gateway-openai-cassettes");
    let mut exchanges = Vec::new();
    for (name, text) in files(&folder, ".yaml") {
        let document = Yaml::load_from_str(&text).unwrap().remove(0);
        for interaction in document["interactions"].as_vec().unwrap() {
            let (request, response) = (&interaction["request"], &interaction["response"]);
            if request["url"].as_str().unwrap().contains("/chat/completions") {
                exchanges.push(Exchange {
                    name: name.clone(),
                    request: request["body"].as_str().unwrap().to_owned(),
                    status: response["code"].as_integer().unwrap(),
                    reply: response["body"].as_str().unwrap().to_owned(),
                });
            }
        }
    }
    Some(exchanges)
}

/// The recorded streams of OpenAI-compatible providers, framed as they were sent.
pub fn streams() -> Option<Vec<(String, String)>> {
    let folder = shared("recordings")?;
    let mut streams = Vec::new();
    for provider in fs::read_dir(folder.join("vercel-ai")).unwrap() {
        for (name, text) in files(&provider.unwrap().path(), ".chunks.txt") {
            if text.lines().next().unwrap().contains("\"choices\"") {
                let events =
                    text.lines().filter(|line| !line.is_empty()).map(|line| format!("data: {line}\n\n"));
                streams.push((name, events.collect::<String>() + "data: [DONE]\n\n"));
            }
        }
    }
    for part in ["openai", "protocol-conversion"] {
        let quirks = files(&folder.join("apisix-quirks").join(part), ".sse");
        streams.extend(
            quirks
                .into_iter()
                .filter(|(name, text)| !name.starts_with("responses") && text.contains("\"choices\"")),
        );
    }
    let cassettes = cassettes()?.into_iter().filter(|exchange| exchange.reply.starts_with("data: "));
    streams.extend(cassettes.map(|exchange| (exchange.name, exchange.reply)));
    streams.sort();
    Some(streams)
}
