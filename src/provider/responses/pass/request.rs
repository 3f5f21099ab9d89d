use crate::{dialect::responses::scan::Head, ir::ApiError, provider::Upstream};

/// Appends to `out` what a provider is to get instead of a client's `body`; false, with
/// `out` as it was, where that can be sent as it is.
///
/// # Errors
///
/// Where the request holds what the provider has no place for.
pub fn request(
    _body: &[u8],
    _head: &Head,
    _upstream: &Upstream<'_>,
    _out: &mut Vec<u8>,
) -> Result<bool, ApiError> {
    Err(ApiError::invalid("model", "not yet"))
}
