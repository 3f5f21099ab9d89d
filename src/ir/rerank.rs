use std::borrow::Cow;

use serde_json::value::RawValue;

/// A request to order documents by how well they answer a query.
#[derive(Clone, Debug)]
pub struct RerankRequest<'a> {
    /// The query, a JSON string as the client wrote it.
    pub query: &'a RawValue,
    /// The documents' texts, each a JSON string as the client wrote it, in order. Never empty.
    pub documents: Vec<&'a RawValue>,
    /// How many of the best are wanted; a whole number above 0, as the client wrote it.
    pub top_n: Option<&'a RawValue>,
    /// How many tokens of each document count; a whole number above 0, as the client wrote it.
    pub max_tokens_per_doc: Option<&'a RawValue>,
}

/// How well one document answers the query.
#[derive(Clone, Copy, Debug)]
pub struct Ranked<'a> {
    /// Which document of the request.
    pub index: usize,
    /// A JSON number, as the provider wrote it; higher is better.
    pub score: &'a RawValue,
}

/// Documents in their order, the best first.
#[derive(Clone, Debug)]
pub struct RerankReply<'a> {
    /// The provider's id of the reply.
    pub id: Option<Cow<'a, str>>,
    /// The best first.
    pub results: Vec<Ranked<'a>>,
    /// What the provider says beside them (what it bills, its warnings): a JSON object, as it wrote it.
    pub meta: Option<&'a RawValue>,
    /// How many tokens were read, where the provider tells.
    pub tokens: Option<u64>,
}
