use super::{
    Ask, Dialect, Operation,
    chat::{self, scan},
    completions, embeddings, messages, pass, rerank, responses,
};
use crate::ir::ApiError;

/// What the gateway knows of a request, by the words that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// A Chat Completions request.
    Chat(scan::Head),
    /// A Completions request.
    Completions(completions::scan::Head),
    /// A Messages request, or one for the count of its tokens.
    Messages(messages::scan::Head),
    /// A Responses request, or one for the count of its tokens.
    Responses(responses::scan::Head),
    /// A request for embeddings.
    Embeddings(embeddings::scan::Head),
    /// A rerank request.
    Rerank(rerank::scan::Head),
    /// A request that is passed on as it is.
    Pass(Box<pass::Head>),
}

/// The fields that a request uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// Of a chat request.
    Chat(chat::field::Fields),
    /// Of a Completions request.
    Completions(completions::field::Fields),
    /// Of a Messages request.
    Messages(messages::field::Fields),
    /// Of a Responses request.
    Responses(responses::field::Fields),
    /// Of a request for embeddings.
    Embeddings(embeddings::field::Fields),
    /// Of a rerank request.
    Rerank(rerank::field::Fields),
    /// Of one that is passed on: whatever it likes.
    Pass,
}

impl From<chat::field::Fields> for Used {
    fn from(fields: chat::field::Fields) -> Self {
        Used::Chat(fields)
    }
}

impl Head {
    /// Reads the head of a request.
    ///
    /// # Errors
    ///
    /// As the `scan` of the dialect or the operation says.
    pub fn scan(ask: Ask, body: &[u8]) -> Result<Self, ApiError> {
        Ok(match ask {
            Ask::Chat => match scan::scan(body) {
                // Nothing is asked of a body that is a chat request.
                Err(error)
                    if error.param.as_deref() == Some("messages") && responses::scan::is_mixture(body) =>
                {
                    Head::Responses(responses::scan::scan_mixture(body)?)
                }
                chat => Head::Chat(chat?),
            },
            Ask::Completions => Head::Completions(completions::scan::scan(body)?),
            Ask::Messages => Head::Messages(messages::scan::scan(body)?),
            Ask::CountMessages => {
                Head::Messages(messages::scan::Head { counts: true, ..messages::scan::scan_count(body)? })
            }
            Ask::Responses => Head::Responses(responses::scan::scan(body)?),
            Ask::CountResponses => {
                Head::Responses(responses::scan::Head { counts: true, ..responses::scan::scan(body)? })
            }
            Ask::Embeddings => Head::Embeddings(embeddings::scan::scan(body)?),
            Ask::Rerank => Head::Rerank(rerank::scan::scan(body)?),
            _ => Head::Pass(Box::new(pass::whole(ask, "", body)?)),
        })
    }

    /// What is asked for.
    pub fn operation(&self) -> Operation {
        match self {
            Head::Messages(messages::scan::Head { counts: true, .. })
            | Head::Responses(responses::scan::Head { counts: true, .. }) => Operation::Count,
            Head::Chat(_) | Head::Completions(_) | Head::Messages(_) | Head::Responses(_) => Operation::Chat,
            Head::Embeddings(_) => Operation::Embeddings,
            Head::Rerank(_) => Operation::Rerank,
            Head::Pass(_) => Operation::Pass,
        }
    }

    /// In whose words the client is answered.
    pub fn dialect(&self) -> Dialect {
        match self {
            Head::Chat(_) | Head::Embeddings(_) | Head::Rerank(_) | Head::Pass(_) => Dialect::Chat,
            Head::Completions(_) => Dialect::Completions,
            Head::Messages(_) => Dialect::Messages,
            Head::Responses(head) => head.answer,
        }
    }

    /// The model as the client named it.
    pub fn model(&self) -> &str {
        match self {
            Head::Chat(head) => &head.model,
            Head::Completions(head) => &head.model,
            Head::Messages(head) => &head.model,
            Head::Responses(head) => &head.model,
            Head::Embeddings(head) => &head.model,
            Head::Rerank(head) => &head.model,
            Head::Pass(head) => &head.model,
        }
    }

    /// Whether the client wants a stream.
    pub fn stream(&self) -> bool {
        match self {
            Head::Chat(head) => head.stream,
            Head::Completions(head) => head.stream,
            Head::Messages(head) => head.stream && !head.counts,
            Head::Responses(head) => head.stream && !head.counts,
            Head::Pass(head) => head.stream,
            Head::Embeddings(_) | Head::Rerank(_) => false,
        }
    }

    /// Whether the client wants usage in its stream. That of Messages and Responses always has it.
    pub fn include_usage(&self) -> bool {
        match self {
            Head::Chat(head) => head.include_usage,
            Head::Completions(head) => head.include_usage,
            Head::Responses(head) => head.include_usage,
            Head::Messages(_) | Head::Embeddings(_) | Head::Rerank(_) | Head::Pass(_) => false,
        }
    }

    /// What the request uses.
    pub fn used(&self) -> Used {
        match self {
            Head::Chat(head) => Used::Chat(head.fields),
            Head::Completions(head) => Used::Completions(head.fields),
            Head::Messages(head) => Used::Messages(head.fields),
            Head::Responses(head) => Used::Responses(head.fields),
            Head::Embeddings(head) => Used::Embeddings(head.fields),
            Head::Rerank(head) => Used::Rerank(head.fields),
            Head::Pass(_) => Used::Pass,
        }
    }
}
