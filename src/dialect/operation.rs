use super::Dialect;

/// What a client asks a provider for. Each is an endpoint of its own at providers, with its own fields and its own form
/// of reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// An answer to a conversation.
    Chat,
    /// Vectors that stand for texts.
    Embeddings,
    /// Documents in the order in which they answer a query.
    Rerank,
    /// How many tokens a prompt has.
    Count,
    /// What is passed on as it is: [`super::pass`].
    Pass,
}

impl Operation {
    /// All of them, in the order of the documentation.
    pub const ALL: &'static [Operation] =
        &[Operation::Chat, Operation::Embeddings, Operation::Rerank, Operation::Count, Operation::Pass];

    /// As messages to a person call it.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Chat => "chat",
            Operation::Embeddings => "embeddings",
            Operation::Rerank => "rerank",
            Operation::Count => "counts of tokens",
            Operation::Pass => "requests that are passed on as they are",
        }
    }
}

/// One of the gateway's endpoints that are asked with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Ask {
    /// `POST /v1/chat/completions`: Chat Completions, and Responses requests that are to be answered as chat (Cursor).
    Chat,
    /// `POST /v1/completions`.
    Completions,
    /// `POST /v1/messages`.
    Messages,
    /// `POST /v1/messages/count_tokens`.
    CountMessages,
    /// `POST /v1/responses`.
    Responses,
    /// `POST /v1/responses/input_tokens`.
    CountResponses,
    /// `POST /v1/embeddings`.
    Embeddings,
    /// `POST /v1/rerank`.
    Rerank,
    /// `POST /v1/moderations`.
    Moderations,
    /// `POST /v1/images/generations`.
    ImageGenerations,
    /// `POST /v1/images/edits`.
    ImageEdits,
    /// `POST /v1/images/variations`.
    ImageVariations,
    /// `POST /v1/audio/speech`.
    Speech,
    /// `POST /v1/audio/transcriptions`.
    Transcriptions,
    /// `POST /v1/audio/translations`.
    Translations,
    /// `GET /v1/realtime`: a WebSocket.
    Realtime,
    /// `/v1/files`, `/v1/batches` and `/v1/uploads`, and what is below them.
    Files,
}

impl Ask {
    /// All of them, in the order of the documentation.
    pub const ALL: &'static [Ask] = &[
        Ask::Chat,
        Ask::Completions,
        Ask::Messages,
        Ask::CountMessages,
        Ask::Responses,
        Ask::CountResponses,
        Ask::Embeddings,
        Ask::Rerank,
        Ask::Moderations,
        Ask::ImageGenerations,
        Ask::ImageEdits,
        Ask::ImageVariations,
        Ask::Speech,
        Ask::Transcriptions,
        Ask::Translations,
        Ask::Realtime,
        Ask::Files,
    ];

    /// As messages to a person call it.
    pub fn name(self) -> &'static str {
        match self {
            Ask::Chat => "chat",
            Ask::Completions => "completions",
            Ask::Messages => "messages",
            Ask::CountMessages => "count-messages",
            Ask::Responses => "responses",
            Ask::CountResponses => "count-responses",
            Ask::Embeddings => "embeddings",
            Ask::Rerank => "rerank",
            Ask::Moderations => "moderations",
            Ask::ImageGenerations => "image-generations",
            Ask::ImageEdits => "image-edits",
            Ask::ImageVariations => "image-variations",
            Ask::Speech => "speech",
            Ask::Transcriptions => "transcriptions",
            Ask::Translations => "translations",
            Ask::Realtime => "realtime",
            Ask::Files => "files",
        }
    }

    /// In whose words its errors are told.
    pub fn dialect(self) -> Dialect {
        match self {
            Ask::Messages | Ask::CountMessages => Dialect::Messages,
            Ask::Responses | Ask::CountResponses => Dialect::Responses,
            Ask::Completions => Dialect::Completions,
            _ => Dialect::Chat,
        }
    }

    /// Whether its requests are passed on as they are: [`super::pass`].
    pub fn is_passed(self) -> bool {
        self == Ask::Files || super::pass::path(self).is_some()
    }

    /// One byte that stands for it.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What [`Self::code`] stands for.
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_back() {
        for ask in Ask::ALL {
            assert_eq!(Ask::of_code(ask.code()), Some(*ask));
        }
        assert_eq!(Ask::of_code(200), None);
    }
}
