"""OpenAI fails, and Gemini answers: what reached it, and what the client made of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from rig import gemini, openai, prompts, referee
from rig.client import Client
from rig.gateway import Gateway
from rig.provider import Provider
from test_upstream import CLIENT_KEY, HOSTILE, exactly, no_client_secret

ENV = {"OPENAI_API_KEY": openai.KEY, "GEMINI_API_KEY": gemini.KEY}


@pytest.fixture
def gemini_provider() -> Iterator[Provider]:
    """Gemini; what it had to complain about fails the test."""
    provider = Provider("gemini", gemini.answer(), gemini.check)
    yield provider
    provider.close()
    assert not provider.violations, provider.violations


@pytest.fixture
def pair(own_gateway: Callable[..., Gateway], openai_provider: Provider, gemini_provider: Provider) -> Iterator[Client]:
    """A client of a gateway with OpenAI first, Gemini second; and of any model at Gemini."""
    both = [{"provider": "openai", "model": "gpt-4.1"}, {"provider": "gemini", "model": gemini.MODEL}]
    file = {
        "providers": [
            {"name": "openai", "type": "openai", "base_url": f"{openai_provider.url}/v1", "api_key": {"env": "OPENAI_API_KEY"}},
            {"name": "gemini", "type": "gemini", "base_url": gemini_provider.url, "api_key": {"env": "GEMINI_API_KEY"}},
        ],
        "models": [
            {"name": "gpt-4.1", "targets": both},
            {"name": "gemini-only", "targets": both[1:]},
            {"name": "any-*", "targets": [{"provider": "gemini"}]},
        ],
    }
    client = own_gateway(file, ENV).client()
    yield client
    client.close()


@pytest.mark.parametrize("size", [prompts.KB, 5 * prompts.MB], ids=["1KB", "5MB"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_gemini_answers_for_openai(
    pair: Client, openai_provider: Provider, gemini_provider: Provider, stream: bool, size: int
) -> None:
    openai_provider.script.append(openai.error(503))
    prompt = prompts.text(size)
    more: dict = {"max_tokens": 50, "stop": ["END"], "reasoning_effort": "low"}
    request = prompts.chat(prompt, stream=stream, **more)
    answer = pair.chat(request, HOSTILE)

    if stream:
        assert referee.stream(answer) == "Hello from Gemini."
    else:
        value = referee.completion(answer)
        assert value["choices"][0]["message"]["content"] == "Hello from Gemini."
        assert value["choices"][0]["finish_reason"] == "stop"
        usage = value["usage"]
        assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (9, 6, 15)
    [received] = gemini_provider.requests
    assert received.target == gemini.PATHS[stream]
    assert received.header("host") == gemini_provider.authority
    exactly(received, {"x-goog-api-key"}, stream)
    no_client_secret(received)
    assert openai.KEY.encode() not in received.raw and CLIENT_KEY.encode() not in received.raw
    assert received.json == {
        "contents": [{"role": "user", "parts": [{"text": prompt}]}],
        "generationConfig": {
            "maxOutputTokens": 50,
            "stopSequences": ["END"],
            "thinkingConfig": {"thinkingLevel": "LOW", "includeThoughts": True},
        },
    }
    assert len(openai_provider.requests) == 1
    assert gemini.KEY.encode() not in openai_provider.requests[0].raw


def test_a_tool_call_comes_back_with_its_signature(pair: Client, gemini_provider: Provider) -> None:
    gemini_provider.script.append(gemini.answer(gemini.call("now", {"zone": "UTC"}, "c2ln"), gemini.call("place", {})))
    tools = [{"type": "function", "function": {"name": name}} for name in ("now", "place")]
    first = prompts.chat(model="gemini-only", tools=tools)
    message = pair.chat(first).json["choices"][0]["message"]
    calls = message["tool_calls"]
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [{"zone": "UTC"}, {}]
    assert calls[0]["id"] != calls[1]["id"]

    results = [{"role": "tool", "tool_call_id": call["id"], "content": call["function"]["name"]} for call in calls]
    second = {**first, "messages": [*first["messages"], message, *results]}
    referee.completion(pair.chat(second))
    contents = gemini_provider.requests[1].json["contents"]
    assert contents[1]["parts"][0] == {
        "functionCall": {"id": calls[0]["id"], "name": "now", "args": {"zone": "UTC"}},
        "thoughtSignature": "c2ln",
    }
    assert [part["functionResponse"]["name"] for part in contents[2]["parts"]] == ["now", "place"]


def test_a_stream_without_a_reason_to_finish_ends_as_an_error(pair: Client, gemini_provider: Provider) -> None:
    from rig import replies

    gemini_provider.script.append(replies.events([gemini.sse(gemini.chunk(gemini.text("Hel")))]))
    answer = pair.chat(prompts.chat(model="gemini-only", stream=True))
    assert answer.complete and b"cut off" in answer.body and b"[DONE]" not in answer.body


@pytest.mark.parametrize("name", ["any-/../files", "any-a/b", "any-x?key=1", "any-%2e%2e", "any-#", "any- é"])
def test_a_name_that_a_path_cannot_hold_is_refused(pair: Client, gemini_provider: Provider, name: str) -> None:
    error = referee.error(pair.chat(prompts.chat(model=name)), 400)
    assert error["param"] == "model"
    assert gemini_provider.requests == []


def test_a_link_to_a_picture_stays_with_openai(pair: Client, openai_provider: Provider, gemini_provider: Provider) -> None:
    """Gemini does not fetch URLs: it is not in the plan, and OpenAI's error is the answer."""
    openai_provider.default, before = openai.error(503), openai_provider.default
    try:
        image = {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}
        request = {"model": "gpt-4.1", "messages": [{"role": "user", "content": [image]}]}
        referee.error(pair.chat(request), 503)
    finally:
        openai_provider.default = before
    assert gemini_provider.requests == []
    only = {**request, "model": "gemini-only"}
    assert referee.error(pair.chat(only), 400)["code"] == "unsupported_parameter"


def test_a_refused_key_is_not_the_clients_matter(pair: Client, gemini_provider: Provider) -> None:
    details = ({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"},)
    refusal = gemini.error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", details)
    gemini_provider.default = refusal
    error = referee.error(pair.chat(prompts.chat(model="gemini-only")), 502)
    assert error["code"] == "upstream_account"
