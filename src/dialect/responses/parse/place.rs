//! The client's words in errors that name places of the intermediate form.

use crate::ir::{ApiError, Role};

/// Members of a chat request, by which writers call what they cannot write, and what a Responses request calls them.
const NAMES: &[(&str, &str)] = &[
    ("max_completion_tokens", "max_output_tokens"),
    ("max_tokens", "max_output_tokens"),
    ("response_format", "text.format"),
    ("reasoning_effort", "reasoning.effort"),
    ("verbosity", "text.verbosity"),
];

/// An error of a writer, in the words of the request `body` that it was read from.
pub(crate) fn told(mut error: ApiError, body: &[u8]) -> ApiError {
    let Some(param) = error.param.take() else { return error };
    let spelled = spelled(&param, body);
    error.message = error.message.replace(&["`", &param, "`"].concat(), &["`", &spelled, "`"].concat());
    error.param = Some(spelled);
    error
}

fn spelled(param: &str, body: &[u8]) -> String {
    let end = param.find(['.', '[']).unwrap_or(param.len());
    let (name, rest) = param.split_at(end);
    match name {
        "messages" => message(rest, body),
        // The list of tools is another one here: namespaces hold several.
        "tools" => name.to_owned(),
        _ => {
            let known = NAMES.iter().find(|(chat, _)| *chat == name);
            known.map_or(param, |(_, ours)| ours).to_owned()
        }
    }
}

/// The item that a message begins with; `rest` is what follows `messages`.
fn message(rest: &str, body: &[u8]) -> String {
    let input = || "input".to_owned();
    let Some((index, rest)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return input();
    };
    let (Ok(index), Ok((request, places))) = (index.parse::<usize>(), super::placed(body)) else {
        return input();
    };
    let (Some(message), Some(place)) = (request.messages.get(index), places.get(index)) else {
        return input();
    };
    let Some(place) = place else { return "instructions".to_owned() };
    let mut item = ["input[", &place.to_string(), "]"].concat();
    match message.role {
        // A turn may be several items.
        Role::Assistant => {}
        Role::Tool => item.push_str(&rest.replacen(".content", ".output", 1)),
        Role::System | Role::Developer | Role::User => item.push_str(rest),
    }
    item
}
