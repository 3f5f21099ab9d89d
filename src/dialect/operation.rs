use super::{
    Dialect,
    chat::{self, scan},
    embeddings, rerank,
};
use crate::ir::ApiError;

/// What a client asks for. Each is an endpoint of its own at the gateway and at providers, with its own fields and its
/// own form of reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// An answer to a conversation.
    Chat,
    /// Vectors that stand for texts.
    Embeddings,
    /// Documents in the order in which they answer a query.
    Rerank,
}

impl Operation {
    /// All of them, in the order of the documentation.
    pub const ALL: &'static [Operation] = &[Operation::Chat, Operation::Embeddings, Operation::Rerank];

    /// As messages to a person call it.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Chat => "chat",
            Operation::Embeddings => "embeddings",
            Operation::Rerank => "rerank",
        }
    }
}

/// What the gateway knows of a request, by what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// A chat request.
    Chat(scan::Head),
    /// A request for embeddings.
    Embeddings(embeddings::scan::Head),
    /// A rerank request.
    Rerank(rerank::scan::Head),
}

/// The fields that a request uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// Of a chat request.
    Chat(chat::field::Fields),
    /// Of a request for embeddings.
    Embeddings(embeddings::field::Fields),
    /// Of a rerank request.
    Rerank(rerank::field::Fields),
}

impl From<chat::field::Fields> for Used {
    fn from(fields: chat::field::Fields) -> Self {
        Used::Chat(fields)
    }
}

impl Used {
    /// Of what kind of request.
    pub fn operation(self) -> Operation {
        match self {
            Used::Chat(_) => Operation::Chat,
            Used::Embeddings(_) => Operation::Embeddings,
            Used::Rerank(_) => Operation::Rerank,
        }
    }
}

impl Head {
    /// Reads the head of a request.
    ///
    /// # Errors
    ///
    /// As the `scan` of the operation says.
    pub fn scan(operation: Operation, body: &[u8]) -> Result<Self, ApiError> {
        Ok(match operation {
            Operation::Chat => Head::Chat(scan::scan(body)?),
            Operation::Embeddings => Head::Embeddings(embeddings::scan::scan(body)?),
            Operation::Rerank => Head::Rerank(rerank::scan::scan(body)?),
        })
    }

    /// Reads the head of a request of which only the body is known: no two operations require the same fields.
    ///
    /// # Errors
    ///
    /// What is wrong with it as a chat request, where it is no request of any kind.
    pub fn guess(body: &[u8]) -> Result<Self, ApiError> {
        let chat = Head::scan(Operation::Chat, body);
        chat.or_else(|error| {
            let others = Operation::ALL.iter().filter(|operation| **operation != Operation::Chat);
            others.into_iter().find_map(|operation| Head::scan(*operation, body).ok()).ok_or(error)
        })
    }

    /// What is asked for.
    pub fn operation(&self) -> Operation {
        self.used().operation()
    }

    /// In whose words the client is answered.
    pub fn dialect(&self) -> Dialect {
        match self {
            Head::Chat(_) | Head::Embeddings(_) | Head::Rerank(_) => Dialect::Chat,
        }
    }

    /// The model as the client named it.
    pub fn model(&self) -> &str {
        match self {
            Head::Chat(head) => &head.model,
            Head::Embeddings(head) => &head.model,
            Head::Rerank(head) => &head.model,
        }
    }

    /// Whether the client wants a stream.
    pub fn stream(&self) -> bool {
        matches!(self, Head::Chat(head) if head.stream)
    }

    /// Whether the client wants usage in its stream.
    pub fn include_usage(&self) -> bool {
        matches!(self, Head::Chat(head) if head.include_usage)
    }

    /// What the request uses.
    pub fn used(&self) -> Used {
        match self {
            Head::Chat(head) => Used::Chat(head.fields),
            Head::Embeddings(head) => Used::Embeddings(head.fields),
            Head::Rerank(head) => Used::Rerank(head.fields),
        }
    }
}
