//! The intermediate form between a client's dialect and a provider's format.
//!
//! A dialect reads a client's request into [`Request`] and writes a [`Reply`] or a run of [`Event`]s back; a
//! provider writes a [`Request`] in its own format and reads its replies into [`Reply`] and [`Event`]. Nothing in
//! here knows either side, so that N dialects and M formats cost N + M converters.
//!
//! Values borrow from the bytes they were read from wherever they can (`Cow`, `RawValue`).

mod embeddings;
mod error;
mod event;
mod reply;
mod request;
mod rerank;
mod usage;

pub use embeddings::{EmbeddingsReply, EmbeddingsRequest, Input, Purpose, Vector};
pub use error::{ApiError, ErrorKind};
pub use event::{Decoder, Encoder, Event};
pub use reply::{Citation, Extra, Finish, Reply, ReplyPart};
pub use request::{
    AudioFormat, CacheControl, Effort, Media, Message, Part, Reasoning, Request, ResponseFormat, Role, Tool,
    ToolChoice,
};
pub use rerank::{Ranked, RerankReply, RerankRequest};
pub use usage::Usage;
