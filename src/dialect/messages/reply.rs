//! A reply in the form of a Messages `message`.

use crate::{dialect::ReplyContext, ir::Reply};

/// Appends `reply` to `out` as one JSON object.
pub fn write(_reply: &Reply<'_>, _context: &ReplyContext, _out: &mut Vec<u8>) {}
