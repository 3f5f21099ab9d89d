"""The simulators themselves: a referee that sees nothing wrong would prove nothing."""

from __future__ import annotations

import json

import anthropic as anthropic_sdk
import openai as openai_sdk
import pytest

from rig import anthropic, openai, prompts, referee, replies
from rig.client import Answer, Client
from rig.provider import Provider

AUTH = [("authorization", f"Bearer {openai.KEY}")]


def test_our_openai_satisfies_the_official_sdk(openai_provider: Provider) -> None:
    api = openai_sdk.OpenAI(base_url=f"{openai_provider.url}/v1", api_key=openai.KEY, max_retries=0)
    reply = api.chat.completions.create(model="gpt-4.1", messages=prompts.chat()["messages"])
    assert reply.choices[0].message.content == "Hello from OpenAI."
    with api.chat.completions.stream(model="gpt-4.1", messages=prompts.chat()["messages"]) as stream:
        assert stream.get_final_completion().choices[0].message.content == "Hello from OpenAI."


def test_our_anthropic_satisfies_the_official_sdk(claude_provider: Provider) -> None:
    blocks = [anthropic.text("Hi you."), anthropic.tool_use("toolu_1", "weather", {"city": "Oslo"})]
    claude_provider.script.extend([anthropic.answer(*blocks, stop="tool_use")] * 2)
    # The simulator wants what the gateway sends: x-api-key alone, and the version that the gateway is written for.
    api = anthropic_sdk.Anthropic(base_url=claude_provider.url, api_key=anthropic.KEY, auth_token=None, max_retries=0,
                                  default_headers={"authorization": anthropic_sdk.omit, "x-api-key": anthropic.KEY,
                                                   "anthropic-version": "2023-06-01"})
    settings = {"model": "claude-sonnet-4-5", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]}
    whole = api.messages.create(**settings)
    with api.messages.stream(**settings) as stream:
        final = stream.get_final_message()
    assert [block.type for block in whole.content] == [block.type for block in final.content] == ["text", "tool_use"]
    assert final.content[0].text == "Hi you." and final.content[1].input == {"city": "Oslo"}


def test_our_replies_pass_the_referee(openai_provider: Provider) -> None:
    client = Client(openai_provider.port)
    referee.completion(client.chat(prompts.chat(), AUTH))
    assert referee.stream(client.chat(prompts.chat(stream=True), AUTH)) == "Hello from OpenAI."
    usage = {"stream_options": {"include_usage": True}}
    referee.stream(client.chat(prompts.chat(stream=True, **usage), AUTH), usage=True)


@pytest.mark.parametrize("fault", [replies.reset(), replies.reset(b"HTTP/1.1 2"), replies.hang()], ids=["reset", "in-head", "hang"])
def test_faults_before_a_reply(openai_provider: Provider, fault) -> None:
    openai_provider.script.append(fault)
    with pytest.raises((EOFError, OSError)):
        Client(openai_provider.port, timeout=0.3).chat(prompts.chat(), AUTH)


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_cut_stream_is_seen_as_cut(openai_provider: Provider, end: str) -> None:
    openai_provider.script.append(replies.events([openai.sse({"a": 1}), 0.05], end=end))
    answer = Client(openai_provider.port).chat(prompts.chat(), AUTH)
    assert not answer.complete and answer.events == [{"a": 1}]


def test_refused_and_open_again(openai_provider: Provider) -> None:
    openai_provider.refuse()
    with pytest.raises(ConnectionRefusedError):
        Client(openai_provider.port).chat(prompts.chat(), AUTH)
    openai_provider.open()
    referee.completion(Client(openai_provider.port).chat(prompts.chat(), AUTH))


@pytest.mark.parametrize(
    ("target", "headers", "complaint"),
    [
        ("/v1/messages", AUTH, "path"),
        ("/v1/chat/completions", [], "authorization"),
        ("/v1/chat/completions", [("authorization", "Bearer sk-client")], "authorization"),
        ("/v1/chat/completions", [*AUTH, ("x-envoy-attempt-count", "1")], "internal header"),
        ("/v1/chat/completions", [*AUTH, ("X-Switchyard-Plan", "1")], "internal header"),
        ("/v1/chat/completions", [*AUTH, ("content-type", "text/plain")], "content-type"),
    ],
)
def test_the_provider_complains(openai_provider: Provider, target: str, headers: list, complaint: str) -> None:
    if not any(name == "content-type" for name, _ in headers):
        headers = [*headers, ("content-type", "application/json")]
    Client(openai_provider.port).request("POST", target, headers, b"{}")
    assert any(complaint in violation for violation in openai_provider.violations), openai_provider.violations
    openai_provider.violations.clear()


def sse(*events: object, done: bool = True) -> Answer:
    """A streamed answer of these events."""
    body = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    return Answer(200, [("content-type", "text/event-stream")], body + (openai.DONE if done else b""))


FIRST = openai.chunk({"role": "assistant", "content": "a"})
LAST = openai.chunk({}, "stop")


@pytest.mark.parametrize(
    "bad",
    [
        sse(FIRST, LAST, done=False),
        sse(FIRST),
        sse(LAST, FIRST),
        sse(FIRST, LAST, {"error": {"message": "x", "type": "t", "param": None, "code": None}}),
        sse({**FIRST, "id": "other"}, LAST),
        sse({**FIRST, "usage": openai.completion()["usage"]}, LAST),
        Answer(200, [("content-type", "application/json")], sse(FIRST, LAST).body),
        Answer(200, [("content-type", "text/event-stream")], sse(FIRST, LAST).body, complete=False),
        Answer(200, [("content-type", "text/event-stream"), ("x-envoy-x", "1")], sse(FIRST, LAST).body),
    ],
)
def test_the_referee_refuses_bad_streams(bad: Answer) -> None:
    with pytest.raises((AssertionError, KeyError, TypeError, ValueError)):
        referee.stream(bad)


@pytest.mark.parametrize(
    "bad",
    [
        {"error": {"message": "x", "type": "t", "param": None}},
        {"error": {"message": "x", "type": "t", "param": None, "code": 7}},
        {"error": {"message": "", "type": "t", "param": None, "code": None}},
        {"error": "x"},
        {"type": "error", "error": {"message": "x", "type": "t", "param": None, "code": None}},
    ],
)
def test_the_referee_refuses_bad_errors(bad: dict) -> None:
    with pytest.raises((AssertionError, TypeError)):
        referee.error_object(bad)
