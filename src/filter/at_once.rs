//! A request whose headers go on before its body is known: they are written for a provider that the configuration, or the
//! client's own header, tells; the body follows translated for it.

use std::rc::Rc;

use super::{
    cooling,
    gateway::State,
    names,
    provider::{self, Attempt, named_betas, read_body, row, translate_request, write_headers},
    setup::Setup,
    standalone::Standalone,
};
use crate::{
    dialect::{Ask, Operation, Used},
    host::{Action, Host},
    ir::ApiError,
    provider::{anthropic::beta, path},
    translate::Outcome,
};

/// Writes the headers of a request, before its body is known.
///
/// # Errors
///
/// Where neither the configuration nor the client tells the provider, or it has no endpoint for what is asked.
pub(super) fn announce(standalone: &mut Standalone, host: &impl Host) -> Result<(), ApiError> {
    let gateway = &mut standalone.gateway;
    let State::Body { ask, betas, .. } = &gateway.state else { return Ok(()) };
    let operation = operation(*ask);
    let provider = chosen(host, &gateway.setup, standalone.named.as_deref(), operation)?;
    let row = row(&gateway.setup, provider)?;
    // No path of such a configuration has a place for the model.
    let path = path::of(row, operation, "", false)?;
    let betas = named_betas(row, betas).join(",");
    let mut own: Vec<(&[u8], &[u8])> = vec![
        (b":method", b"POST"),
        (b":path", path.as_bytes()),
        (b"content-type", b"application/json"),
        // Which of the two is not known yet. How long the body will be is not either: it goes in chunks.
        (b"accept", b"application/json, text/event-stream"),
    ];
    if !betas.is_empty() {
        own.push((beta::HEADER.as_bytes(), betas.as_bytes()));
    }
    write_headers(host, (&gateway.setup, provider), None, &own, None)?;
    gateway.announced = Some(provider);
    standalone.betas = betas;
    Ok(())
}

/// Translates the body for the provider that the headers were written for. `size`: all that has come.
pub(super) fn finish(standalone: &mut Standalone, host: &impl Host, size: usize) -> Action {
    let State::Planned(opened) = &standalone.gateway.state else { return Action::Continue };
    let exchange = Rc::clone(opened.exchange());
    let Some(step) = exchange.plan.steps.first() else { return Action::Continue };
    let attempt =
        Attempt { exchange: Rc::clone(&exchange), provider: step.lane.provider, model: step.model.clone() };
    exchange.attempts.begin(0, 0);
    let mut out = Vec::new();
    let action = match translate(standalone, host, &attempt, size, &mut out) {
        Ok(Outcome::AsIs) => {
            standalone.provider.state = provider::sent(attempt);
            Action::Continue
        }
        Ok(Outcome::Replaced) => standalone.provider.replace_body(host, attempt, &out, true),
        Err(error) => standalone.provider.refuse(host, exchange.dialect, &error),
    };
    standalone.settle();
    action
}

fn translate(
    standalone: &Standalone,
    host: &impl Host,
    attempt: &Attempt,
    size: usize,
    out: &mut Vec<u8>,
) -> Result<Outcome, ApiError> {
    let exchange = &attempt.exchange;
    if let Some(named) = &standalone.named
        && named != exchange.head.model().as_bytes()
    {
        let message = format!("The header `{}` names another model than the body.", names::MODEL);
        return Err(ApiError::invalid("model", message));
    }
    let read;
    let body = match &exchange.body {
        Some(body) => body,
        None => {
            read = read_body(host, size)?;
            &read
        }
    };
    let (outcome, betas) = translate_request(attempt, body, out)?;
    if betas == standalone.betas {
        return Ok(outcome);
    }
    let message = format!(
        "The request needs the header `{}: {betas}` at its provider, which this gateway's host cannot add. The operator can: \
         in `headers` of the provider in gateway.yaml.",
        beta::HEADER
    );
    Err(ApiError::invalid(beta::HEADER, message).with_code("unsupported_parameter"))
}

/// The provider that a request is for. `named`: the model that the client named in its header.
fn chosen(
    host: &impl Host,
    setup: &Setup,
    named: Option<&[u8]>,
    operation: Operation,
) -> Result<usize, ApiError> {
    if let Some(model) = named {
        let wrong =
            |_| ApiError::invalid(names::MODEL, format!("The header `{}` is not UTF-8.", names::MODEL));
        let model = std::str::from_utf8(model).map_err(wrong)?;
        let plan = cooling::plan(host, setup, model, (operation, Used::Pass))?;
        return Ok(plan.steps.first().map_or(0, |step| step.lane.provider));
    }
    if setup.plugin.providers.len() == 1 {
        return Ok(0);
    }
    let message = format!(
        "This gateway has several providers and must know the model before the body: name it in the header `{}` too.",
        names::MODEL
    );
    Err(ApiError::invalid(names::MODEL, message).with_code("missing_header"))
}

/// What a request asks for, as far as its endpoint tells.
fn operation(ask: Ask) -> Operation {
    match ask {
        Ask::CountMessages | Ask::CountResponses => Operation::Count,
        Ask::Embeddings => Operation::Embeddings,
        Ask::Rerank => Operation::Rerank,
        _ if ask.is_passed() => Operation::Pass,
        _ => Operation::Chat,
    }
}
