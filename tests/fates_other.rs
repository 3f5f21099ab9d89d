//! Holds the converters of embeddings and rerank to the tables of fates, as `fates.rs` does for chat.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use switchyard::{
    config::file::kinds,
    dialect::{Ask, Head, Operation, ReplyContext, embeddings, rerank},
    ir::ApiError,
    provider::{
        Format, Upstream,
        fate::{self, Fate},
        model::ModelFacts,
        path,
        quirks::Quirks,
    },
    translate::{self, Outcome},
};

/// A request that uses only what every request uses, and the same with `field`.
fn embeddings_pair(field: embeddings::field::Field) -> (Value, Value) {
    use embeddings::field::Field as F;
    let many = |count: usize| json!({"input": vec!["a"; count]});
    let (base, with) = match field {
        F::Model => (json!({}), json!({"model": "other.titan-embed"})),
        F::Input => (json!({}), json!({"input": "Bye"})),
        F::InputMany => (many(1), many(2)),
        F::InputOver96 => (many(96), many(97)),
        F::InputOver100 => (many(1), many(101)),
        F::InputOver250 => (many(1), many(251)),
        F::InputTokens => (json!({}), json!({"input": [[1, 2], [3]]})),
        F::InputOther => (json!({}), json!({"input": [{"image": "x"}]})),
        F::Dimensions => (json!({}), json!({"dimensions": 256})),
        F::EncodingFormat => (json!({}), json!({"encoding_format": "base64"})),
        F::EncodingOther => (json!({}), json!({"encoding_format": "int8"})),
        F::InputType => (json!({}), json!({"input_type": "search_query"})),
        F::User => (json!({}), json!({"user": "u-1"})),
        F::Unknown => (json!({}), json!({"late_chunking": true})),
    };
    (
        whole(json!({"model": "embed", "input": "Hi"}), base),
        whole(json!({"model": "embed", "input": "Hi"}), with),
    )
}

/// The same for rerank.
fn rerank_pair(field: rerank::field::Field) -> (Value, Value) {
    use rerank::field::Field as F;
    let with = match field {
        F::Model => json!({"model": "other"}),
        F::Query => json!({"query": "r"}),
        F::QueryOther => json!({"query": {"text": "q"}}),
        F::Documents => json!({"documents": ["b"]}),
        F::DocumentObjects => json!({"documents": [{"text": "b"}]}),
        F::DocumentOther => json!({"documents": [{"image": "b"}]}),
        F::TopN => json!({"top_n": 1}),
        F::MaxTokensPerDoc => json!({"max_tokens_per_doc": 100}),
        F::ReturnDocuments => json!({"return_documents": true}),
        F::ReturnLarge => json!({"return_documents": true, "documents": ["x".repeat(70_000)]}),
        F::RankFields => json!({"rank_fields": ["text"]}),
        F::User => json!({"user": "u-1"}),
        F::Unknown => json!({"late_chunking": true}),
    };
    let base = || json!({"model": "rank", "query": "q", "documents": ["a"]});
    (base(), whole(base(), with))
}

fn whole(mut request: Value, with: Value) -> Value {
    request.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    request
}

fn head(operation: Operation, request: &Value) -> Head {
    let ask = if operation == Operation::Rerank { Ask::Rerank } else { Ask::Embeddings };
    Head::scan(ask, request.to_string().as_bytes()).unwrap()
}

/// All that a provider of this format is sent: its path, and the body.
fn write(format: Format, operation: Operation, prefix: &str, request: &Value) -> Result<Vec<u8>, ApiError> {
    let head = head(operation, request);
    let kind =
        kinds::kind(if format == Format::Openai { "openai-compatible" } else { format.name() }).unwrap();
    let path = match operation {
        Operation::Rerank => kind.rerank_path,
        _ => kind.embeddings_path,
    };
    // The gateway's target decides the model, so that here it is the client's.
    let model = format!("{prefix}{}", head.model());
    let mut out = path::fill(path.unwrap(), &model, format)?.into_owned().into_bytes();
    let facts = ModelFacts::default();
    let upstream = Upstream { model: &model, facts: &facts, quirks: Quirks::NONE, provider: "p" };
    let body = request.to_string();
    if translate::any_request(format, body.as_bytes(), &head, &upstream, &mut Vec::new(), &mut out)?
        == Outcome::AsIs
    {
        out.extend_from_slice(body.as_bytes());
    }
    Ok(out)
}

fn keeps(
    name: &str,
    param: &str,
    fate: Fate,
    plain: Result<Vec<u8>, ApiError>,
    found: Result<Vec<u8>, ApiError>,
) {
    let plain = plain.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    match fate {
        Fate::Refused(_) => {
            let error = found.err().unwrap_or_else(|| panic!("{name} is not refused"));
            assert_eq!(error.param.as_deref(), Some(param), "{name}");
        }
        Fate::Dropped(_) => assert!(found.unwrap() == plain, "{name} is not dropped"),
        Fate::Mapped(_) | Fate::Forwarded => assert!(found.unwrap() != plain, "{name} is lost"),
    }
}

#[test]
fn embeddings_keep_to_their_table() {
    use embeddings::field::Field;
    let operation = Operation::Embeddings;
    for format in Format::ALL.iter().filter(|format| fate::lacks(**format, operation).is_none()) {
        for field in Field::ALL {
            let (name, told) =
                (format!("{} at {}", field.name(), format.name()), fate::embeddings::of(*format, *field));
            // What the provider is asked for is the same; `encodings_are_the_gateways_matter` looks at the reply.
            if *field == Field::EncodingFormat && *format != Format::Openai && *format != Format::Responses {
                continue;
            }
            // Models on Bedrock are told apart by their names; Cohere's take the most.
            let prefix = if *format == Format::Bedrock { "cohere.embed-" } else { "" };
            let (base, with) = embeddings_pair(*field);
            let send = |request| write(*format, operation, prefix, request);
            keeps(&name, field.param(), told, send(&base), send(&with));
        }
    }
}

#[test]
fn rerank_keeps_to_its_table() {
    use rerank::field::Field;
    let operation = Operation::Rerank;
    for format in Format::ALL.iter().filter(|format| fate::lacks(**format, operation).is_none()) {
        for field in Field::ALL {
            let (name, told) =
                (format!("{} at {}", field.name(), format.name()), fate::rerank::of(*format, *field));
            // Not in the request but in the reply, where the golden cases look; and text is text.
            let gateways = matches!(field, Field::ReturnDocuments) && *format != Format::Openai;
            if gateways {
                continue;
            }
            let prefix = if *format == Format::Bedrock { "cohere.rerank-" } else { "" };
            let (base, with) = rerank_pair(*field);
            let send = |request| write(*format, operation, prefix, request);
            keeps(&name, field.param(), told, send(&base), send(&with));
        }
    }
}

#[test]
fn formats_that_lack_an_operation_refuse_it() {
    let (embed, _) = embeddings_pair(embeddings::field::Field::User);
    let (rank, _) = rerank_pair(rerank::field::Field::User);
    for (operation, request) in [(Operation::Embeddings, embed), (Operation::Rerank, rank)] {
        for format in Format::ALL.iter().filter(|format| fate::lacks(**format, operation).is_some()) {
            let upstream =
                Upstream { model: "x", facts: &ModelFacts::default(), quirks: Quirks::NONE, provider: "p" };
            let (body, head) = (request.to_string(), head(operation, &request));
            let error = translate::any_request(
                *format,
                body.as_bytes(),
                &head,
                &upstream,
                &mut Vec::new(),
                &mut Vec::new(),
            )
            .unwrap_err();
            assert_eq!(error.param.as_deref(), Some("model"), "{}", format.name());
        }
    }
}

/// One reply of each format, with the same embedding in it.
fn reply_of(format: Format) -> Option<Value> {
    let numbers = json!([1.0, -2.5]);
    Some(match format {
        Format::Gemini => json!({"embeddings": [{"values": numbers}]}),
        Format::Vertex => json!({"predictions": [{"embeddings": {"values": numbers}}]}),
        Format::Bedrock => json!({"embedding": numbers, "inputTextTokenCount": 1}),
        Format::Cohere => json!({"embeddings": {"float": [numbers]}}),
        Format::Openai | Format::Responses | Format::Mistral => {
            json!({"object": "list", "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1},
                "data": [{"object": "embedding", "index": 0, "embedding": numbers}]})
        }
        Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic => return None,
    })
}

#[test]
fn encodings_are_the_gateways_matter() {
    let context = ReplyContext {
        id: "x".into(),
        created: 0,
        model: "m".into(),
        include_usage: false,
        provider: "p".into(),
        ..ReplyContext::default()
    };
    for format in Format::ALL {
        let Some(reply) = reply_of(*format) else { continue };
        let reply = reply.to_string();
        for (encoding, expected) in [("float", json!([1.0, -2.5])), ("base64", json!("AACAPwAAIMA="))] {
            let request = json!({"model": "m", "input": "Hi", "encoding_format": encoding});
            let (head, mut out) = (head(Operation::Embeddings, &request), Vec::new());
            let told =
                translate::any_reply(*format, reply.as_bytes(), &head, &context, None, &mut out).unwrap();
            let told: Value =
                serde_json::from_slice(if told.0 == Outcome::AsIs { reply.as_bytes() } else { &out })
                    .unwrap();
            assert_eq!(told["data"][0]["embedding"], expected, "{encoding} from {}", format.name());
        }
    }
}

#[test]
fn the_gateway_sees_every_field_that_a_request_uses() {
    for field in embeddings::field::Field::ALL {
        let (base, with) = embeddings_pair(*field);
        let used = |request: &Value| {
            let Head::Embeddings(head) = head(Operation::Embeddings, request) else { panic!("another head") };
            head.fields.contains(*field)
        };
        assert!(used(&with), "{}", field.name());
        assert!(field.when() == "always" || !used(&base), "{} without it", field.name());
    }
    for field in rerank::field::Field::ALL {
        let (base, with) = rerank_pair(*field);
        let used = |request: &Value| {
            let Head::Rerank(head) = head(Operation::Rerank, request) else { panic!("another head") };
            head.fields.contains(*field)
        };
        assert!(used(&with), "{}", field.name());
        assert!(field.when() == "always" || !used(&base), "{} without it", field.name());
    }
}
