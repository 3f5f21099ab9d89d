//! Which formats count the tokens of a prompt.

use crate::provider::Format;

/// Why no provider of this format counts tokens; `None` where it may.
pub fn lacks(_format: Format) -> Option<&'static str> {
    Some("the provider does not count tokens")
}
