//! Requests that are passed on as they come: what both roles do with them. Of a body no more is held than it takes to find
//! the model.

use std::{ops::Range, rc::Rc};

use super::{
    cooling,
    effect::host_failed,
    exchange::Exchange,
    gateway::{Gateway, State, narrowed},
    names,
    provider::{self, Attempt, Provider, config, write_headers},
};
use crate::{
    config::plugin::RoleName,
    dialect::{
        Ask, Head, Operation, Used,
        pass::{self, Body, files, multipart::Multipart, realtime},
    },
    host::{Action, HeaderPairs, Host, Side},
    ir::{ApiError, ErrorKind},
    policy::keys::Key,
    provider::path,
    route::Plan,
};

/// A body that is passed on as it comes, in the gateway role.
#[derive(Debug)]
pub(super) struct Passing {
    ask: Ask,
    key: Option<Key>,
    content_type: String,
    /// Of the whole body, where the client told it.
    length: Option<u64>,
    /// What reads a form. Files are not read.
    form: Option<Box<Multipart>>,
    /// Bytes that have come.
    seen: u64,
}

/// The client's key: for sessions, browsers have no other place than the subprotocols.
pub(super) fn session_key<'h>(headers: &'h HeaderPairs, name: &str) -> Option<&'h [u8]> {
    let found = headers.get(name);
    if name == "x-api-key" && found.is_none() {
        return realtime::key(headers.get(realtime::PROTOCOL)?);
    }
    found
}

impl Gateway {
    /// Headers of such a request. False: its body must come whole, as that of any other.
    pub(super) fn pass_headers(
        &mut self,
        host: &impl Host,
        (headers, path): (&HeaderPairs, &[u8]),
        ask: Ask,
        key: Option<&Key>,
        end: bool,
    ) -> Result<bool, ApiError> {
        let content_type = String::from_utf8(headers.get("content-type").unwrap_or_default().to_vec());
        let content_type = content_type.unwrap_or_default();
        let length =
            headers.get("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
        let form = match ask {
            Ask::Realtime => None,
            Ask::Files => None,
            _ if end => return Ok(false),
            _ => match Body::of(&content_type)? {
                Body::Json => return Ok(false),
                Body::Form(form) => Some(form),
            },
        };
        self.check_headers(headers)?;
        self.strip(host, headers)?;
        let key = key.cloned();
        let passing = Passing { ask, key, content_type, length, form, seen: 0 };
        let head = match ask {
            Ask::Realtime => realtime::head(path, |name| headers.get(name))?,
            Ask::Files => {
                let method = headers.get(":method").unwrap_or_default();
                files::head(method, path, &passing.content_type, length.filter(|_| !end))?
            }
            _ => {
                self.state = State::Passing;
                self.passing = Some(Box::new(passing));
                return Ok(true);
            }
        };
        self.pass_on(host, head, &passing)?;
        if ask == Ask::Files && !end {
            self.passing = Some(Box::new(passing));
        }
        Ok(true)
    }

    /// The next bytes: before the plan all that have come, after it those that are new.
    pub(super) fn pass_body(&mut self, host: &impl Host, size: usize, end: bool) -> Action {
        let Some(mut passing) = self.passing.take() else { return Action::Continue };
        match self.read_on(host, &mut passing, size, end) {
            Ok(action) => {
                self.passing = Some(passing);
                action
            }
            Err(error) => self.refuse(host, &error),
        }
    }

    fn read_on(
        &mut self,
        host: &impl Host,
        passing: &mut Passing,
        size: usize,
        end: bool,
    ) -> Result<Action, ApiError> {
        let planned = matches!(self.state, State::Planned(_));
        let from = if planned { 0 } else { usize::try_from(passing.seen).unwrap_or(usize::MAX) };
        let mut new = size.saturating_sub(from);
        if let Some(form) = &mut passing.form
            && new > 0
        {
            let bytes = match host.body(Side::Request, from, new) {
                Ok(bytes) => bytes,
                Err(error) => return Err(host_failed("read the request body", error)),
            };
            // Where trailers end it, the host is asked for more than it has.
            new = bytes.len();
            form.push(&bytes)?;
        }
        passing.seen += new as u64;
        self.check_size(passing.seen)?;
        self.room.hold(passing.seen)?;
        if let Some(form) = passing.form.as_ref().filter(|_| end) {
            form.end()?;
        }
        if planned {
            return Ok(Action::Continue);
        }
        let Some(form) = &passing.form else { return Ok(Action::Continue) };
        let length = if end { Some(passing.seen) } else { passing.length };
        let Some(head) = pass::form(passing.ask, &passing.content_type, form, length, end)? else {
            return Ok(Action::Pause);
        };
        self.pass_on(host, head, passing)?;
        Ok(Action::Continue)
    }

    /// Makes the plan and hands the request over.
    fn pass_on(&mut self, host: &impl Host, head: pass::Head, passing: &Passing) -> Result<(), ApiError> {
        let setup = Rc::clone(&self.setup);
        let ask = passing.ask;
        let plan = if ask == Ask::Files {
            let plan = Plan::of_provider(&*setup, files_provider(setup.plugin.files, passing.key.as_ref())?)?;
            // Whoever creates a batch twice pays twice.
            if head.method == "POST" && setup.role() == RoleName::Gateway {
                host.set_header(Side::Request, names::MAX_RETRIES, b"0")
                    .map_err(|error| host_failed("hand over the plan", error))?;
            }
            plan
        } else {
            if let Some(key) = &passing.key {
                key.authorize(&head.model)?;
            }
            let plan = cooling::plan(host, &setup, &head.model, (Operation::Pass, Used::Pass))?;
            narrowed(&setup, self.announced, plan)?
        };
        let exchange = Exchange::new(setup, ask, Head::Pass(Box::new(head)), plan, 0);
        self.hand_over(host, exchange, Vec::new())
    }
}

/// Which provider has the files, if this key may see them.
fn files_provider(provider: Option<usize>, key: Option<&Key>) -> Result<usize, ApiError> {
    let Some(provider) = provider else {
        let message = "Files, batches and uploads are turned off in this gateway. In gateway.yaml, `files: {provider: NAME}` \
                       turns them on.";
        return Err(ApiError::new(ErrorKind::NotFound, message).with_code("files_off"));
    };
    if key.is_some_and(Key::is_restricted) {
        let message =
            "The API key is for some models only, and files and batches may be of any: it may not use them.";
        return Err(ApiError::new(ErrorKind::Permission, message).with_code("files_not_allowed"));
    }
    Ok(provider)
}

/// A body on its way to a provider, in the provider role.
#[derive(Debug, Default)]
pub(super) struct Splice {
    /// Bytes that have passed.
    at: usize,
    /// What is put in the place of these bytes.
    change: Option<(Range<usize>, Vec<u8>)>,
}

impl Splice {
    /// What goes on of the next piece; `None`: all of it as it is.
    fn piece(
        &mut self,
        size: usize,
        read: impl FnOnce() -> Result<Vec<u8>, ApiError>,
    ) -> Result<Option<Vec<u8>>, ApiError> {
        let start = self.at;
        self.at += size;
        let Some((span, text)) = &self.change else { return Ok(None) };
        let begins = (start..self.at).contains(&span.start);
        if !begins && (span.end <= start || span.start >= self.at) {
            return Ok(None);
        }
        let piece = read()?;
        let until = span.start.saturating_sub(start);
        let mut out = Vec::with_capacity(piece.len() + text.len());
        out.extend_from_slice(piece.get(..until).unwrap_or_default());
        if begins {
            out.extend_from_slice(text);
        }
        out.extend_from_slice(piece.get(span.end.saturating_sub(start)..).unwrap_or_default());
        Ok(Some(out))
    }
}

impl Provider {
    /// Writes the headers of a request that is passed on; the body follows by pieces.
    pub(super) fn pass(&mut self, host: &impl Host, attempt: Attempt, secret: Option<&[u8]>) -> Action {
        match write(host, &attempt, secret) {
            Ok(splice) => {
                self.state = provider::State::Splicing { attempt, splice };
                Action::Continue
            }
            Err(error) => self.refuse(host, attempt.exchange.dialect, &error),
        }
    }

    /// The next piece of the body.
    pub(super) fn splice(
        &mut self,
        host: &impl Host,
        attempt: Attempt,
        mut splice: Splice,
        size: usize,
        end: bool,
    ) -> Action {
        let read =
            || host.body(Side::Request, 0, size).map_err(|error| host_failed("read the request body", error));
        let written = splice.piece(size, read).and_then(|piece| match piece {
            Some(piece) => host
                .replace_body(Side::Request, &piece)
                .map_err(|error| host_failed("write the request body", error)),
            None => Ok(()),
        });
        if let Err(error) = written {
            return self.refuse(host, attempt.exchange.dialect, &error);
        }
        self.state =
            if end { provider::sent(attempt) } else { provider::State::Splicing { attempt, splice } };
        Action::Continue
    }
}

fn write(host: &impl Host, attempt: &Attempt, secret: Option<&[u8]>) -> Result<Splice, ApiError> {
    let Head::Pass(head) = &attempt.exchange.head else { return Ok(Splice::default()) };
    let path = path::passed(config(attempt)?, head, &attempt.model)?;
    let change = head.splice(&attempt.model);
    let grown =
        change.as_ref().map_or(0, |(span, text)| text.len() as u64 - span.len().min(text.len()) as u64);
    let shrunk = change.as_ref().map_or(0, |(span, text)| span.len().saturating_sub(text.len()) as u64);
    let length = head.length.map(|length| (length + grown).saturating_sub(shrunk).to_string());
    let mut own: Vec<(&[u8], &[u8])> = Vec::with_capacity(12);
    own.extend([(&b":method"[..], head.method.as_bytes()), (b":path", path.as_bytes())]);
    if !head.content_type.is_empty() {
        own.push((b"content-type", head.content_type.as_bytes()));
    }
    own.extend(length.as_ref().map(|length| (&b"content-length"[..], length.as_bytes())));
    let protocols;
    if let Some(socket) = &head.socket {
        own.extend([(&b"connection"[..], &b"Upgrade"[..]), (b"upgrade", b"websocket")]);
        own.extend(socket.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        protocols = socket.protocols.join(", ");
        if !protocols.is_empty() {
            own.push((realtime::PROTOCOL.as_bytes(), protocols.as_bytes()));
        }
    } else {
        own.push((b"accept", b"*/*"));
    }
    write_headers(host, (&attempt.exchange.setup, attempt.provider), secret, &own, Some(&attempt.exchange))?;
    Ok(Splice { at: 0, change })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However the body comes in pieces, the same goes on.
    #[test]
    fn the_span_is_replaced_wherever_the_pieces_end() {
        let body = b"abcMODELxyz";
        for (span, text, expected) in [
            (3..8, "gpt", "abcgptxyz"),
            (3..8, "a-longer-name", "abca-longer-namexyz"),
            (0..3, "", "MODELxyz"),
            (8..11, "!", "abcMODEL!"),
            (0..0, "new", "newabcMODELxyz"),
            (4..4, "-", "abcM-ODELxyz"),
        ] {
            for first in 0..=body.len() {
                for second in first..=body.len() {
                    let change = Some((span.clone(), text.as_bytes().to_vec()));
                    let mut splice = Splice { at: 0, change };
                    let mut out = Vec::new();
                    for piece in [&body[..first], &body[first..second], &body[second..]] {
                        let sent = splice.piece(piece.len(), || Ok(piece.to_vec())).unwrap();
                        out.extend(sent.unwrap_or_else(|| piece.to_vec()));
                    }
                    assert_eq!(String::from_utf8(out).unwrap(), expected, "{span:?} {first} {second}");
                }
            }
        }
    }
}
