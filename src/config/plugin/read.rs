//! Reads the filter's configuration.
//!
//! By hand, because derived readers of these few types are 40 kB of the filter. It takes what [`Plugin`]'s `Serialize`
//! writes, members in any order; one that is not known, or there twice, is refused. Null is as absent.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    Card, Elsewhere, Entry, Front, Headers, Key, Model, Plugin, Provider, RoleName, Secret, Target, Token,
};
use crate::provider::{
    Format, json,
    model::{ModelFacts, Thinking, ThinkingOff},
    quirks::{Json, Quirks},
};

/// Where the document does not say: what `gateway.yaml` has by default.
const ATTEMPTS: u32 = 2;
const COOLING_MS: u64 = 300_000;
const REPLY_MS: u64 = 300_000;

/// What was read, or the value that is wrong.
type Read<'a, T> = Result<T, &'a RawValue>;

/// Reads the document.
///
/// # Errors
///
/// The line and the column of what is wrong, both from 1. Nothing of what stands there, which may be a secret.
pub fn read(document: &[u8]) -> Result<Plugin, (usize, usize)> {
    let root: &RawValue = serde_json::from_slice(document).map_err(|error| (error.line(), error.column()))?;
    plugin(root).map_err(|wrong| {
        let at = (wrong.get().as_ptr() as usize).saturating_sub(document.as_ptr() as usize);
        let before = document.get(..at).unwrap_or(document);
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        (memchr::memchr_iter(b'\n', before).count() + 1, at - line_start + 1)
    })
}

/// An object, of which members are taken.
struct Members<'a> {
    object: &'a RawValue,
    left: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Members<'a> {
    fn of(object: &'a RawValue) -> Read<'a, Self> {
        let left = json::members(object).ok_or(object)?;
        Ok(Self { object, left })
    }

    /// A member that is not null.
    fn raw(&mut self, name: &str) -> Option<&'a RawValue> {
        let at = self.left.iter().position(|(found, _)| found == name)?;
        let (_, raw) = self.left.swap_remove(at);
        (raw.get() != "null").then_some(raw)
    }

    /// A member that must be there; without it, the object is what is wrong.
    fn need(&mut self, name: &str) -> Read<'a, &'a RawValue> {
        self.raw(name).ok_or(self.object)
    }

    fn optional<T>(&mut self, name: &str, read: fn(&'a RawValue) -> Read<'a, T>) -> Read<'a, Option<T>> {
        self.raw(name).map(read).transpose()
    }

    fn list<T>(&mut self, name: &str, read: fn(&'a RawValue) -> Read<'a, T>) -> Read<'a, Vec<T>> {
        self.raw(name).map_or(Ok(Vec::new()), |raw| list(raw, read))
    }

    fn need_text(&mut self, name: &str) -> Read<'a, String> {
        text(self.need(name)?)
    }

    fn text(&mut self, name: &str) -> Read<'a, Option<String>> {
        self.optional(name, text)
    }

    fn texts(&mut self, name: &str) -> Read<'a, Vec<String>> {
        self.list(name, text)
    }

    fn pairs(&mut self, name: &str) -> Read<'a, Vec<(String, String)>> {
        self.list(name, |raw| {
            let [first, second] = tuple(raw)?;
            Ok((text(first)?, text(second)?))
        })
    }

    /// False where it is absent.
    fn flag(&mut self, name: &str) -> Read<'a, bool> {
        match self.raw(name) {
            None => Ok(false),
            Some(raw) => match raw.get() {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(raw),
            },
        }
    }

    /// Nothing is to be left.
    fn end(self) -> Read<'a, ()> {
        self.left.first().map_or(Ok(()), |(_, raw)| Err(*raw))
    }
}

#[inline(never)]
fn text(raw: &RawValue) -> Read<'_, String> {
    json::text(Some(raw)).map(Cow::into_owned).ok_or(raw)
}

fn whole(raw: &RawValue) -> Read<'_, u64> {
    serde_json::from_str(raw.get()).map_err(|_| raw)
}

fn number(raw: &RawValue) -> Read<'_, f64> {
    serde_json::from_str(raw.get()).map_err(|_| raw)
}

fn list<'a, T>(raw: &'a RawValue, read: fn(&'a RawValue) -> Read<'a, T>) -> Read<'a, Vec<T>> {
    json::elements(raw).ok_or(raw)?.into_iter().map(read).collect()
}

/// The elements of an array of this many.
fn tuple<const N: usize>(raw: &RawValue) -> Read<'_, [&RawValue; N]> {
    json::elements(raw).and_then(|elements| elements.try_into().ok()).ok_or(raw)
}

/// One of these words.
fn word<'a, T: Copy>(raw: &'a RawValue, words: &[(&str, T)]) -> Read<'a, T> {
    let said = json::text(Some(raw)).unwrap_or_default();
    words.iter().find(|(word, _)| *word == said).map(|(_, meant)| *meant).ok_or(raw)
}

fn plugin(raw: &RawValue) -> Read<'_, Plugin> {
    let mut members = Members::of(raw)?;
    let version = members.need("version")?;
    let role = members.need("role")?;
    let plugin = Plugin {
        version: whole(version)?.try_into().map_err(|_| version)?,
        role: word(role, ROLES)?,
        request_bytes: whole(members.need("request_bytes")?)?,
        reply_bytes: whole(members.need("reply_bytes")?)?,
        attempts: members
            .optional("attempts", |raw| whole(raw)?.try_into().map_err(|_| raw))?
            .unwrap_or(ATTEMPTS),
        cooling_ms: members.optional("cooling_ms", whole)?.unwrap_or(COOLING_MS),
        list_attempts: members.flag("list_attempts")?,
        buffered_bytes: members.optional("buffered_bytes", whole)?.unwrap_or(u64::MAX),
        entry: members.optional("entry", entry)?.unwrap_or_default(),
        files: members.optional("files", |raw| whole(raw)?.try_into().map_err(|_| raw))?,
        providers: list(members.need("providers")?, provider)?,
        models: list(members.need("models")?, model)?,
        keys: members.list("keys", key)?,
    };
    members.end()?;
    Ok(plugin)
}

const ROLES: &[(&str, RoleName)] = &[
    ("gateway", RoleName::Gateway),
    ("provider", RoleName::Provider),
    ("standalone", RoleName::Standalone),
    ("front", RoleName::Front),
];

const HEADERS: &[(&str, Headers)] =
    &[("held", Headers::Held), ("at_once", Headers::AtOnce), ("nginx", Headers::Nginx)];

fn entry(raw: &RawValue) -> Read<'_, Entry> {
    let mut members = Members::of(raw)?;
    let entry = Entry {
        headers: members.optional("headers", |raw| word(raw, HEADERS))?.unwrap_or_default(),
        authorities: members.texts("authorities")?,
        prefix: members.text("prefix")?.unwrap_or_default(),
        front: members.optional("front", front)?,
    };
    members.end()?;
    Ok(entry)
}

fn front(raw: &RawValue) -> Read<'_, Front> {
    let mut members = Members::of(raw)?;
    let front = Front {
        call: members.need_text("call")?,
        prefix: members.need_text("prefix")?,
        reply_ms: members.optional("reply_ms", whole)?.unwrap_or(REPLY_MS),
    };
    members.end()?;
    Ok(front)
}

fn provider(raw: &RawValue) -> Read<'_, Provider> {
    let mut members = Members::of(raw)?;
    let provider = Provider {
        name: members.need_text("name")?,
        format: format(members.need("format")?)?,
        authority: members.need_text("authority")?,
        scheme: members.need_text("scheme")?,
        path: members.need_text("path")?,
        stream_path: members.text("stream_path")?,
        embeddings_path: members.text("embeddings_path")?,
        rerank_path: members.text("rerank_path")?,
        count_path: members.text("count_path")?,
        auth_header: members.text("auth_header")?,
        auth_prefix: members.text("auth_prefix")?.unwrap_or_default(),
        secret: members.optional("secret", secret)?,
        headers: members.pairs("headers")?,
        quirks: members.optional("quirks", quirks)?.unwrap_or_default(),
        facts: members.list("facts", |raw| {
            let [name, known] = tuple(raw)?;
            Ok((text(name)?, facts(known)?))
        })?,
    };
    members.end()?;
    Ok(provider)
}

fn format(raw: &RawValue) -> Read<'_, Format> {
    let name = json::text(Some(raw)).unwrap_or_default();
    Format::ALL.iter().find(|format| format.name() == name).copied().ok_or(raw)
}

fn secret(raw: &RawValue) -> Read<'_, Secret> {
    match json::members(raw).as_deref() {
        Some([(kind, value)]) if kind == "token" => token(value).map(Secret::Token),
        _ => plain_secret(raw),
    }
}

/// Any but a token.
fn plain_secret(raw: &RawValue) -> Read<'_, Secret> {
    let members = json::members(raw);
    let Some([(kind, value)]) = members.as_deref() else { return Err(raw) };
    let secret = match kind.as_ref() {
        "env" => Secret::Env,
        "header" => Secret::Header,
        "value" => Secret::Value,
        "signer" => Secret::Signer,
        _ => return Err(raw),
    };
    text(value).map(secret)
}

fn token(raw: &RawValue) -> Read<'_, Token> {
    let mut members = Members::of(raw)?;
    let token = Token {
        cluster: members.need_text("cluster")?,
        scheme: members.need_text("scheme")?,
        authority: members.need_text("authority")?,
        path: members.need_text("path")?,
        key: members.optional("key", plain_secret)?.map(Box::new),
        client: members.text("client")?,
        scope: members.text("scope")?,
    };
    members.end()?;
    Ok(token)
}

fn model(raw: &RawValue) -> Read<'_, Model> {
    let mut members = Members::of(raw)?;
    let model = Model {
        name: members.need_text("name")?,
        targets: list(members.need("targets")?, target)?,
        elsewhere: members.optional("elsewhere", elsewhere)?.unwrap_or_default(),
        cards: members.list("cards", card)?,
    };
    members.end()?;
    Ok(model)
}

fn elsewhere(raw: &RawValue) -> Read<'_, Elsewhere> {
    let mut members = Members::of(raw)?;
    let elsewhere = Elsewhere {
        context_length: members.flag("context_length")?,
        content_policy: members.flag("content_policy")?,
    };
    members.end()?;
    Ok(elsewhere)
}

fn card(raw: &RawValue) -> Read<'_, Card> {
    let mut members = Members::of(raw)?;
    let card = Card {
        id: members.need_text("id")?,
        owner: members.need_text("owner")?,
        context: members.optional("context", whole)?,
        max_output: members.optional("max_output", whole)?,
        more: members.text("more")?.unwrap_or_default(),
    };
    members.end()?;
    Ok(card)
}

fn target(raw: &RawValue) -> Read<'_, Target> {
    let mut members = Members::of(raw)?;
    let provider = members.need("provider")?;
    let target = Target {
        provider: whole(provider)?.try_into().map_err(|_| provider)?,
        model: members.text("model")?,
    };
    members.end()?;
    Ok(target)
}

fn key(raw: &RawValue) -> Read<'_, Key> {
    let mut members = Members::of(raw)?;
    let key = Key {
        name: members.need_text("name")?,
        sha256: members.need_text("sha256")?,
        models: members.texts("models")?,
    };
    members.end()?;
    Ok(key)
}

fn quirks(raw: &RawValue) -> Read<'_, Quirks> {
    let mut members = Members::of(raw)?;
    let quirks = Quirks {
        refuses: members.texts("refuses")?,
        takes: members.texts("takes")?,
        known_only: members.flag("known_only")?,
        clamp: members.list("clamp", |raw| {
            let [field, least, most] = tuple(raw)?;
            Ok((text(field)?, number(least)?, number(most)?))
        })?,
        values: members.list("values", |raw| {
            let [field, ours, theirs] = tuple(raw)?;
            Ok((text(field)?, text(ours)?, text(theirs)?))
        })?,
        developer_as_system: members.flag("developer_as_system")?,
        flat_content: members.flag("flat_content")?,
        fixed: members.list("fixed", |raw| {
            let [name, value] = tuple(raw)?;
            Ok((text(name)?, Json::new(value)))
        })?,
        rename: members.pairs("rename")?,
    };
    members.end()?;
    Ok(quirks)
}

const THINKING: &[(&str, Thinking)] = &[
    ("none", Thinking::None),
    ("budget", Thinking::Budget),
    ("adaptive", Thinking::Adaptive),
    ("level", Thinking::Level),
];

const THINKING_OFF: &[(&str, ThinkingOff)] = &[
    ("disabled", ThinkingOff::Disabled),
    ("between_tools", ThinkingOff::BetweenTools),
    ("never", ThinkingOff::Never),
];

fn facts(raw: &RawValue) -> Read<'_, ModelFacts> {
    let mut members = Members::of(raw)?;
    let facts = ModelFacts {
        max_output: members.optional("max_output", whole)?,
        context: members.optional("context", whole)?,
        thinking: members.optional("thinking", |raw| word(raw, THINKING))?.unwrap_or_default(),
        thinking_off: members.optional("thinking_off", |raw| word(raw, THINKING_OFF))?.unwrap_or_default(),
        xhigh_effort: members.flag("xhigh_effort")?,
        minimal_effort: members.flag("minimal_effort")?,
        thinking_budget: members.optional("thinking_budget", |raw| {
            let [fewest, most] = tuple(raw)?;
            Ok((whole(fewest)?, whole(most)?))
        })?,
        no_sampling: members.flag("no_sampling")?,
        no_reasoning: members.flag("no_reasoning")?,
        no_forced_tool: members.flag("no_forced_tool")?,
        json_schema: members.flag("json_schema")?,
        system_anywhere: members.flag("system_anywhere")?,
        input_price: members.optional("input_price", number)?,
        output_price: members.optional("output_price", number)?,
        cache_read_price: members.optional("cache_read_price", number)?,
        cache_write_price: members.optional("cache_write_price", number)?,
    };
    members.end()?;
    Ok(facts)
}

#[cfg(test)]
mod tests;
