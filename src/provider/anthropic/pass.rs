//! A Messages client's request to a provider of Anthropic's formats, and the reply back: the same bytes but for what must
//! change.

use crate::{
    dialect::messages::scan::Head,
    ir::ApiError,
    provider::{Format, Upstream},
};

mod reply;
mod stream;

pub use reply::reply;
pub use stream::MessagesPass;

/// Appends to `out` what a provider is to get instead of a client's `body`; false, with
/// `out` as it was, where that can be sent as it is. `betas` are those that are configured for the provider
/// and those that the client names, and become those that the header of the request is to name.
///
/// # Errors
///
/// Where the request holds what the provider's API has no place for.
pub fn request(
    _body: &[u8],
    _head: &Head,
    _format: Format,
    _upstream: &Upstream<'_>,
    _betas: &mut Vec<&str>,
    _out: &mut Vec<u8>,
) -> Result<bool, ApiError> {
    Err(ApiError::invalid("model", "not yet"))
}
