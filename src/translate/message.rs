//! Requests in the words of Messages.

use super::{Outcome, operation::outcome, passes, refuse, request::write};
use crate::{
    dialect::{
        Dialect, Used,
        messages::{
            parse::{self, Form},
            scan::Head,
        },
    },
    ir::ApiError,
    provider::{
        Format, Upstream, anthropic,
        fate::{self, Target},
    },
};

/// As [`super::any_request`].
pub(super) fn request(
    format: Format,
    body: &[u8],
    head: &Head,
    upstream: &Upstream<'_>,
    betas: &mut Vec<&str>,
    out: &mut Vec<u8>,
) -> Result<Outcome, ApiError> {
    // The gateway leaves such targets out before it comes to this.
    refuse(format, upstream, Used::Messages(head.fields))?;
    if passes(Dialect::Messages, format) {
        return anthropic::pass::request(body, head, format, upstream, betas, out).map(outcome);
    }
    let lacks = upstream.quirks.lacks();
    let target = Target { format, model: upstream.model, facts: upstream.facts, lacks };
    let form = if fate::messages::takes_no_schema(&target) { Form::Words } else { Form::Schema };
    let written = write(&parse::parse_for(body, form)?, format, upstream, betas, out);
    // Writers name places of the intermediate form.
    written.map_err(|error| parse::place::told(error, body, form))?;
    Ok(Outcome::Replaced)
}
