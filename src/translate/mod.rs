//! The pairs: a client's dialect on one side, a provider's format on the other.
//!
//! Same format in and out passes the bytes through with the fewest spans changed; every other pair goes through the
//! intermediate form. This is the one place that knows both sides.

pub mod count;
pub mod embeddings;
mod message;
mod operation;
mod reply;
mod request;
pub mod rerank;
mod stream;
mod verdict;

use crate::{
    dialect::{Dialect, Used, chat, messages},
    ir::ApiError,
    provider::{Format, anthropic, bedrock, cohere, gemini, mistral, openai, responses},
};

pub use operation::{any_reply, any_request};
use operation::{input_usage, no_endpoint, refuse};

pub use reply::reply;
pub use request::{request, request_with_betas};
pub use stream::ReplyStream;
pub use verdict::Verdict;

/// Whether bytes pass as they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They do.
    AsIs,
    /// What to send instead has been written.
    Replaced,
}

/// Reads a reply whose status says that the provider failed. `error_type` is the value of `x-amzn-errortype`, which
/// AWS tells the kind of an error by.
pub fn error(format: Format, status: u16, error_type: Option<&str>, body: &[u8]) -> ApiError {
    match format {
        Format::Openai => openai::error::read(status, body),
        Format::Anthropic | Format::VertexAnthropic => anthropic::error::read(status, body),
        Format::Gemini | Format::Vertex => gemini::error::read(status, body),
        Format::Bedrock | Format::BedrockAnthropic => bedrock::error::read(status, error_type, body),
        Format::Cohere => cohere::error::read(status, body),
        Format::Mistral => mistral::error::read(status, body),
        Format::Responses => responses::error::read(status, body),
    }
}

/// Whether a request in these words passes to a provider of this format as it is, and its reply back.
fn passes(dialect: Dialect, format: Format) -> bool {
    match dialect {
        Dialect::Chat => format == Format::Openai,
        Dialect::Completions => false,
        Dialect::Messages => {
            matches!(format, Format::Anthropic | Format::VertexAnthropic | Format::BedrockAnthropic)
        }
        Dialect::Responses => format == Format::Responses,
    }
}

/// The HTTP status that tells a client of `error`.
pub fn error_status(dialect: Dialect, error: &ApiError) -> u16 {
    match dialect {
        Dialect::Chat | Dialect::Completions | Dialect::Responses => chat::error::status(error),
        Dialect::Messages => messages::error::status(error),
    }
}

/// Appends `error` to `out` as the whole body of a reply.
pub fn write_error(dialect: Dialect, error: &ApiError, out: &mut Vec<u8>) {
    match dialect {
        Dialect::Chat | Dialect::Completions | Dialect::Responses => chat::error::write(error, out),
        Dialect::Messages => messages::error::write(error, out),
    }
}
