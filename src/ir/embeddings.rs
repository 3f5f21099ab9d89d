use std::borrow::Cow;

use serde_json::value::RawValue;

/// What is to be embedded.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// Texts, each a JSON string as the client wrote it, in order. Never empty.
    Texts(Vec<&'a RawValue>),
    /// Ids of tokens, which mean nothing to any tokenizer but the one they came from.
    Tokens,
    /// Of no kind that is known here (pictures, as some OpenAI-compatible hosts take them).
    Other,
}

/// What a text is embedded for, where the model tells them apart. OpenAI's API has no place for it; `input_type` is
/// what Cohere, NVIDIA and Voyage call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be found.
    Document,
    /// To find others by.
    Query,
    /// To be told which class it is of.
    Classification,
    /// To be put together with those like it.
    Clustering,
}

/// A request for embeddings.
#[derive(Clone, Debug)]
pub struct EmbeddingsRequest<'a> {
    /// What is to be embedded.
    pub input: Input<'a>,
    /// How many numbers each embedding is to have, as the client wrote it; a whole number above 0.
    pub dimensions: Option<&'a RawValue>,
    /// What the texts are embedded for.
    pub purpose: Option<Purpose>,
}

/// One embedding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vector<'a> {
    /// A JSON array of numbers, as the provider wrote it.
    Numbers(&'a str),
    /// Base64 of 32-bit floats, little endian.
    Base64(Cow<'a, str>),
}

/// Embeddings, in the order of the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddingsReply<'a> {
    /// One for each text.
    pub vectors: Vec<Vector<'a>>,
    /// The model as the provider names it.
    pub model: Option<Cow<'a, str>>,
    /// How many tokens the texts have, where the provider tells.
    pub tokens: Option<u64>,
}
