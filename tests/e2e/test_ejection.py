"""Envoy's outlier detection takes a failing provider out, and lets it back in."""

from __future__ import annotations

import time

from conftest import pool_file
from rig import anthropic, openai, prompts, referee
from rig.envoy import wait_for
from rig.provider import Provider

QUICK = {"consecutive_failures": 3, "ejection": "1500ms", "max_ejection": "1500ms", "interval": "100ms"}


def test_a_failing_provider_is_ejected_skipped_and_tried_again(
    own_gateway, openai_provider: Provider, claude_provider: Provider
) -> None:
    gateway = own_gateway(pool_file(openai_provider, claude_provider, outlier=QUICK))
    client = gateway.client()
    active = "cluster.openai.outlier_detection.ejections_active"
    assert gateway.envoy.stat(active) == 0

    openai_provider.script.extend([openai.error(503)] * 3)
    for _ in range(3):
        answer = referee.completion(client.chat(prompts.chat()))
        assert answer["choices"][0]["message"]["content"] == "Hello from Anthropic."
    assert len(openai_provider.requests) == 3
    assert gateway.envoy.stat(active) == 1
    ejected = time.monotonic()
    assert gateway.envoy.stat("cluster.openai.outlier_detection.ejections_enforced_total") == 1

    # OpenAI would answer again by now, but requests go straight to Anthropic.
    for _ in range(5):
        answer = referee.completion(client.chat(prompts.chat()))
        assert answer["choices"][0]["message"]["content"] == "Hello from Anthropic."
    assert time.monotonic() - ejected < 1.4, "too slow to say"
    assert len(openai_provider.requests) == 3
    assert len(claude_provider.requests) == 8

    wait_for("OpenAI is let back in", lambda: gateway.envoy.stat(active) == 0, 6)
    answer = referee.completion(client.chat(prompts.chat()))
    assert answer["choices"][0]["message"]["content"] == "Hello from OpenAI."
    assert len(openai_provider.requests) == 4


def test_refused_connections_eject_too(own_gateway, openai_provider: Provider, claude_provider: Provider) -> None:
    gateway = own_gateway(pool_file(openai_provider, claude_provider, outlier=QUICK))
    client = gateway.client()
    openai_provider.refuse()
    for _ in range(3):
        referee.completion(client.chat(prompts.chat()))
    wait_for("OpenAI is ejected",
             lambda: gateway.envoy.stat("cluster.openai.outlier_detection.ejections_active") == 1, 1)
    before = gateway.envoy.stat("cluster.openai.upstream_cx_connect_fail")
    referee.completion(client.chat(prompts.chat()))
    assert gateway.envoy.stat("cluster.openai.upstream_cx_connect_fail") == before


def test_what_the_client_did_wrong_ejects_nobody(own_gateway, openai_provider: Provider, claude_provider: Provider) -> None:
    gateway = own_gateway(pool_file(openai_provider, claude_provider, outlier=QUICK))
    client = gateway.client()
    too_long = openai.error(400, "Too long.", "invalid_request_error", "context_length_exceeded")
    wrong = openai.error(400, "Invalid value.", "invalid_request_error")
    openai_provider.script.extend([too_long] * 4 + [wrong] * 4)
    for _ in range(4):
        referee.completion(client.chat(prompts.chat()))
    for _ in range(4):
        referee.error(client.chat(prompts.chat()), 400)
    assert gateway.envoy.stat("cluster.openai.outlier_detection.ejections_enforced_total") == 0
    assert len(openai_provider.requests) == 8


def test_with_all_ejected_they_are_still_tried(own_gateway, openai_provider: Provider, claude_provider: Provider) -> None:
    """The panic threshold stays on: a wrong guess of Envoy must not refuse what a provider would serve."""
    gateway = own_gateway(pool_file(openai_provider, claude_provider, outlier=QUICK))
    client = gateway.client()
    openai_provider.script.extend([openai.error(503)] * 4)
    claude_provider.script.extend([anthropic.error(503)] * 4)
    for _ in range(4):
        client.chat(prompts.chat())
    openai_provider.script.clear()
    claude_provider.script.clear()
    both = gateway.envoy.stats(r"^cluster\.(openai|claude)\.outlier_detection\.ejections_active$")
    assert sum(both.values()) == 2, both
    referee.completion(client.chat(prompts.chat()))
