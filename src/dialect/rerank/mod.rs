//! Rerank: `POST /v1/rerank`, the form that Cohere's API has and Jina's, vLLM's and others took over.
//!
//! OpenAI has no such endpoint. Source of the rules: the API references of Cohere (v1 and v2, "Rerank") and Jina
//! ("Reranker"). Errors are in OpenAI's form, as at every endpoint of the gateway.

pub mod field;
pub mod parse;
pub mod reply;
pub mod scan;
