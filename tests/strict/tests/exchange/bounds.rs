//! Memory is given back, whatever way a request ends.

use serde_json::json;
use strict::driver::{Answer, Attempt, End, Gateway, Reply, Request};

use crate::common::*;

/// Plays rounds of exchanges that end in every way.
fn rounds(gateway: &mut Gateway, count: usize) {
    let long = "x".repeat(40_000);
    let body = json!({"model": "both", "stream": true, "messages": [{"role": "user", "content": long}]});
    let request = post(&body);
    let events = || Answer::events(anthropic_events(&["Hel", "lo"]));
    let mut leaving = request.clone();
    leaving.leaves_after = Some(1);
    for _ in 0..count {
        gateway.exchange(&leaving, &[Attempt::at("claude", events())]);
        gateway.exchange(&request, &[Attempt::at("claude", events().ending(End::Cut))]);
        gateway
            .exchange(&request, &[Attempt::at("openai", openai_error(503)), Attempt::at("claude", events())]);
        gateway.exchange(&request, &[Attempt::at("openai", Reply::Reset)]);
        gateway.exchange(&Request::post("/v1/chat/completions", &long), &[]);
    }
}

#[test]
fn requests_that_end_in_any_way_leave_nothing_behind() {
    let mut gateway = gateway();
    rounds(&mut gateway, 20);
    let before = gateway.vm().memory_bytes();
    rounds(&mut gateway, 200);
    // 200 rounds that leaked one body each would need 40 MB.
    let after = gateway.vm().memory_bytes();
    println!("memory of the VM: {before} bytes after 100 requests, {after} after 1100");
    assert!(after <= before + 2 * 65_536, "{before} bytes, then {after}");
}
