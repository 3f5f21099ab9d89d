"""A chain of five formats: OpenAI, Anthropic, Gemini, Bedrock, Cohere. Each fails in turn, and the next one answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

from rig import anthropic, bedrock, cohere, gemini, openai, prompts, referee, replies
from rig.client import Client
from rig.gateway import Gateway
from rig.provider import Provider, Reply

CHAIN: list[tuple[str, ModuleType, str, str]] = [
    ("openai", openai, "gpt-4.1", "Hello from OpenAI."),
    ("anthropic", anthropic, anthropic.MODEL, "Hello from Anthropic."),
    ("gemini", gemini, gemini.MODEL, "Hello from Gemini."),
    ("bedrock", bedrock, bedrock.MODEL, "Hello from Bedrock."),
    ("cohere", cohere, cohere.MODEL, "Hello from Cohere."),
]
TOOL = {"type": "function", "function": {"name": "now", "description": "The time", "parameters": {"type": "object", "properties": {}}}}

STATUSES: list[Reply] = [
    openai.error(503),
    anthropic.error(529, "overloaded_error", "Overloaded"),
    gemini.error(429, "RESOURCE_EXHAUSTED", "slow down"),
    bedrock.error(500, "InternalServerException", "oh"),
    cohere.error(502, "bad gateway"),
]
FIRST_EVENTS: list[Reply] = [
    replies.events([openai.error_event()]),
    replies.events([anthropic.error_event()]),
    replies.events([gemini.sse({"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}})]),
    bedrock.frames([bedrock.exception("serviceUnavailableException", "busy")]),
    replies.events([b'event: message-end\ndata: {"type":"message-end","delta":{"finish_reason":"ERROR","error":"busy"}}\n\n']),
]
RESETS: list[Reply] = [replies.reset() for _ in CHAIN]


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Provider]]:
    """The five, in the order of the chain."""
    made = [Provider(name, rig.answer(), rig.check) for name, rig, _, _ in CHAIN]
    yield made
    for provider in made:
        provider.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, servers: list[Provider]) -> Iterator[Gateway]:
    """The gateway that all tests here share."""
    urls = {name: server.url for (name, *_), server in zip(CHAIN, servers, strict=True)}
    urls["openai"] += "/v1"
    targets = [{"provider": name, "model": model} for name, _, model, _ in CHAIN]
    file = {
        "providers": [
            {"name": name, "type": name, "base_url": urls[name], "api_key": {"value": rig.KEY}} for name, rig, _, _ in CHAIN
        ],
        "models": [{"name": "chain", "targets": targets}],
    }
    gateway = Gateway(tmp_path_factory.mktemp("chain"), file, {})
    yield gateway
    gateway.stop()


@pytest.fixture
def client(whole: Gateway, servers: list[Provider]) -> Iterator[Client]:
    """A client; what the providers or Envoy had to complain about fails the test."""
    for server in servers:
        server.fresh()
    client = whole.client()
    yield client
    client.close()
    for server in servers:
        assert not server.violations, server.violations
    assert not (found := whole.new_problems()), found


def request(stream: bool) -> dict:
    """A request that every one of the five can serve, with history and a tool."""
    call = {"id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    return {
        **prompts.chat("Hi", stream=stream, model="chain", max_tokens=50, tools=[TOOL]),
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What time is it?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "noon"},
        ],
    }


def asked(servers: list[Provider]) -> list[int]:
    """How often each was asked."""
    return [len(server.requests) for server in servers]


def no_foreign_secret(servers: list[Provider]) -> None:
    """None saw the key of another."""
    for (_, rig, _, _), server in zip(CHAIN, servers, strict=True):
        others = [other.KEY.encode() for _, other, _, _ in CHAIN if other is not rig]
        for received in server.requests:
            assert rig.KEY.encode() in received.raw
            assert not [key for key in others if key in received.raw]


@pytest.mark.parametrize("failing", range(5))
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("faults", [STATUSES, RESETS], ids=["statuses", "resets"])
def test_the_next_one_answers(client: Client, servers: list[Provider], faults: list[Reply], stream: bool, failing: int) -> None:
    for server, fault in zip(servers[:failing], faults, strict=False):
        server.script.append(fault)
    answer = client.chat(request(stream))
    text = referee.stream(answer) if stream else referee.completion(answer)["choices"][0]["message"]["content"]
    assert text == CHAIN[failing][3]
    assert asked(servers) == [1] * (failing + 1) + [0] * (4 - failing)
    no_foreign_secret(servers)


@pytest.mark.parametrize("failing", range(1, 5))
def test_an_error_as_the_first_event_is_answered_by_the_next_one(client: Client, servers: list[Provider], failing: int) -> None:
    for server, fault in zip(servers[:failing], FIRST_EVENTS, strict=False):
        server.script.append(fault)
    assert referee.stream(client.chat(request(True))) == CHAIN[failing][3]
    assert asked(servers) == [1] * (failing + 1) + [0] * (4 - failing)
    no_foreign_secret(servers)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_when_all_fail_the_last_ones_error_is_told(client: Client, servers: list[Provider], stream: bool) -> None:
    for server, fault in zip(servers, STATUSES, strict=True):
        server.script.append(fault)
    answer = client.chat(request(stream))
    error = referee.error(answer, 502)
    assert error["type"] == "server_error", json.dumps(error)
    assert asked(servers) == [1] * 5
    # Nothing of that stays: the next request is the first one's.
    text = referee.stream(client.chat(request(True)))
    assert text == CHAIN[0][3]
