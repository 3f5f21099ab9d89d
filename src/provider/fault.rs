//! What is wrong with a reply or a stream is the provider's fault, never the client's: in words of ours.

use crate::ir::{ApiError, ErrorKind};

/// In these words.
pub(super) fn server(message: &str) -> ApiError {
    ApiError::new(ErrorKind::Server, message)
}

/// A stream that the provider did not end.
pub(super) fn cut_off() -> ApiError {
    server("The provider's stream was cut off before its end.")
}

/// An event that says nothing that can be read.
pub(super) fn unreadable() -> ApiError {
    server("The provider sent a stream event that cannot be read.")
}

/// An event that the deframer gave up on.
pub(super) fn too_long() -> ApiError {
    server("The provider sent an event that is too long.")
}

/// A reply that is none.
pub(super) fn no_reply() -> ApiError {
    server("The provider answered with something that is no reply.")
}

/// A call of a tool without a name, or with arguments that are none.
pub(super) fn no_call() -> ApiError {
    server("The provider sent a tool call that cannot be read.")
}
