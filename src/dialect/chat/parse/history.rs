//! The first form of tool calls, `function_call` and the role `function`, which had no ids.

use std::borrow::Cow;

use crate::{dialect::chat::node::Path, ir::ApiError};

/// The most calls that wait for an answer; the first is forgotten for one more. That form made one call a turn, so that
/// a conversation has one open call, and a longer list only serves to make the search in it slow.
const MAX_OPEN: usize = 64;

/// Gives ids to calls that have none. The ids count, so that the same request always has the same ones, and prompt
/// caches hold.
#[derive(Default)]
pub(super) struct Calls<'a> {
    made: usize,
    /// Calls without an answer so far, at most [`MAX_OPEN`].
    open: Vec<(Cow<'a, str>, String)>,
}

impl<'a> Calls<'a> {
    /// A call of `name` was made; gives its id.
    pub(super) fn made(&mut self, name: Cow<'a, str>) -> String {
        let id = format!("call_function_{}", self.made);
        self.made += 1;
        if self.open.len() == MAX_OPEN {
            self.open.remove(0);
        }
        self.open.push((name, id.clone()));
        id
    }

    /// The message at `path` answers the first open call of `name`; gives that call's id.
    pub(super) fn answered(&mut self, name: Option<&str>, path: &Path<'_>) -> Result<Cow<'a, str>, ApiError> {
        let path = path.key("name");
        let Some(name) = name else { return Err(path.error("is missing")) };
        let at = self.open.iter().position(|(called, _)| called == name);
        let Some(at) = at else { return Err(path.error("names no function that was called before")) };
        Ok(Cow::Owned(self.open.remove(at).1))
    }
}
