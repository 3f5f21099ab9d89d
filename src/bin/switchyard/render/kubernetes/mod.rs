//! What the policies of Istio and of Envoy Gateway have in common.

pub(crate) mod host;
pub(crate) mod limits;
pub(crate) mod module;
pub(crate) mod name;
pub(crate) mod told;

/// A time as these APIs take it: whole milliseconds or seconds.
pub(crate) fn millis(millis: u64) -> String {
    if millis.is_multiple_of(1000) { format!("{}s", millis / 1000) } else { format!("{millis}ms") }
}
