//! What a request may cost: host calls, and bytes copied across the ABI.
//!
//! Each call and each copy is time in Envoy's worker. The budgets stand slightly above what is measured, so that a
//! further call or copy is seen; lower them when the cost falls. `--nocapture` prints what is measured.

mod common;

use common::{cases::Plays, *};
use serde_json::json;
use strict::driver::{Answer, Attempt, Request};

/// What may be spent.
struct Budget {
    /// Calls from the guest.
    calls: u64,
    /// Bytes copied, both ways.
    bytes: u64,
    /// Calls into the guest: callbacks and allocations.
    guest: u64,
}

#[track_caller]
fn hold(name: &str, request: &Request, attempt: Attempt, budget: &Budget) {
    hold_on(&mut gateway(), name, request, attempt, budget);
}

#[track_caller]
fn hold_on(host: &mut impl Plays, name: &str, request: &Request, attempt: Attempt, budget: &Budget) {
    // The second is measured: the first may set up what the next ones use.
    host.plays(request, std::slice::from_ref(&attempt));
    let done = host.plays(request, std::slice::from_ref(&attempt));
    assert_eq!(done.reply.status(), 200, "{name}");
    let (spent, guest) = (done.counts.total(), done.counts.guest_total());
    println!(
        "{name}: {} host calls, {} bytes, {guest} calls into the guest\n{}",
        spent.calls,
        spent.bytes(),
        done.counts
    );
    let over = spent.calls > budget.calls || spent.bytes() > budget.bytes || guest > budget.guest;
    let Budget { calls, bytes, guest: into } = budget;
    assert!(!over, "{name}: the budget is {calls} host calls, {bytes} bytes, {into} calls into the guest");
    let far = |budget: u64, spent: u64| budget > spent + spent / 8 + 2;
    let slack = far(*calls, spent.calls) || far(*bytes, spent.bytes()) || far(*into, guest);
    assert!(!slack, "{name}: the budget is far above the cost, which is {spent:?}: lower it");
}

/// A chat request of about 1 KB.
fn kilobyte(model: &str, stream: bool) -> Request {
    let mut body = chat_body(model, stream);
    body["messages"] = json!([{"role": "user", "content": "word ".repeat(180)}]);
    post(&body)
}

#[test]
fn same_format_one_kilobyte() {
    let reply = openai_reply(&"word ".repeat(150));
    let attempt = Attempt::at("openai", Answer::json(200, reply));
    hold(
        "same format, 1 KB",
        &kilobyte("same", false),
        attempt,
        &Budget { calls: 13, bytes: 4200, guest: 25 },
    );
}

#[test]
fn converted_one_kilobyte() {
    let reply = anthropic_reply(&"word ".repeat(150));
    let attempt = Attempt::at("claude", Answer::json(200, reply));
    hold(
        "converted, 1 KB",
        &kilobyte("other", false),
        attempt,
        &Budget { calls: 15, bytes: 5300, guest: 25 },
    );
}

#[test]
fn converted_stream_of_200_events() {
    let events = anthropic_events(&["word "; 200]);
    let attempt = Attempt::at("claude", Answer::events(events));
    let budget = Budget { calls: 430, bytes: 71_000, guest: 650 };
    hold("converted stream, 200 events", &kilobyte("other", true), attempt, &budget);
}

/// One pass on Kong.
#[test]
fn on_kong() {
    let whole = Attempt::at("claude", Answer::json(200, anthropic_reply(&"word ".repeat(150))));
    let budget = Budget { calls: 24, bytes: 5300, guest: 18 };
    hold_on(&mut kong(), "Kong, converted, 1 KB", &kilobyte("other", false), whole, &budget);
    let stream = Attempt::at("claude", Answer::events(anthropic_events(&["word "; 200])));
    let budget = Budget { calls: 445, bytes: 71_000, guest: 445 };
    hold_on(&mut kong(), "Kong, converted stream, 200 events", &kilobyte("other", true), stream, &budget);
}
