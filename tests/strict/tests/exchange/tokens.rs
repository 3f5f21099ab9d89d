//! Access tokens, in a VM that enforces Envoy's rules: got by a call from the root context, used by attempts.

use serde_json::json;
use strict::{
    driver::{Answer, Attempt, Gateway},
    host::Host,
};
use switchyard::config::plugin::{RoleName, Secret, Token};

use crate::common::*;

const CLUSTER: &str = "token/tokens.test:443";

/// The gateway whose OpenAI wants a token; `key` is shown for it.
fn gateway_with(key: Option<Secret>, prepare: impl FnOnce(&mut Host)) -> Gateway {
    let document = |role| {
        let mut plugin = plugin(role);
        plugin.providers[0].secret = Some(Secret::Token(Token {
            cluster: CLUSTER.into(),
            scheme: "https".into(),
            authority: "tokens.test".into(),
            path: "/token".into(),
            key: key.clone().map(Box::new),
            client: None,
            scope: None,
        }));
        serde_json::to_vec(&plugin).unwrap()
    };
    let env = [("ANTHROPIC_API_KEY", ANTHROPIC_KEY)];
    let mut gateway =
        Gateway::start(compiled(), &document(RoleName::Gateway), &document(RoleName::Provider), &env)
            .unwrap();
    prepare(gateway.vm().host_mut());
    gateway
}

fn openai() -> Attempt {
    Attempt::at("openai", Answer::json(200, openai_reply("Hello.")))
}

fn claude() -> Attempt {
    Attempt::at("claude", Answer::json(200, anthropic_reply("Hello.")))
}

#[test]
fn a_token_of_the_metadata_server_is_used_once_it_is_there() {
    let mut gateway = gateway_with(None, |host| host.clusters.push(CLUSTER.into()));
    // No token yet: another provider serves, or nobody does.
    let done = gateway.exchange(&chat("both", false), &[claude()]);
    assert_eq!((done.sent.len(), done.reply.status()), (1, 200));
    assert_eq!(done.sent[0].lane.provider, "claude");
    let done = gateway.exchange(&chat("same", false), &[]);
    assert_eq!((done.sent.len(), done.reply.status()), (0, 503));
    assert_eq!(json_of(&done)["error"]["code"], "no_credential");
    assert_eq!(done.reply.header("retry-after"), Some("1"));

    gateway.tick().unwrap();
    gateway.tick().unwrap();
    let calls = &gateway.vm().host().calls;
    assert_eq!((calls.len(), calls[0].cluster.as_str(), calls[0].body.len()), (1, CLUSTER, 0));
    assert_eq!(calls[0].headers.text("metadata-flavor"), Some("Google"));
    gateway.vm().answer_call(1, Some((200, r#"{"access_token":"ya29.one","expires_in":3600}"#))).unwrap();
    let done = gateway.exchange(&chat("both", false), &[openai()]);
    assert_eq!(done.sent[0].headers.text("authorization"), Some("Bearer ya29.one"));
    assert_eq!(done.sent[0].headers.pairs().iter().filter(|(name, _)| name == b"authorization").count(), 1);
    assert_eq!(gateway.vm().take_violations(), [""; 0]);
}

#[test]
fn an_assertion_is_signed_by_the_host_and_shown() {
    let key = json!({"type": "service_account", "client_email": "a@b.test", "private_key_id": "1",
        "private_key": "-----BEGIN PRIVATE KEY-----\nPRIVATE\n-----END PRIVATE KEY-----\n"});
    let mut gateway = gateway_with(Some(Secret::Value(key.to_string())), |host| {
        host.clusters.push(CLUSTER.into());
        host.signature = Some(b"\xff\xff\xff".to_vec());
    });
    gateway.tick().unwrap();
    let host = gateway.vm().host();
    let signed = &host.signed[0];
    assert!(
        signed.starts_with(b"\x0a\x06sha256\x1a") && signed.windows(7).any(|window| window == b"PRIVATE")
    );
    let body = String::from_utf8(host.calls[0].body.clone()).unwrap();
    assert!(
        body.starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJ"),
        "{body}"
    );
    assert!(body.ends_with(".____") && !body.contains("PRIVATE"), "{body}");
    assert_eq!(gateway.vm().take_violations(), [""; 0]);
}

#[test]
fn a_token_endpoint_that_fails_in_any_way_costs_only_its_provider() {
    for reply in [None, Some((500, "")), Some((200, "{}")), Some((200, r#"{"access_token":"a b"}"#))] {
        let mut gateway = gateway_with(None, |host| host.clusters.push(CLUSTER.into()));
        gateway.tick().unwrap();
        gateway.vm().answer_call(1, reply).unwrap();
        let done = gateway.exchange(&chat("both", false), &[claude()]);
        assert_eq!((done.sent[0].lane.provider.as_str(), done.reply.status()), ("claude", 200));
        assert!(gateway.vm().host().logs.iter().any(|(_, text)| text.contains("no new token")));
    }
    // No such cluster, and a host that does not sign.
    let mut gateway = gateway_with(None, |_| ());
    gateway.tick().unwrap();
    assert!(gateway.vm().host().logs.iter().any(|(_, text)| text.contains("is not to be reached")));
}
