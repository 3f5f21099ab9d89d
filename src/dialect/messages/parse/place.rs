//! Where in a client's request is what a provider's writer names, which knows only the intermediate form.

use super::{Form, read};
use crate::ir::ApiError;

/// Members of another name in a Messages request.
const NAMES: &[(&str, &str)] = &[
    ("response_format", "output_config.format"),
    ("reasoning_effort", "output_config.effort"),
    ("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"),
    ("stop", "stop_sequences"),
    ("user", "metadata.user_id"),
];

/// `error` with the place in the words of the client that sent `body`, of which a request was made in this form. Only for
/// errors: the body is read again.
pub(crate) fn told(mut error: ApiError, body: &[u8], form: Form) -> ApiError {
    let Some(param) = error.param.take() else { return error };
    let place = spelled(&param, body, form);
    error.message = error.message.replace(&param, &place);
    error.param = Some(place);
    error
}

fn spelled(param: &str, body: &[u8], form: Form) -> String {
    if let Some((index, rest)) = index(param, "messages[") {
        let origins = read(body, form).map(|(_, origins)| origins).unwrap_or_default();
        return match origins.get(index) {
            // Which block it is, is not known: blocks are split, joined and left out.
            Some(Some(index)) if rest.is_empty() => format!("messages[{index}]"),
            Some(Some(index)) => format!("messages[{index}].content"),
            Some(None) => "system".to_owned(),
            None => "messages".to_owned(),
        };
    }
    if let Some((index, rest)) = index(param, "tools[") {
        let rest = rest.replace(".function.parameters", ".input_schema").replace(".function", "");
        return match super::tools::positions(body).get(index) {
            Some(index) => format!("tools[{index}]{rest}"),
            None => "tools".to_owned(),
        };
    }
    let root = param.split(['.', '[']).next().unwrap_or_default();
    let name = NAMES.iter().find(|(name, _)| *name == root);
    name.map_or_else(|| param.to_owned(), |(_, name)| (*name).to_owned())
}

/// The index in `messages[3].content`, and what follows it.
fn index<'p>(param: &'p str, list: &str) -> Option<(usize, &'p str)> {
    let (index, rest) = param.strip_prefix(list)?.split_once(']')?;
    Some((index.parse().ok()?, rest))
}
