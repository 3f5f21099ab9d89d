//! A reply that did not serve the request: an error in its place, marked for what Envoy is to do about it.

use super::{Phase, ReplyState, head::reaches_client};
use crate::{
    config::plugin::RoleName,
    filter::{
        cooling,
        effect::{self, host_failed},
        exchange::{Answer, Exchange},
        names, pass_reply,
        provider::config,
    },
    host::{Action, HeaderPairs, Host, Side},
    ir::ApiError,
    provider::wait,
    translate::{self, Verdict},
};

/// An attempt that did not serve the request.
pub(super) struct Failure {
    /// As the client is told.
    pub(super) error: ApiError,
    pub(super) verdict: Verdict,
    /// The header that says whether to try again.
    pub(super) advice: Option<(&'static [u8], &'static [u8])>,
}

impl ReplyState {
    /// As [`Self::fail`], for a reply whose headers are held and whose body is in the host's hands.
    pub(super) fn fail_held(&mut self, host: &impl Host, error: ApiError, end: bool) -> Action {
        let phase = std::mem::replace(&mut self.phase, Phase::Finished);
        let headers = match phase {
            Phase::Whole { headers, .. } | Phase::Held { headers, .. } => Some(headers),
            _ => None,
        };
        let action = self.fail(host, error, headers.as_ref(), false);
        self.on_body(host, 0, end);
        action
    }

    /// Puts an error in the place of the reply, marked for what Envoy is to do about it.
    pub(super) fn fail(
        &mut self,
        host: &impl Host,
        error: ApiError,
        headers: Option<&HeaderPairs>,
        bodyless: bool,
    ) -> Action {
        let exchange = &self.attempt.exchange;
        let Failure { error, verdict, advice } = self.judge(host, error, headers);
        let mut body = Vec::with_capacity(256);
        translate::write_error(exchange.dialect, &error, &mut body);
        let status = translate::error_status(exchange.dialect, &error).to_string();
        let length = body.len().to_string();
        let mut pairs: Vec<(&[u8], &[u8])> = Vec::with_capacity(12);
        pairs.push((b":status", status.as_bytes()));
        let retry = is_worth_another(&verdict, exchange);
        let marks = [(true, names::FAILED), (retry, names::RETRY), (verdict.unwell, names::UNWELL)];
        // In one pass nobody reads them but the client.
        let marks: &[_] = if exchange.setup.role() == RoleName::Standalone { &[] } else { &marks };
        pairs.extend(marks.iter().filter(|(set, _)| *set).map(|(_, name)| (name.as_bytes(), &b"1"[..])));
        // A reply without a body cannot be given one here: the gateway role answers in its place.
        if !bodyless {
            pairs.extend([
                (&b"content-type"[..], &b"application/json"[..]),
                (b"content-length", length.as_bytes()),
            ]);
        }
        let wait = effect::wait(&error);
        pairs.extend(wait.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        pairs.extend(advice);
        let passed = headers.into_iter().flat_map(HeaderPairs::iter).filter(|(name, _)| reaches_client(name));
        pairs.extend(passed);
        exchange.answer.set(Answer::Failed);
        if let Err(error) = host.replace_headers(Side::Reply, &pairs) {
            host_failed("write the reply headers", error);
        }
        exchange.error.replace(Some(error));
        self.phase = Phase::Failing { body };
        Action::Continue
    }

    /// What a failure means, and how the client is told of it.
    pub(super) fn judge(
        &self,
        host: &impl Host,
        mut error: ApiError,
        headers: Option<&HeaderPairs>,
    ) -> Failure {
        let exchange = &self.attempt.exchange;
        let provider = config(&self.attempt).ok().map(|row| row.name.as_str());
        self.heed_wait(host, &mut error, headers);
        let mut verdict =
            Verdict::of(&error, exchange.setup.sole_model(self.attempt.provider), exchange.plan.elsewhere);
        pass_reply::judge(&mut verdict, exchange, &error);
        // Who says when to come again is not asked before.
        verdict.again &= error.retry_after.is_none();
        let advice = effect::advice(&error);
        let mut error = error.for_client(provider);
        if let Some(secret) = exchange.setup.secret(self.attempt.provider) {
            error.remove(&secret);
        }
        error.retry_after = exchange.attempts.wait();
        Failure { error, verdict, advice }
    }

    /// Notes how the attempt ended. Its target cools where the provider wants not to be asked for a while.
    fn heed_wait(&self, host: &impl Host, error: &mut ApiError, headers: Option<&HeaderPairs>) {
        let exchange = &self.attempt.exchange;
        let status = error.upstream_status.unwrap_or(200);
        if !cooling::cools(error) {
            return exchange.attempts.answered(status, None);
        }
        let now = host.millis();
        let told = headers.and_then(|headers| wait::of_headers(|name| headers.get(name), now));
        error.retry_after = told.or(error.retry_after);
        exchange.attempts.answered(status, error.retry_after);
        if let (Some(wait), Ok(row)) = (error.retry_after, config(&self.attempt)) {
            let most = exchange.setup.plugin.cooling_ms;
            cooling::cool(host, (&row.name, &self.attempt.model), now, wait.min(most));
        }
    }
}

/// Whether a failed attempt is to be followed by another one: at a target that has not been asked, or at the same one where
/// it is the only one and may do better in a moment. Envoy's limits on attempts and second tries hold all the same.
fn is_worth_another(verdict: &Verdict, exchange: &Exchange) -> bool {
    match exchange.plan.steps.len() {
        0 | 1 => verdict.again,
        // Where Envoy has left out the others it may choose the same one again, which answers what it answered before.
        steps => {
            verdict.elsewhere
                && exchange.attempts.is_one_left(steps)
                && (verdict.again || !exchange.attempts.is_again())
        }
    }
}
