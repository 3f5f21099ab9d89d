//! A Completions request into the intermediate form: one message of a user's.

use crate::{
    dialect::{
        chat::parse::{Body, request},
        node::{Node, Path},
    },
    ir::{ApiError, Message, Part, Request, Role},
};

/// Members that say something else in a chat request, or nothing.
const ONLY_HERE: &[&str] = &["prompt", "best_of", "logprobs", "echo", "suffix"];

/// Reads a whole Completions request. Its other members mean what they mean in a chat request; those of a request that no
/// target had to refuse say nothing.
///
/// # Errors
///
/// [`crate::ir::ErrorKind::InvalidRequest`], naming the field in `param`.
pub fn parse(body: &[u8]) -> Result<Request<'_>, ApiError> {
    let mut body = Body::read(body)?;
    let at = body.extra.iter().position(|(name, _)| name == "prompt");
    let raw = at.map(|at| body.extra.swap_remove(at).1);
    body.extra.retain(|(name, _)| !ONLY_HERE.contains(&name.as_ref()));
    let path = &Path::Root.key("prompt");
    let prompt = raw.map_or(Ok(Node::Null), |raw| serde_json::from_str(raw.get()));
    let text = match prompt.map_err(|error| path.error(format_args!("cannot be read: {error}")))? {
        Node::Array(list) => list.into_iter().next().unwrap_or(Node::Null).string(path)?,
        other => other.string(path)?,
    };
    let parts = vec![Part::Text { text, cache: None }];
    request(body, vec![Message { role: Role::User, parts, name: None, signature: None }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_is_a_users_message() {
        for prompt in [r#""say \"hi\"""#, r#"["say \"hi\""]"#] {
            let body =
                format!(r#"{{"model":"m","prompt":{prompt},"max_tokens":9,"stop":"x","logprobs":0,"y":1}}"#);
            let request = parse(body.as_bytes()).unwrap();
            assert_eq!(request.max_tokens, Some(9));
            assert_eq!(request.stop, ["x"]);
            assert_eq!(request.extra.len(), 1);
            let [Message { role: Role::User, parts, .. }] = &request.messages[..] else { panic!() };
            assert!(matches!(&parts[..], [Part::Text { text, .. }] if text == "say \"hi\""));
        }
        let error = parse(br#"{"model":"m","prompt":"a","temperature":3}"#).unwrap_err();
        assert_eq!(error.param.as_deref(), Some("temperature"));
    }
}
