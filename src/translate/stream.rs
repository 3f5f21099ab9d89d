use super::Outcome;
use crate::{
    dialect::{
        Dialect, Pass, Progress, ReplyContext,
        chat::stream::ChatEncoder,
        completions::stream::CompletionsEncoder,
        messages::stream::MessagesEncoder,
        responses::{
            custom::{self, CustomAsChat},
            stream::ResponsesEncoder,
        },
    },
    ir::{ApiError, Decoder, Encoder, Event},
    provider::{
        Format,
        anthropic::{pass::MessagesPass, stream::MessagesDecoder},
        bedrock::{invoke::InvokeDecoder, stream::ConverseDecoder},
        cohere::stream::CohereDecoder,
        gemini::stream::GeminiDecoder,
        mistral::stream::MistralDecoder,
        openai::stream::{ChatDecoder, Passthrough},
        responses::{pass::ResponsesPass, stream::ResponsesDecoder},
    },
};

/// One streamed reply on its way from a provider's format to a client's dialect.
///
/// Any split of the bytes gives the same output, and a stream that was cut ends as an error.
#[derive(Debug)]
pub enum ReplyStream {
    /// Same format: watched, not rewritten.
    Passthrough(Box<dyn Pass>),
    /// Through the intermediate form.
    Convert(Box<Convert>),
}

/// A decoder and an encoder, and what came through between them.
#[derive(Debug)]
pub struct Convert {
    decoder: Box<dyn Decoder>,
    encoder: Box<dyn Encoder>,
    progress: Progress,
}

impl ReplyStream {
    /// A stream that has not begun.
    pub fn new(dialect: Dialect, format: Format, context: ReplyContext) -> Self {
        let customs = dialect == Dialect::Chat && custom::are_told_as_chat(&context);
        if super::passes(dialect, format) && !customs {
            return Self::Passthrough(match dialect {
                Dialect::Messages => Box::new(MessagesPass::new(format)),
                Dialect::Responses => Box::new(ResponsesPass::new(context)),
                Dialect::Chat | Dialect::Completions => Box::new(Passthrough::new(context.include_usage)),
            });
        }
        let decoder = decoder(format, &context);
        let encoder: Box<dyn Encoder> = match dialect {
            Dialect::Chat if customs => {
                let asked = context.asked.clone().unwrap_or_default();
                Box::new(CustomAsChat::new(ChatEncoder::new(context), asked))
            }
            Dialect::Chat => Box::new(ChatEncoder::new(context)),
            Dialect::Completions => Box::new(CompletionsEncoder::new(context)),
            Dialect::Messages => Box::new(MessagesEncoder::new(context)),
            Dialect::Responses => Box::new(ResponsesEncoder::new(context)),
        };
        Self::Convert(Box::new(Convert { decoder, encoder, progress: Progress::default() }))
    }

    /// Takes the next bytes. [`Outcome::AsIs`]: they pass; else what is to be sent instead was appended to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Outcome {
        match self {
            Self::Passthrough(stream) => {
                if stream.push(bytes, out) {
                    Outcome::AsIs
                } else {
                    Outcome::Replaced
                }
            }
            Self::Convert(convert) => {
                let Convert { decoder, encoder, progress } = &mut **convert;
                decoder.push(bytes, &mut |event| forward(event, &mut **encoder, progress, out));
                Outcome::Replaced
            }
        }
    }

    /// The body has ended; appends what is still to be sent.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Passthrough(stream) => stream.end(out),
            Self::Convert(convert) => {
                let Convert { decoder, encoder, progress } = &mut **convert;
                decoder.end(&mut |event| forward(event, &mut **encoder, progress, out));
            }
        }
    }

    /// What was seen so far.
    pub fn progress(&self) -> &Progress {
        match self {
            Self::Passthrough(stream) => stream.progress(),
            Self::Convert(convert) => &convert.progress,
        }
    }

    /// The stream's error, if it failed.
    pub fn error(&self) -> Option<&ApiError> {
        self.progress().error.as_ref()
    }
}

fn decoder(format: Format, context: &ReplyContext) -> Box<dyn Decoder> {
    let id = context.id.as_str();
    match format {
        Format::Anthropic | Format::VertexAnthropic => Box::new(MessagesDecoder::default()),
        Format::BedrockAnthropic => Box::new(InvokeDecoder::default()),
        Format::Gemini | Format::Vertex => Box::new(GeminiDecoder::new(id)),
        Format::Bedrock => Box::new(ConverseDecoder::new(id)),
        Format::Cohere => Box::new(CohereDecoder::new(id)),
        Format::Openai => Box::new(ChatDecoder::new(id)),
        Format::Mistral => Box::new(MistralDecoder::new(id)),
        Format::Responses => Box::new(ResponsesDecoder::new(id, &context.provider)),
    }
}

/// Notes what an event means for the filter, and passes it on.
fn forward(event: Event<'_>, encoder: &mut dyn Encoder, progress: &mut Progress, out: &mut Vec<u8>) {
    match &event {
        Event::Error(error) => {
            progress.error = Some(error.clone());
            return encoder.encode(Event::Error(error.clone().for_client(None)), out);
        }
        Event::Usage(usage) => progress.usage.get_or_insert_default().merge(*usage),
        Event::Done => progress.done = true,
        _ => progress.started = true,
    }
    encoder.encode(event, out);
}
