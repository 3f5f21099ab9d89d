//! Recorded embeddings of OpenAI and Vertex AI: what passes, what is turned, and what the vectors are.

// Helpers of tests are not seen as tests by the lints.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, dead_code, unreachable_pub)]

mod recordings;

use recordings::{Exchange, files, shared};
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Value, json};
use switchyard::{
    dialect::{Ask, Head, ReplyContext, embeddings::field::Field},
    ir::{ApiError, ErrorKind},
    provider::{Format, Upstream, model::ModelFacts, openai, quirks::Quirks},
    translate::{self, Outcome},
};

fn cassettes() -> Option<Vec<Exchange>> {
    let folder = shared("recordings")?.join("envoy-ai-gateway-openai-cassettes");
    let mut exchanges = Vec::new();
    for (name, text) in
        files(&folder, ".yaml").into_iter().filter(|(name, _)| name.starts_with("embeddings-"))
    {
        let document = Yaml::load_from_str(&text).unwrap().remove(0);
        for interaction in document["interactions"].as_vec().unwrap() {
            let (request, response) = (&interaction["request"], &interaction["response"]);
            exchanges.push(Exchange {
                name: name.clone(),
                request: request["body"].as_str().unwrap().to_owned(),
                status: response["code"].as_integer().unwrap(),
                reply: response["body"].as_str().unwrap().to_owned(),
            });
        }
    }
    assert!(exchanges.len() >= 10);
    Some(exchanges)
}

fn head(request: &str) -> Head {
    Head::scan(Ask::Embeddings, request.as_bytes()).unwrap()
}

/// The client's view of a reply.
fn told(format: Format, head: &Head, reply: &str) -> Result<(Value, Outcome, Option<u64>), ApiError> {
    let context = ReplyContext {
        id: "x".into(),
        created: 0,
        model: "m".into(),
        include_usage: false,
        ..ReplyContext::default()
    };
    let mut out = Vec::new();
    let (outcome, usage) = translate::any_reply(format, reply.as_bytes(), head, &context, None, &mut out)?;
    let body = if outcome == Outcome::AsIs { reply.as_bytes() } else { &out };
    Ok((serde_json::from_slice(body).unwrap(), outcome, usage.and_then(|usage| usage.input)))
}

/// The request with another form asked for.
fn asking(request: &str, encoding: &str) -> String {
    let mut tree: Value = serde_json::from_str(request).unwrap();
    tree["encoding_format"] = encoding.into();
    tree.to_string()
}

/// A plain reader's view of an embedding: 32-bit floats.
fn floats(embedding: &Value) -> Vec<f32> {
    match embedding {
        Value::Array(numbers) => numbers.iter().map(|number| number.as_f64().unwrap() as f32).collect(),
        text => {
            let digits = text.as_str().unwrap().trim_end_matches('=').bytes().map(|digit| {
                let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
                alphabet.iter().position(|known| *known == digit).unwrap() as u32
            });
            let bits: Vec<bool> =
                digits.flat_map(|digit| (0..6).rev().map(move |bit| digit >> bit & 1 == 1)).collect();
            let bytes: Vec<u8> = bits
                .chunks_exact(8)
                .map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit)))
                .collect();
            bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
        }
    }
}

#[test]
fn what_openai_answered_passes_and_can_be_turned() {
    let Some(exchanges) = cassettes() else { return };
    for Exchange { name, request, status, reply } in exchanges {
        if status != 200 {
            let error = openai::error::read(status as u16, reply.as_bytes());
            assert!(
                matches!(
                    error.kind,
                    ErrorKind::InvalidRequest | ErrorKind::NotFound | ErrorKind::ContextLength
                ),
                "{name}: {error:?}"
            );
            continue;
        }
        let tree: Value = serde_json::from_str(&reply).unwrap();
        let (same, outcome, tokens) = told(Format::Openai, &head(&request), &reply).unwrap();
        assert_eq!((outcome, tokens), (Outcome::AsIs, tree["usage"]["prompt_tokens"].as_u64()), "{name}");
        assert_eq!(same, tree);
        for encoding in ["float", "base64"] {
            let (turned, _, _) = told(Format::Openai, &head(&asking(&request, encoding)), &reply).unwrap();
            for (one, other) in
                turned["data"].as_array().unwrap().iter().zip(tree["data"].as_array().unwrap())
            {
                assert_eq!(one["embedding"].is_string(), encoding == "base64", "{name}");
                assert_eq!(floats(&one["embedding"]), floats(&other["embedding"]), "{name} as {encoding}");
            }
            let rest = |tree: &Value| {
                let mut tree = tree.clone();
                tree["data"]
                    .as_array_mut()
                    .unwrap()
                    .iter_mut()
                    .for_each(|item| item["embedding"] = Value::Null);
                tree
            };
            assert_eq!(rest(&turned), rest(&tree), "{name}");
        }
    }
}

#[test]
fn what_clients_asked_is_seen() {
    let Some(exchanges) = cassettes() else { return };
    let upstream =
        Upstream { model: "other", facts: &ModelFacts::default(), quirks: Quirks::NONE, provider: "p" };
    for Exchange { name, request, .. } in exchanges {
        let tree: Value = serde_json::from_str(&request).unwrap();
        let head = head(&request);
        let Head::Embeddings(seen) = &head else { panic!("{name}") };
        let many = tree["input"].as_array().is_some_and(|list| list.len() > 1 && list[0].is_string());
        let tokens = tree["input"].as_array().is_some_and(|list| list[0].is_number() || list[0].is_array());
        assert_eq!(seen.fields.contains(Field::InputMany), many, "{name}");
        assert_eq!(seen.fields.contains(Field::InputTokens), tokens, "{name}");
        assert_eq!(seen.fields.contains(Field::Dimensions), tree.get("dimensions").is_some(), "{name}");
        let mut out = Vec::new();
        translate::any_request(
            Format::Openai,
            request.as_bytes(),
            &head,
            &upstream,
            &mut Vec::new(),
            &mut out,
        )
        .unwrap();
        let mut expected = tree.clone();
        expected["model"] = json!("other");
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expected, "{name}");
        // Every input of text can be sent to the others too.
        for format in [Format::Gemini, Format::Vertex, Format::Cohere, Format::Mistral] {
            let sent = translate::any_request(
                format,
                request.as_bytes(),
                &head,
                &upstream,
                &mut Vec::new(),
                &mut Vec::new(),
            );
            let wrong = tree["encoding_format"] == "invalid_format"
                || tree["dimensions"].as_i64() < Some(0) && tree.get("dimensions").is_some();
            assert_eq!(sent.is_err(), tokens || wrong, "{name} to {}", format.name());
        }
    }
}

#[test]
fn other_recordings() {
    let Some(folder) = shared("recordings") else { return };
    for (name, reply) in files(&folder.join("apisix-quirks/openai"), ".json") {
        if name.starts_with("embeddings") {
            let texts =
                vec!["x"; serde_json::from_str::<Value>(&reply).unwrap()["data"].as_array().unwrap().len()];
            let request = json!({"model": "m", "input": texts}).to_string();
            let (_, outcome, _) = told(Format::Openai, &head(&request), &reply).unwrap();
            assert_eq!(outcome, Outcome::AsIs, "{name}");
        }
    }
    let [(_, reply)] = &files(&folder.join("apisix-quirks/vertex-ai"), "embeddings.json")[..] else {
        panic!("one file")
    };
    let (told, _, tokens) = told(Format::Vertex, &head(r#"{"model":"m","input":"x"}"#), reply).unwrap();
    assert_eq!(told["data"][0]["embedding"], json!([0.0123, -0.0456, 0.0789, 0.0012]));
    assert_eq!(tokens, Some(7));
}
