"""What Envoy makes of the filter's marks: where attempts go, how many there are, and what the client is told."""

from __future__ import annotations

import concurrent.futures
import json
import re
import time
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest
import yaml

from conftest import ENV, pool_file
from rig import anthropic, openai, prompts, referee, replies
from rig.client import Answer
from rig.envoy import wait_for
from rig.provider import Provider

LISTED = {"list_attempts": True}
OUTLIER = {"consecutive_failures": 1000}
EXAMPLE = Path(__file__).parents[2] / "examples" / "failover.yaml"


def listed(answer: Answer) -> str:
    """The attempts that a good reply lists; without that header it must be like any other."""
    value = answer.header("x-switchyard-attempts")
    rest = [pair for pair in answer.headers if pair[0] != "x-switchyard-attempts"]
    referee.completion(replace(answer, headers=rest))
    assert value
    return value


def limited(*headers: tuple[str, str]):
    return openai.error(429, "Slow down.", "rate_limit_error", "rate_limit_exceeded", headers)


@pytest.mark.parametrize("header", [("retry-after", "2"), ("retry-after-ms", "1500"), "date"])
def test_retry_after_cools_the_target_in_all_workers_and_not_the_client(
    own_gateway, openai_provider: Provider, claude_provider: Provider, header
) -> None:
    gateway = own_gateway(pool_file(openai_provider, claude_provider, outlier=OUTLIER), workers=2)
    if header == "date":
        # Whole seconds: at least one and a half from now.
        header = ("retry-after", formatdate(time.time() + 2.5, usegmt=True))
    openai_provider.script.append(limited(header))
    began = time.monotonic()
    for index in range(12):
        # A connection each, so that both workers have some.
        answer = referee.completion(gateway.client().chat(prompts.chat()))
        assert answer["choices"][0]["message"]["content"] == "Hello from Anthropic.", index
    assert time.monotonic() - began < 1, "the client was made to wait"
    assert len(openai_provider.requests) == 1
    # Who has no other target is not refused.
    client = gateway.client()
    assert referee.completion(client.chat(prompts.chat(model="openai-only")))["choices"]
    assert len(openai_provider.requests) == 2
    time.sleep(max(0.0, began + 3.0 - time.monotonic()))
    assert referee.completion(client.chat(prompts.chat()))["choices"][0]["message"]["content"] == "Hello from OpenAI."
    assert gateway.envoy.stat("cluster.openai.outlier_detection.ejections_enforced_total") == 0


def test_with_all_cooling_all_are_asked(own_gateway, openai_provider: Provider, claude_provider: Provider) -> None:
    gateway = own_gateway(pool_file(openai_provider, claude_provider, outlier=OUTLIER))
    openai_provider.script.append(limited(("retry-after", "30")))
    claude_provider.script.append(anthropic.error(429, "rate_limit_error", "slow", headers=(("retry-after", "20"),)))
    client = gateway.client()
    answer = client.chat(prompts.chat())
    referee.error(answer, 429)
    # The shorter of the two, and the SDK may come again then.
    assert (answer.header("retry-after"), answer.header("x-should-retry")) == ("20", "true")
    assert referee.completion(client.chat(prompts.chat()))["choices"][0]["message"]["content"] == "Hello from OpenAI."


def test_an_only_target_is_asked_again_after_a_while(own_gateway, openai_provider: Provider, claude_provider: Provider) -> None:
    gateway = own_gateway(pool_file(openai_provider, claude_provider, retries={**LISTED, "back_off": "400ms"}))
    client = gateway.client()
    waits = []
    for fault in (openai.error(503), replies.reset(), openai.error(500), replies.reset()):
        openai_provider.requests.clear()
        openai_provider.script.append(fault)
        answer = client.chat(prompts.chat(model="openai-only"))
        first, second = openai_provider.requests
        waits.append(second.at - first.at)
        assert re.fullmatch(r'"openai";model="gpt-4\.1";(status=50[03]|error);ms=\d+, "openai";model="gpt-4\.1";status=200;ms=\d+',
                            listed(answer))
    # Drawn at random below 400 ms.
    assert max(waits) < 0.5 and len({round(wait, 2) for wait in waits}) > 1, waits
    for fault in (openai.error(400), openai.error(404), limited()):
        openai_provider.requests.clear()
        openai_provider.script.append(fault)
        client.chat(prompts.chat(model="openai-only"))
        assert len(openai_provider.requests) == 1


def test_moving_on_takes_no_time(own_gateway, openai_provider: Provider, claude_provider: Provider) -> None:
    gateway = own_gateway(pool_file(openai_provider, claude_provider, retries=LISTED))
    client = gateway.client()
    assert listed(client.chat(prompts.chat())).startswith('"openai";model="gpt-4.1";status=200;ms=')
    waits = []
    for _ in range(10):
        openai_provider.script.append(openai.error(503))
        assert listed(client.chat(prompts.chat())).startswith('"openai";model="gpt-4.1";status=503;ms=')
        waits.append(claude_provider.requests[-1].at - openai_provider.requests[-1].at)
    assert sorted(waits)[5] < 0.02, waits


def test_no_target_of_several_is_asked_twice(own_gateway, openai_provider: Provider, claude_provider: Provider) -> None:
    """The number of attempts is that of the longest list, or more: a shorter one is gone through once."""
    gateway = own_gateway(pool_file(openai_provider, claude_provider, retries={"attempts": 10}))
    openai_provider.script.extend([replies.reset()] * 10)
    claude_provider.script.extend([replies.reset()] * 10)
    answer = gateway.client().chat(prompts.chat())
    assert referee.error(answer, 503)["code"] == "no_upstream"
    assert answer.header("x-should-retry") == "true"
    assert (len(openai_provider.requests), len(claude_provider.requests)) == (1, 1)


def test_a_bad_day_does_not_multiply_the_load_of_an_only_target(
    own_gateway, openai_provider: Provider, claude_provider: Provider
) -> None:
    """Forty requests at a time and all fail: without a budget each would come twice."""
    failing = openai.error(503)

    def slowly(conn, received):
        time.sleep(0.3)
        failing(conn, received)

    openai_provider.default, before = slowly, openai_provider.default
    file = pool_file(openai_provider, claude_provider, outlier=OUTLIER, retries={"budget_percent": 10, "back_off": "300ms"})
    try:
        gateway = own_gateway(file)
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(lambda _: gateway.client().chat(prompts.chat(model="openai-only")), range(40)))
    finally:
        openai_provider.default = before
    for answer in answers:
        referee.error(answer, 503)
    seconds = len(openai_provider.requests) - 40
    # 10 percent of those under way, and three at a time at least; they are let go when their second try ends.
    assert 0 < seconds <= 12, seconds
    assert gateway.envoy.stat("cluster.openai.upstream_rq_retry_overflow") == 40 - seconds


@pytest.mark.parametrize(("retries", "model", "served"), [
    ({}, {}, "context"),
    ({"context_length": False}, {}, ""),
    ({"content_policy": True}, {}, "context policy"),
    ({"content_policy": True}, {"content_policy": False, "context_length": False}, ""),
    ({}, {"content_policy": True}, "context policy"),
])
def test_refusals_go_elsewhere_where_the_file_allows_it(
    own_gateway, openai_provider: Provider, claude_provider: Provider, retries: dict, model: dict, served: str
) -> None:
    file = pool_file(openai_provider, claude_provider, retries=retries)
    file["models"][0]["retries"] = model
    client = own_gateway(file).client()
    for what, code in (("context", "context_length_exceeded"), ("policy", "content_policy_violation")):
        openai_provider.script.append(openai.error(400, "Refused.", "invalid_request_error", code))
        answer = client.chat(prompts.chat())
        if what in served.split():
            assert referee.completion(answer)["choices"][0]["message"]["content"] == "Hello from Anthropic."
        else:
            assert referee.error(answer, 400)["message"] == "Refused."


def test_the_example(own_gateway, openai_provider: Provider, claude_provider: Provider) -> None:
    """examples/failover.yaml, with its providers here and Gemini's port closed: what its comments promise."""
    file = yaml.safe_load(EXAMPLE.read_text())
    bases = {"openai": f"{openai_provider.url}/v1", "claude": claude_provider.url, "gemini": "http://127.0.0.1:9"}
    for provider in file["providers"]:
        provider["base_url"] = bases[provider["name"]]
    del file["listen"]
    gateway = own_gateway(file, {**ENV, "GEMINI_API_KEY": "gemini-key-0123456789"})
    client = gateway.client()
    openai_provider.script.append(openai.error(400, "No.", "invalid_request_error", "content_policy_violation"))
    attempts = listed(client.chat(prompts.chat(model="assistant")))
    assert re.fullmatch(r'"openai";model="gpt-4.1";status=400;ms=\d+, "claude";model="claude-sonnet-4-5";status=200;ms=\d+', attempts)
    openai_provider.script.append(openai.error(503))
    claude_provider.script.append(anthropic.error(529))
    answer = client.chat(prompts.chat(model="assistant"))
    names = [attempt.split(";")[0] for attempt in (answer.header("x-switchyard-attempts") or "").split(", ")]
    assert answer.status == 503 and names == ['"openai"', '"claude"', '"gemini"'], answer
    openai_provider.script.append(openai.error(500))
    assert listed(client.chat(prompts.chat(model="gpt-4.1"))).count('"openai"') == 2


def test_the_access_log_tells_who_served(own_gateway, openai_provider: Provider, claude_provider: Provider) -> None:
    gateway = own_gateway(pool_file(openai_provider, claude_provider, access_log=True))
    openai_provider.script.append(openai.error(503))
    referee.completion(gateway.client().chat(prompts.chat()))
    lines = lambda: [line for line in gateway.envoy.output.splitlines() if line.startswith("{")]  # noqa: E731
    wait_for("the request is logged", lambda: bool(lines()), 5)
    (line,) = map(json.loads, lines())
    told = [line[name] for name in ("provider", "pool", "attempts", "status", "path")]
    assert told == ["claude", "pool/openai+claude", 2, 200, "/v1/messages"], line
    assert line["id"] == "req_01", line
