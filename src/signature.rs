//! Signatures of reasoning in the gateway's own form, for vendors whose reasoning needs more than one text to go back.
//!
//! A client sends a signature back as it got it, but not always to the vendor that gave it: the next turn of a
//! conversation may go elsewhere. A signature of this form says whose it is, so that no one else is sent it; those of
//! Anthropic and Google are base64, without a colon.

use crate::ir::Part;

/// What every signature of OpenAI's reasoning begins with.
const OPENAI: &str = "openai:";

/// What follows in the first version: the id and the encrypted content, of whichever provider.
const FIRST: &str = "v1:";

/// The same in the second: the provider's name in the configuration stands before them, since only the account that
/// encrypted it can read it.
const SECOND: &str = "v2:";

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

/// The signature of a reasoning item that `provider` gave: its id and its encrypted content. `None` where one of the three
/// is empty or could not be told from the others.
pub(crate) fn of_openai(provider: &str, id: &str, encrypted: &str) -> Option<String> {
    let plain = |name: &str| !name.is_empty() && !name.contains(':');
    (plain(provider) && plain(id) && !encrypted.is_empty())
        .then(|| [OPENAI, SECOND, provider, ":", id, ":", encrypted].concat())
}

/// The id and the encrypted content of a signature of [`of_openai`] that may be sent to `provider`: its own, and those of
/// the first version, which do not say whose they are. `None` for any other.
pub(crate) fn openai<'s>(signature: &'s str, provider: &str) -> Option<(&'s str, &'s str)> {
    let versioned = signature.strip_prefix(OPENAI)?;
    let item = match versioned.strip_prefix(SECOND) {
        Some(rest) => rest.split_once(':').filter(|(whose, _)| *whose == provider)?.1,
        None => versioned.strip_prefix(FIRST)?,
    };
    let (id, encrypted) = item.split_once(':')?;
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

/// What `encrypted_content` of a reasoning item of a Responses client holds, where the gateway wrote it. Whatever has not
/// this form came from OpenAI to the client without the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encrypted<'d> {
    /// A provider of Responses gave the item, and can alone read its content.
    At {
        /// The provider's name in the configuration.
        provider: &'d str,
        /// Its own `encrypted_content`.
        content: &'d str,
    },
    /// The signature of the reasoning that the item's summary is ([`Part::Thinking`]).
    Thinking(&'d str),
    /// [`Part::RedactedThinking`]; the summary is empty.
    Redacted(&'d str),
    /// No reasoning.
    Carried(Carried<'d>),
}

/// What all begin with that the gateway wrote.
pub(crate) const MARK: &str = "switchyard:";

const AT: &str = "switchyard:at:v1:";
const THINKING: &str = "switchyard:thinking:v1:";
const REDACTED: &str = "switchyard:redacted:v1:";

impl<'d> Encrypted<'d> {
    /// The content of the item. A provider's name is one of the configuration: it holds no colon.
    pub(crate) fn content(self) -> String {
        match self {
            Self::At { provider, content } => [&at(provider), content].concat(),
            Self::Thinking(signature) => [THINKING, signature].concat(),
            Self::Redacted(data) => [REDACTED, data].concat(),
            Self::Carried(carried) => carried.data(),
        }
    }

    /// What an item's content is; `None` where the gateway did not write it.
    pub(crate) fn of(content: &'d str) -> Option<Self> {
        if let Some(rest) = content.strip_prefix(AT) {
            let (provider, content) = rest.split_once(':')?;
            return Some(Self::At { provider, content });
        }
        let thinking = content.strip_prefix(THINKING).map(Self::Thinking);
        let redacted = || content.strip_prefix(REDACTED).map(Self::Redacted);
        thinking.or_else(redacted).or_else(|| Carried::of(content).map(Self::Carried))
    }
}

/// What stands before the content of an item that this provider gave ([`Encrypted::At`]). It needs no escapes within a
/// JSON string.
pub(crate) fn at(provider: &str) -> String {
    [AT, provider, ":"].concat()
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
    fn what_a_responses_client_is_given_comes_back() {
        for (encrypted, content) in [
            (Encrypted::At { provider: "openai", content: "gAAA=:x" }, "switchyard:at:v1:openai:gAAA=:x"),
            (Encrypted::Thinking("EqQB"), "switchyard:thinking:v1:EqQB"),
            (Encrypted::Redacted(""), "switchyard:redacted:v1:"),
            (Encrypted::Carried(Carried::OfCall("c2ln")), "switchyard:call:v1:c2ln"),
        ] {
            assert_eq!(encrypted.content(), content);
            assert_eq!(Encrypted::of(content), Some(encrypted));
        }
        for foreign in ["gAAAAABo", "", "switchyard:at:v1:openai", "switchyard:at:v2:openai:x"] {
            assert_eq!(Encrypted::of(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn there_and_back() {
        let signature = of_openai("p", "rs_1", "gAAA=:x").unwrap();
        assert_eq!(signature, "openai:v2:p:rs_1:gAAA=:x");
        assert_eq!(openai(&signature, "p"), Some(("rs_1", "gAAA=:x")));
        assert!(is_openais(&signature));
    }

    #[test]
    fn only_who_encrypted_it_gets_it_back() {
        let signature = of_openai("p", "rs_1", "gAAA").unwrap();
        assert_eq!(openai(&signature, "other"), None);
        // Those of a gateway before do not say whose they are.
        assert_eq!(openai("openai:v1:rs_1:gAAA", "other"), Some(("rs_1", "gAAA")));
    }

    #[test]
    fn what_would_not_come_back_is_no_signature() {
        for (provider, id, encrypted) in
            [("p", "", "x"), ("p", "rs", ""), ("p", "r:s", "x"), ("", "rs", "x"), ("p:", "rs", "x")]
        {
            assert_eq!(of_openai(provider, id, encrypted), None);
        }
        for foreign in [
            "",
            "EqQBCgIYAhIM",
            "openai:v1:",
            "openai:v1::x",
            "openai:v1:rs:",
            "openai:v2:p",
            "openai:v2:p:rs",
            "openai:v2:p::x",
            "openai:v3:p:rs:x",
            "c2ln",
        ] {
            assert_eq!(openai(foreign, "p"), None, "{foreign}");
        }
        // One of a later gateway is not Anthropic's either.
        assert!(is_openais("openai:v3:rs:x") && !is_openais("EqQBCgIYAhIM"));
    }
}
