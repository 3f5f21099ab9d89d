//! A Messages client's request to a provider of Anthropic's formats, and the reply back: the same bytes but for what must
//! change.

mod reply;
mod request;
mod stream;

pub use reply::reply;
pub use request::request;
pub use stream::MessagesPass;
