//! Any split of the bytes gives the same output, through the module as it is compiled.

use crate::common::{cases, *};

#[test]
fn a_stream() {
    cases::streams_are_alike_however_split(&mut gateway(), &cases::streams(), |_| ());
}

#[test]
fn a_request() {
    cases::requests_are_alike_however_split(&mut gateway());
}

#[test]
fn a_reply() {
    cases::replies_are_alike_however_split(&mut gateway(), |_| ());
}
