//! The way of a reply to the client.

use super::run::Play;
use crate::{
    driver::{Answer, By, End, Eos},
    headers::HeaderMap,
    nginx::{
        request::{Chain, Reply},
        worker::Turn,
    },
    stream::Callback,
};

/// Headers of an upstream that nginx keeps to itself.
const HIDDEN: [&str; 6] =
    ["connection", "keep-alive", "transfer-encoding", "x-pad", "x-accel-redirect", "x-accel-buffering"];

/// What a pause in the body does.
#[derive(Default)]
struct Keeping {
    /// It was asked for once: a second one is ignored (observed).
    asked: bool,
    /// It lasts: what came.
    kept: Option<Vec<Vec<u8>>>,
}

impl Play<'_> {
    /// Plays a reply of an upstream, of the filter, or of nginx itself.
    pub(super) fn reply(&mut self, by: By, answer: &Answer) {
        let mut headers = answer.headers.clone();
        HIDDEN.iter().for_each(|name| headers.remove(name));
        let framed = headers.get("content-length").is_some();
        let count = headers.len();
        self.out.reply.by = by;
        self.worker.request(self.context).reply = Some(Reply { headers, ..Reply::default() });
        let turn = self.worker.headers(self.context, Callback::ResponseHeaders, count);
        if turn == Turn::Pause {
            // Observed.
            self.worker.violation(self.context, Callback::ResponseHeaders, "a pause here only warns");
        }
        if self.is_dead() {
            self.out.reply.by = By::Nobody;
            return;
        }
        let Some(reply) = &mut self.worker.request(self.context).reply else { return };
        reply.frozen = true;
        let prepended = std::mem::take(&mut reply.chunk).bytes();
        self.out.reply.headers = Some(reply.headers.clone());
        self.forward(prepended);
        self.body(answer, framed);
        self.close_reply();
    }

    fn body(&mut self, answer: &Answer, framed: bool) {
        let mut keeping = Keeping::default();
        let whole = matches!(answer.end, End::Whole(_));
        let with_last = answer.end == End::Whole(Eos::WithLast) && answer.chunks.len() == 1;
        for chunk in &answer.chunks {
            if self.left() {
                return;
            }
            // Observed: the end of a body with a content-length is never told where it comes in several pieces. Strict:
            // where it comes in one, it may be, or not.
            self.piece(&mut keeping, chunk.clone(), framed && with_last);
        }
        // Observed: any other ends with an empty piece, and an aborted one without.
        if whole && (!framed || answer.chunks.is_empty()) && !self.left() {
            self.piece(&mut keeping, Vec::new(), true);
        }
        if keeping.kept.is_some() && whole {
            let what = "keeps a reply whose end is never told: the client waits for ever";
            self.worker.violation(self.context, Callback::ResponseBody, what);
            return;
        }
        self.out.reply.complete = whole && !self.left();
    }

    fn piece(&mut self, keeping: &mut Keeping, chunk: Vec<u8>, end: bool) {
        let Some(mut kept) = keeping.kept.take() else {
            return self.deliver(keeping, vec![chunk], end);
        };
        kept.push(chunk);
        // Observed: the callback that follows sees all of it, without the end where the buffers are full before.
        if end || kept.iter().map(Vec::len).sum::<usize>() >= self.route.reply_buffer {
            self.deliver(keeping, kept, end);
        } else {
            keeping.kept = Some(kept);
        }
    }

    fn deliver(&mut self, keeping: &mut Keeping, buffers: Vec<Vec<u8>>, end: bool) {
        let buffers: Vec<_> = buffers.into_iter().filter(|buffer| !buffer.is_empty()).collect();
        let chunk = Chain(buffers.clone());
        let length = chunk.len();
        let Some(reply) = &mut self.worker.request(self.context).reply else { return };
        reply.chunk = chunk;
        match self.worker.body(self.context, Callback::ResponseBody, length, end) {
            Turn::Trap => self.forward(buffers.concat()),
            Turn::Pause if !keeping.asked => {
                keeping.asked = true;
                // Observed: at the end it calls back with the same.
                if end { self.deliver(keeping, buffers, end) } else { keeping.kept = Some(buffers) }
            }
            Turn::Pause | Turn::Continue => {
                let reply = self.worker.request(self.context).reply.as_mut();
                let bytes = reply.map(|reply| std::mem::take(&mut reply.chunk).bytes());
                self.forward(bytes.unwrap_or_default());
            }
        }
    }

    fn forward(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.out.reply.chunks.push(bytes);
        }
    }

    /// The client closed the connection.
    fn left(&self) -> bool {
        self.leaves_after.is_some_and(|after| self.out.reply.chunks.len() >= after)
    }

    /// Observed: more than the content-length is cut, and with less the client waits.
    fn close_reply(&mut self) {
        let length = |headers: &HeaderMap| headers.text("content-length")?.parse::<usize>().ok();
        let told = self.out.reply.headers.as_ref().and_then(length);
        let (Some(told), true) = (told, self.out.reply.complete) else { return };
        let mut body = self.out.reply.body();
        if body.len() == told {
            return;
        }
        let line = format!("the reply to the client has {} bytes and a content-length of {told}", body.len());
        self.worker.vm().host_mut().violations.push(line);
        self.out.reply.complete = body.len() > told;
        if body.len() > told {
            body.truncate(told);
            self.out.reply.chunks = vec![body];
        }
    }
}
