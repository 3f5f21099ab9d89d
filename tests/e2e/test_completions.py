"""A client of the API before Chat Completions: the official SDK, and providers of two formats."""

from __future__ import annotations

import json
from collections.abc import Iterator

import openai as sdk
import pytest

from rig import referee, replies
from rig.client import Client
from rig.gateway import Gateway
from rig.provider import Provider

PATH = "/v1/completions"


@pytest.fixture
def asked(gateway: Gateway) -> Iterator[sdk.OpenAI]:
    """The SDK, which tries nothing again by itself."""
    with sdk.OpenAI(base_url=gateway.url, api_key="any", max_retries=0) as client:
        yield client


@pytest.mark.parametrize("model", ["openai-only", "claude-only"])
def test_a_prompt_is_answered(asked: sdk.OpenAI, openai_provider: Provider, claude_provider: Provider, model: str) -> None:
    done = asked.completions.create(model=model, prompt="Once upon a time", max_tokens=50, stop=["END"])
    assert done.object == "text_completion" and done.choices[0].text
    assert done.choices[0].finish_reason == "stop" and done.usage and done.usage.total_tokens > 0
    received = (openai_provider if model == "openai-only" else claude_provider).requests[-1].json
    assert received["messages"][0]["role"] == "user" and "Once upon a time" in str(received["messages"])
    assert "prompt" not in received


@pytest.mark.parametrize("model", ["openai-only", "claude-only"])
def test_a_stream(asked: sdk.OpenAI, model: str) -> None:
    options = {"include_usage": True}
    chunks = list(asked.completions.create(model=model, prompt="Hi", max_tokens=50, stream=True, stream_options=options))
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices)
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage and not chunks[-1].choices


def test_another_format_answers_when_one_fails(asked: sdk.OpenAI, openai_provider: Provider, claude_provider: Provider) -> None:
    openai_provider.script.append(replies.json_body({"error": {"message": "down", "type": "server_error"}}, 503))
    assert asked.completions.create(model="gpt-4.1", prompt="Hi", max_tokens=50).choices[0].text
    assert (len(openai_provider.requests), len(claude_provider.requests)) == (1, 1)


@pytest.mark.parametrize(("more", "param"), [({"suffix": "z"}, "suffix"), ({"prompt": [1, 2]}, "prompt"), ({"n": 2}, "n"), ({"prompt": 7}, "prompt")])
def test_what_no_chat_can_do_is_named(client: Client, openai_provider: Provider, more: dict, param: str) -> None:
    body = json.dumps({"model": "openai-only", "prompt": "a", **more}).encode()
    error = referee.error(client.request("POST", PATH, [("content-type", "application/json")], body), 400)
    assert error["param"] == param and openai_provider.requests == []
