//! Signatures of reasoning in the gateway's own form, for vendors whose reasoning needs more than one text to go back.
//!
//! A client sends a signature back as it got it, but not always to the vendor that gave it: the next turn of a
//! conversation may go elsewhere. A signature of this form says whose it is, so that no one else is sent it; those of
//! Anthropic and Google are base64, without a colon.

use crate::ir::Part;

/// What every signature of OpenAI's reasoning begins with.
const OPENAI: &str = "openai:";

/// The version of what follows.
const FIRST: &str = "v1:";

/// Whether a part is reasoning that goes back to its provider: signed, and not by OpenAI, or encrypted.
pub(crate) fn is_checkable(part: &Part<'_>) -> bool {
    match part {
        Part::Thinking { signature, .. } => {
            signature.as_deref().is_some_and(|signature| !is_openais(signature))
        }
        Part::RedactedThinking(_) => true,
        _ => false,
    }
}

/// The signature of a reasoning item of OpenAI's: its id and its encrypted content. `None` where one of them is empty
/// or could not be told from the other.
pub(crate) fn of_openai(id: &str, encrypted: &str) -> Option<String> {
    let plain = !id.is_empty() && !id.contains(':') && !encrypted.is_empty();
    plain.then(|| [OPENAI, FIRST, id, ":", encrypted].concat())
}

/// The id and the encrypted content of a signature of [`of_openai`]; `None` for any other.
pub(crate) fn openai(signature: &str) -> Option<(&str, &str)> {
    let (id, encrypted) = signature.strip_prefix(OPENAI)?.strip_prefix(FIRST)?.split_once(':')?;
    (!id.is_empty() && !encrypted.is_empty()).then_some((id, encrypted))
}

/// Whether a signature is OpenAI's, of any version.
pub(crate) fn is_openais(signature: &str) -> bool {
    signature.starts_with(OPENAI)
}

/// What a block of a client's dialect carries that has no place of its own there. Dialects whose calls and texts have no
/// place for a provider's signature (Messages, Responses) tell it in a block of encrypted reasoning right before the call
/// or the text; the client sends the block back as it got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carried<'d> {
    /// The signature of the call that follows ([`Part::ToolCall`]).
    OfCall(&'d str),
    /// The signature of the text of the turn ([`crate::ir::Message::signature`]).
    OfText(&'d str),
}

/// What the data of a block that carries something begins with. No vendor's has a colon.
const CALL: &str = "switchyard:call:v1:";
const TEXT: &str = "switchyard:text:v1:";

impl<'d> Carried<'d> {
    /// The data of a block that carries this.
    pub(crate) fn data(self) -> String {
        match self {
            Self::OfCall(signature) => [CALL, signature].concat(),
            Self::OfText(signature) => [TEXT, signature].concat(),
        }
    }

    /// What a block's data carries; `None` where it is a provider's own.
    pub(crate) fn of(data: &'d str) -> Option<Self> {
        let call = data.strip_prefix(CALL).map(Self::OfCall);
        call.or_else(|| data.strip_prefix(TEXT).map(Self::OfText))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_comes_back() {
        for carried in [Carried::OfCall("c2ln:"), Carried::OfText("")] {
            assert_eq!(Carried::of(&carried.data()), Some(carried));
        }
        assert_eq!(Carried::of("EqQBCgIYAhIM"), None);
    }

    #[test]
    fn there_and_back() {
        let signature = of_openai("rs_1", "gAAA=:x").unwrap();
        assert_eq!(signature, "openai:v1:rs_1:gAAA=:x");
        assert_eq!(openai(&signature), Some(("rs_1", "gAAA=:x")));
        assert!(is_openais(&signature));
    }

    #[test]
    fn what_would_not_come_back_is_no_signature() {
        for (id, encrypted) in [("", "x"), ("rs", ""), ("r:s", "x")] {
            assert_eq!(of_openai(id, encrypted), None);
        }
        for foreign in
            ["", "EqQBCgIYAhIM", "openai:v1:", "openai:v1::x", "openai:v1:rs:", "openai:v2:rs:x", "c2ln"]
        {
            assert_eq!(openai(foreign), None, "{foreign}");
        }
        // One of a later gateway is not Anthropic's either.
        assert!(is_openais("openai:v2:rs:x") && !is_openais("EqQBCgIYAhIM"));
    }
}
