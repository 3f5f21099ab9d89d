//! One pass over the bytes of a Responses request: all that the gateway needs, without building anything from it.

use std::{ops::Range, rc::Rc};

use super::field::Fields;
use crate::{dialect::Dialect, ir::ApiError};

/// What the gateway knows of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The model as the client named it, unescaped.
    pub model: String,
    /// The bytes of the model's JSON string, quotes included.
    pub model_span: Range<usize>,
    /// The client wants a stream.
    pub stream: bool,
    /// The client wants usage in a stream that is answered as chat.
    pub include_usage: bool,
    /// Only the tokens of the prompt are to be counted.
    pub counts: bool,
    /// In whose words it is answered: [`Dialect::Responses`], or [`Dialect::Chat`] where such a request came to the chat
    /// endpoint.
    pub answer: Dialect,
    /// What its reply needs to know.
    pub asked: Rc<Asked>,
    /// What the request uses.
    pub fields: Fields,
}

/// What a reply repeats of its request, and needs to know of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Members of the reply that repeat the request's, as JSON text without braces, never empty after a scan:
    /// `"instructions":null,"tools":[…]`. Those that the request lacks have the API's defaults, so that with its own
    /// members (id, object, created_at, status, error, incomplete_details, model, output, usage) a reply is complete.
    pub echo: String,
    /// The tools whose calls are told otherwise than as a plain function call: custom ones, and those of a namespace.
    pub tools: Vec<Named>,
}

impl Asked {
    /// The tool of a call, by the name that the provider calls it; `None` where the call is a plain function call.
    pub fn named(&self, flat: &str) -> Option<&Named> {
        self.tools.iter().find(|tool| tool.flat == flat)
    }
}

/// A tool as providers are told of it, and as its client declared it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The name of the function that providers of other formats are offered: `<namespace>__<name>`, at most 64
    /// characters.
    pub flat: String,
    /// The namespace that it stands in.
    pub namespace: Option<String>,
    /// Its name there.
    pub name: String,
    /// It takes free text: its calls are told as `custom_tool_call`. As a function, it has one string `input`.
    pub custom: bool,
}

/// Reads the head of a Responses request.
///
/// # Errors
///
/// Until the reader is there.
pub fn scan(_body: &[u8]) -> Result<Head, ApiError> {
    Err(ApiError::invalid("model", "not yet"))
}

/// Whether the body of a request to the chat endpoint is a Responses request: it has `input` and no `messages`.
pub fn is_mixture(_body: &[u8]) -> bool {
    false
}
