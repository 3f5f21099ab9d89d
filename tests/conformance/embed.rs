//! Recorded replies of embeddings and rerank endpoints.

use serde_json::{Value, json};
use switchyard::{
    dialect::{Ask, Head},
    provider::Format,
    translate::{self, Outcome},
};

use crate::{client::Schemas, read::list, replay::context, report::Report};

/// A reply with embeddings: the client gets the same numbers.
pub fn embeddings(name: &str, format: Format, body: &[u8], schemas: Option<&Schemas>, report: &mut Report) {
    let source: Value = serde_json::from_slice(body).unwrap();
    let theirs = vectors(format, &source);
    // Base64 is asked for where it came, so that it passes.
    let encoding = if theirs.iter().all(Value::is_string) { "base64" } else { "float" };
    let request = json!({"model": "m", "input": vec!["a"; theirs.len()], "encoding_format": encoding});
    let told = match reply(Ask::Embeddings, format, body, &request) {
        Ok(told) => told,
        Err(why) => return report.fail(name, &why),
    };
    let ours = vectors(Format::Openai, &told);
    report.check(name, if ours == theirs { Ok(()) } else { Err(format!("{} vectors differ", ours.len())) });
    if let Some(schemas) = schemas {
        match schemas.check_embeddings(&told) {
            Err(why) if format == Format::Openai => {
                report.skip(name, &format!("passes as it came, and is no valid reply: {why}"));
            }
            result => report.check(name, result),
        }
    }
}

/// A reply with a ranking: the client gets the same places and scores.
pub fn rerank(name: &str, format: Format, body: &[u8], report: &mut Report) {
    let source: Value = serde_json::from_slice(body).unwrap();
    let theirs = ranking(&source);
    let request = json!({"model": "m", "query": "q", "documents": vec!["a"; theirs.len().max(2)]});
    let result = reply(Ask::Rerank, format, body, &request).and_then(|told| {
        let ours = ranking(&told);
        if ours == theirs { Ok(()) } else { Err(format!("{ours:?} for {theirs:?}")) }
    });
    report.check(name, result);
}

fn reply(ask: Ask, format: Format, body: &[u8], request: &Value) -> Result<Value, String> {
    let head = Head::scan(ask, request.to_string().as_bytes()).map_err(|error| format!("{error:?}"))?;
    let mut out = Vec::new();
    let result = translate::any_reply(format, body, &head, &context(false), None, &mut out);
    let (outcome, _) = result.map_err(|error| format!("refused: {error:?}"))?;
    let told = if outcome == Outcome::AsIs { body } else { &out };
    serde_json::from_slice(told).map_err(|error| error.to_string())
}

/// The embeddings in the order of their texts.
fn vectors(format: Format, reply: &Value) -> Vec<Value> {
    match format {
        Format::Cohere => {
            let found = &reply["embeddings"];
            list(if found.is_array() { found } else { &found["float"] }).cloned().collect()
        }
        Format::Vertex => {
            list(&reply["predictions"]).map(|one| one["embeddings"]["values"].clone()).collect()
        }
        _ => list(&reply["data"]).map(|one| one["embedding"].clone()).collect(),
    }
}

fn ranking(reply: &Value) -> Vec<(u64, f64)> {
    let score = |one: &Value| one["relevance_score"].as_f64().or(one["relevanceScore"].as_f64());
    list(&reply["results"]).map(|one| (one["index"].as_u64().unwrap(), score(one).unwrap())).collect()
}
