//! The names of faults.

use serde::Deserialize;

/// What goes wrong with a reply. `act` has what each does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[expect(missing_docs, reason = "the variants are the names, which README.md explains")]
pub enum Fault {
    #[default]
    None,
    Status(u16),
    ErrorCode(Refusal),
    ResetBefore,
    ResetInHead,
    ResetAfterHead,
    CloseBefore,
    Silent,
    HeadOnly,
    Drip,
    HangMid,
    CutMid,
    CutMidFin,
    EndEarly,
    ErrorFirst,
    ErrorLater,
    Error200,
    Html200,
    Malformed,
    WrongType,
    Gzip,
    BadCrc,
    BadCrcLater,
    BadFrame,
    Huge,
    BadUtf8,
    EndlessLine,
}

/// Why a provider refuses what was asked, with an error of its own for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they say what they are")]
pub enum Refusal {
    ContextLength,
    ContentPolicy,
    Quota,
}

const NAMES: [(&str, Fault); 25] = [
    ("none", Fault::None),
    ("reset-before", Fault::ResetBefore),
    ("reset-in-head", Fault::ResetInHead),
    ("reset-after-head", Fault::ResetAfterHead),
    ("close-before", Fault::CloseBefore),
    ("silent", Fault::Silent),
    ("head-only", Fault::HeadOnly),
    ("drip", Fault::Drip),
    ("hang-mid", Fault::HangMid),
    ("cut-mid", Fault::CutMid),
    ("cut-mid-fin", Fault::CutMidFin),
    ("end-early", Fault::EndEarly),
    ("error-first", Fault::ErrorFirst),
    ("error-later", Fault::ErrorLater),
    ("error-200", Fault::Error200),
    ("html-200", Fault::Html200),
    ("malformed", Fault::Malformed),
    ("wrong-type", Fault::WrongType),
    ("gzip", Fault::Gzip),
    ("bad-crc", Fault::BadCrc),
    ("bad-crc-later", Fault::BadCrcLater),
    ("bad-frame", Fault::BadFrame),
    ("huge", Fault::Huge),
    ("bad-utf8", Fault::BadUtf8),
    ("endless-line", Fault::EndlessLine),
];

impl TryFrom<String> for Fault {
    type Error = String;

    fn try_from(name: String) -> Result<Fault, String> {
        let refuse = || format!("fault {name:?} is not known");
        match name.split_once(':') {
            Some(("status", code)) => match code.parse() {
                Ok(code @ 200..=599) => Ok(Fault::Status(code)),
                _ => Err(refuse()),
            },
            Some(("error-code", "context_length")) => Ok(Fault::ErrorCode(Refusal::ContextLength)),
            Some(("error-code", "content_policy")) => Ok(Fault::ErrorCode(Refusal::ContentPolicy)),
            Some(("error-code", "quota")) => Ok(Fault::ErrorCode(Refusal::Quota)),
            Some(_) => Err(refuse()),
            None => {
                let found = NAMES.iter().find(|(known, _)| *known == name);
                found.map(|(_, fault)| fault.clone()).ok_or_else(refuse)
            }
        }
    }
}

impl Fault {
    /// Faults of the frames that only Bedrock's streams have.
    pub fn only_bedrock(&self) -> bool {
        matches!(self, Fault::BadCrc | Fault::BadCrcLater | Fault::BadFrame)
    }
}
