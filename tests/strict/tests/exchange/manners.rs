//! What follows a failure: where the next attempt goes, whether there is one, and what the client is told of it.

use serde_json::json;
use strict::driver::{Answer, Attempt, By, Exchanged, Reply};

use crate::common::*;

fn served() -> Attempt {
    Attempt::at("claude", Answer::json(200, anthropic_reply("Hello.")))
}

fn without_wait(status: u16) -> Answer {
    let mut answer = openai_error(status);
    answer.headers.remove("retry-after");
    answer
}

fn pool(done: &Exchanged) -> &str {
    done.pool.as_ref().map_or("", |pool| &pool.cluster)
}

#[test]
fn a_target_that_asks_to_be_left_alone_is_left_alone() {
    let mut gateway = gateway();
    let first = gateway.exchange(&chat("both", false), &[Attempt::at("openai", openai_error(429)), served()]);
    assert_eq!((pool(&first), first.reply.by), ("pool/openai+claude", By::Provider(1)));
    for stream in [false, true] {
        let next = gateway.exchange(&chat("both", stream), &[]);
        assert_eq!(pool(&next), "claude");
    }
    // Another model of the same provider has its own limit, and who has no other target is not refused.
    assert_eq!(pool(&gateway.exchange(&chat("same", false), &[])), "openai");
    // What a provider says of one model says nothing of another.
    let alone = gateway.exchange(&chat("own", false), &[]);
    assert_eq!(pool(&alone), "openai");
}

#[test]
fn without_a_time_to_wait_nothing_cools() {
    let mut gateway = gateway();
    for status in [429, 503] {
        let plan = [Attempt::at("openai", without_wait(status)), served()];
        assert_eq!(gateway.exchange(&chat("both", false), &plan).reply.by, By::Provider(1));
        assert_eq!(pool(&gateway.exchange(&chat("both", false), &[])), "pool/openai+claude");
    }
}

#[test]
fn no_target_cools_longer_than_the_configuration_allows() {
    let mut gateway = with(|plugin| plugin.cooling_ms = 1);
    let plan = [Attempt::at("openai", openai_error(429)), served()];
    gateway.exchange(&chat("both", false), &plan);
    // The host's clock moves on by a microsecond with each look at it.
    let pools: Vec<String> =
        (0..3000).map(|_| pool(&gateway.exchange(&chat("both", false), &[])).to_owned()).collect();
    assert_eq!(pools.first().map(String::as_str), Some("claude"));
    assert_eq!(pools.last().map(String::as_str), Some("pool/openai+claude"));
}

#[test]
fn the_client_is_told_the_shortest_time_where_all_ask_it_to_wait() {
    let limited = |wait: &str| {
        let body = r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#;
        Answer::json(429, body).with("retry-after", wait)
    };
    let both = |wait: &str| [Attempt::at("openai", openai_error(429)), Attempt::at("claude", limited(wait))];
    for (second, told) in [("3", "3"), ("30", "7")] {
        let done = gateway().exchange(&chat("both", false), &both(second));
        assert_error(&done, 429);
        assert_eq!(
            (done.reply.header("retry-after"), done.reply.header("x-should-retry")),
            (Some(told), Some("true"))
        );
    }
    // One of them may be well at any time.
    let plan = [Attempt::at("openai", without_wait(503)), Attempt::at("claude", limited("30"))];
    let done = gateway().exchange(&chat("both", false), &plan);
    assert_error(&done, 429);
    assert_eq!(done.reply.header("retry-after"), None);
    let exact = Answer::json(429, "{}").with("retry-after-ms", "1500");
    let done = gateway().exchange(&chat("same", false), &[Attempt::at("openai", exact)]);
    assert_eq!(
        (done.reply.header("retry-after"), done.reply.header("retry-after-ms")),
        (Some("2"), Some("1500"))
    );
}

#[test]
fn an_only_target_is_asked_again_where_it_may_do_better_in_a_moment() {
    let again = Attempt::at("openai", Answer::json(200, openai_reply("Hello.")));
    for status in [500, 502, 503, 504, 529, 408] {
        let plan = [Attempt::at("openai", without_wait(status)), again.clone()];
        assert_eq!(gateway().exchange(&chat("same", false), &plan).reply.by, By::Provider(1), "{status}");
    }
    // Nor one that says when to come again.
    let waits = [openai_error(503), openai_error(500)];
    let refuses = [400, 401, 402, 403, 404, 413, 422, 429].map(without_wait);
    for first in refuses.into_iter().chain(waits) {
        let status = first.headers.text(":status").map(str::to_owned);
        let plan = [Attempt::at("openai", first), again.clone()];
        let done = gateway().exchange(&chat("same", false), &plan);
        assert_eq!((done.reply.by, done.sent.len()), (By::Provider(0), 1), "{status:?}");
    }
}

#[test]
fn the_clients_sdk_is_told_whether_to_try_again() {
    let advice = |status| {
        let done =
            gateway().exchange(&chat("same", false), &[Attempt::at("openai", without_wait(status)); 1]);
        done.reply.header("x-should-retry").map(str::to_owned)
    };
    for status in [429, 500, 503, 529, 408] {
        assert_eq!(advice(status).as_deref(), Some("true"), "{status}");
    }
    // The gateway's own account: the client sees a 502 and would try again by its status.
    for status in [401, 402, 403] {
        assert_eq!(advice(status).as_deref(), Some("false"), "{status}");
    }
    assert_eq!(advice(400), None);
    let reset = gateway().exchange(&chat("same", false), &[Attempt::at("openai", Reply::Reset)]);
    assert_eq!(reset.reply.header("x-should-retry"), Some("true"));
    // A provider does not speak to the client's SDK.
    let forged = Answer::json(200, openai_reply("Hello."))
        .with("x-should-retry", "true")
        .with("x-switchyard-attempts", "x");
    let done = gateway().exchange(&chat("same", false), &[Attempt::at("openai", forged)]);
    assert_eq!(
        (done.reply.header("x-should-retry"), done.reply.header("x-switchyard-attempts")),
        (None, None)
    );
}

#[test]
fn which_refusals_are_no_last_word_is_the_configurations_to_say() {
    let refused = |code: &str| {
        let error =
            json!({"error": {"message": "no", "type": "invalid_request_error", "param": null, "code": code}});
        Answer::json(400, error.to_string())
    };
    let asked = |code: &str, context_length, content_policy| {
        let mut gateway = with(|plugin| {
            let all = plugin.models.iter_mut().map(|model| &mut model.elsewhere);
            all.for_each(|allowed| {
                (allowed.context_length, allowed.content_policy) = (context_length, content_policy)
            });
        });
        gateway.exchange(&chat("both", false), &[Attempt::at("openai", refused(code)), served()]).sent.len()
    };
    assert_eq!(asked("context_length_exceeded", true, false), 2);
    assert_eq!(asked("context_length_exceeded", false, true), 1);
    assert_eq!(asked("content_policy_violation", false, true), 2);
    assert_eq!(asked("content_policy_violation", true, false), 1);
    assert_eq!(asked("invalid_value", true, true), 1);
}

#[test]
fn attempts_are_listed_where_that_is_asked_for() {
    let plan = [Attempt::at("openai", without_wait(503)), served()];
    let header = "x-switchyard-attempts";
    assert_eq!(gateway().exchange(&chat("both", false), &plan).reply.header(header), None);
    let listed = |plan: &[Attempt]| {
        let done = with(|plugin| plugin.list_attempts = true).exchange(&chat("both", false), plan);
        let list = done.reply.header(header).unwrap_or_default().to_owned();
        // The times are those of this machine.
        let parts = list.split(", ").map(|part| part.rsplit_once(";ms=").unwrap_or((part, "")));
        assert!(parts.clone().all(|(_, ms)| ms.parse::<u32>().is_ok()), "{list}");
        parts.map(|(part, _)| part.to_owned()).collect::<Vec<_>>()
    };
    let (openai, claude) = (r#""openai";model="gpt-x""#, r#""claude";model="claude-x""#);
    assert_eq!(listed(&plan), [format!("{openai};status=503"), format!("{claude};status=200")]);
    let reset = [Attempt::at("openai", Reply::Reset), served()];
    assert_eq!(listed(&reset), [format!("{openai};error"), format!("{claude};status=200")]);
    let lost = [Attempt::at("openai", without_wait(500)), Attempt::at("claude", Reply::Reset)];
    assert_eq!(listed(&lost), [format!("{openai};status=500"), format!("{claude};error")]);
}

#[test]
fn an_answer_that_declines_is_no_last_word_either_where_the_configuration_says_so() {
    let declined = |text: &str| {
        let mut reply: serde_json::Value = serde_json::from_str(&anthropic_reply(text)).unwrap();
        reply["stop_reason"] = "refusal".into();
        if text.is_empty() {
            reply["content"] = json!([]);
        }
        Attempt::at("claude", Answer::json(200, reply.to_string()))
    };
    let asked = |first: Attempt, content_policy| {
        let mut gateway = with(|plugin| {
            let model = &mut plugin.models[0];
            model.targets.reverse();
            model.elsewhere.content_policy = content_policy;
        });
        gateway.exchange(
            &chat("both", false),
            &[first, Attempt::at("openai", Answer::json(200, openai_reply("Hello.")))],
        )
    };
    assert_eq!(asked(declined(""), true).reply.by, By::Provider(1));
    assert_eq!(asked(declined(""), false).reply.by, By::Provider(0));
    assert_eq!(asked(declined("I will not."), true).reply.by, By::Provider(0));
    // The last target's answer is the client's, as it is.
    let plan = [Attempt::at("openai", openai_error(503)), declined("")];
    let done =
        with(|plugin| plugin.models[0].elsewhere.content_policy = true).exchange(&chat("both", false), &plan);
    assert_eq!(
        (done.reply.status(), json_of(&done)["choices"][0]["finish_reason"].as_str()),
        (200, Some("content_filter"))
    );
}

#[test]
fn a_provider_that_quotes_its_credential_quotes_it_to_nobody() {
    let secret = "zq9-of-no-known-form";
    let mut gateway = with(|plugin| {
        let secret = secret.to_owned();
        plugin.providers[0].secret = Some(switchyard::config::plugin::Secret::Value(secret));
    });
    let error = json!({"error": {"message": format!("Bad field; you sent {secret}."), "type": "invalid_request_error"}});
    let done = gateway
        .exchange(&chat("same", false), &[Attempt::at("openai", Answer::json(400, error.to_string()))]);
    assert_eq!(done.sent[0].headers.text("authorization"), Some(format!("Bearer {secret}").as_str()));
    assert_eq!(json_of(&done)["error"]["message"], "Bad field; you sent [removed].");
}
