"""Cohere, alone and beside OpenAI: what reached it, and what the client made of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from rig import cohere, openai, prompts, referee, replies
from rig.client import Client
from rig.gateway import Gateway
from rig.provider import Provider, Reply
from test_upstream import CLIENT_KEY, HOSTILE, exactly, no_client_secret

ENV = {"OPENAI_API_KEY": openai.KEY, "COHERE_API_KEY": cohere.KEY}


@pytest.fixture
def cohere_provider() -> Iterator[Provider]:
    """Cohere; what it had to complain about fails the test."""
    provider = Provider("cohere", cohere.answer(), cohere.check)
    yield provider
    provider.close()
    assert not provider.violations, provider.violations


@pytest.fixture
def pair(own_gateway: Callable[..., Gateway], openai_provider: Provider, cohere_provider: Provider) -> Iterator[Client]:
    """A client of a gateway with OpenAI first and Cohere second, and the other way round."""
    both = [{"provider": "openai", "model": "gpt-4.1"}, {"provider": "cohere", "model": cohere.MODEL}]
    file = {
        "providers": [
            {"name": "openai", "type": "openai", "base_url": f"{openai_provider.url}/v1", "api_key": {"env": "OPENAI_API_KEY"}},
            {"name": "cohere", "type": "cohere", "base_url": cohere_provider.url, "api_key": {"env": "COHERE_API_KEY"}},
        ],
        "models": [
            {"name": "gpt-4.1", "targets": both},
            {"name": "command", "targets": both[::-1]},
            {"name": "cohere-only", "targets": both[1:]},
        ],
    }
    client = own_gateway(file, ENV).client()
    yield client
    client.close()


@pytest.mark.parametrize("size", [prompts.KB, 5 * prompts.MB], ids=["1KB", "5MB"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_cohere_answers_for_openai(
    pair: Client, openai_provider: Provider, cohere_provider: Provider, stream: bool, size: int
) -> None:
    openai_provider.script.append(openai.error(503))
    prompt = prompts.text(size)
    more: dict = {"max_tokens": 50, "stop": ["END"], "temperature": 1.5, "top_p": 1, "user": "u-1", "parallel_tool_calls": False}
    answer = pair.chat(prompts.chat(prompt, stream=stream, **more), HOSTILE)

    if stream:
        assert referee.stream(answer) == "Hello from Cohere."
    else:
        value = referee.completion(answer)
        assert value["choices"][0]["message"]["content"] == "Hello from Cohere."
        assert value["choices"][0]["finish_reason"] == "stop"
        usage = value["usage"]
        assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (507, 10, 517)
        assert usage["prompt_tokens_details"]["cached_tokens"] == 448
    [received] = cohere_provider.requests
    assert received.header("host") == cohere_provider.authority
    exactly(received, {"authorization"}, stream)
    no_client_secret(received)
    assert openai.KEY.encode() not in received.raw and CLIENT_KEY.encode() not in received.raw
    assert received.json == {
        "model": cohere.MODEL,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": 50,
        "stop_sequences": ["END"],
        "temperature": 1.0,
        "p": 0.99,
        **({"stream": True} if stream else {}),
    }
    assert len(openai_provider.requests) == 1
    assert cohere.KEY.encode() not in openai_provider.requests[0].raw


def test_usage_of_a_stream_is_told_where_it_was_asked_for(pair: Client) -> None:
    answer = pair.chat(prompts.chat(model="cohere-only", stream=True, stream_options={"include_usage": True}))
    assert referee.stream(answer, usage=True) == "Hello from Cohere."
    assert answer.events[-2]["usage"]["total_tokens"] == 517


def joined(answer: object) -> dict:
    """The assistant's message of a stream, as a client keeps it."""
    message: dict = {"role": "assistant", "content": None, "reasoning_content": "", "tool_calls": []}
    for chunk in answer.events[:-1]:
        delta = chunk["choices"][0]["delta"]
        message["reasoning_content"] += delta.get("reasoning_content") or ""
        for call in delta.get("tool_calls", []):
            if "id" in call:
                message["tool_calls"].append({"id": call["id"], "type": "function", "function": dict(call["function"])})
            else:
                message["tool_calls"][call["index"]]["function"]["arguments"] += call["function"]["arguments"]
    return message


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_tools_over_two_turns(pair: Client, cohere_provider: Provider, stream: bool) -> None:
    plan = "I will ask for the time."
    calls = [cohere.call("now_1", "now", '{"zone":"UTC"}'), cohere.call("place_1", "place", "null"), cohere.call("place_2", "place", None)]
    cohere_provider.script.append(cohere.answer({"tool_plan": plan, "tool_calls": calls}))
    tools = [
        {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}}}},
        {"type": "function", "function": {"name": "place"}},
    ]
    first = prompts.chat(model="cohere-only", tools=tools, tool_choice="required", stream=stream)
    answer = pair.chat(first)
    if stream:
        # Reasoning is no part of OpenAI's types, so that the referee would refuse it.
        assert answer.complete and answer.events[-1] == "[DONE]"
        assert answer.events[-2]["choices"][0]["finish_reason"] == "tool_calls"
        message = joined(answer)
    else:
        message = answer.json["choices"][0]["message"]
        assert answer.json["choices"][0]["finish_reason"] == "tool_calls"
    assert message["reasoning_content"] == plan
    made = message["tool_calls"]
    assert [call["id"] for call in made] == ["now_1", "place_1", "place_2"]
    assert [json.loads(call["function"]["arguments"]) for call in made] == [{"zone": "UTC"}, {}, {}]

    results = [{"role": "tool", "tool_call_id": call["id"], "content": call["function"]["name"]} for call in made]
    second = {**first, "tool_choice": "auto", "messages": [*first["messages"], message, *results]}
    answer = pair.chat(second)
    text = referee.stream(answer) if stream else referee.completion(answer)["choices"][0]["message"]["content"]
    assert text == "Hello from Cohere."
    one, two = (received.json for received in cohere_provider.requests)
    assert one["tool_choice"] == "REQUIRED" and "tool_choice" not in two
    assert one["tools"][1]["function"]["parameters"] == {"type": "object", "properties": {}}
    turn = two["messages"][1]
    assert (turn["tool_plan"], [call["id"] for call in turn["tool_calls"]]) == (plan, ["now_1", "place_1", "place_2"])
    assert two["messages"][2] == {"role": "tool", "tool_call_id": "now_1", "content": "now"}


FAULTS: dict[str, Reply] = {
    "429": cohere.error(429, "You are past the per minute request limit, please wait and try again later."),
    "500": cohere.error(500, "internal server error"),
    "499": cohere.error(499, "request cancelled"),
    "404": cohere.error(404, "model 'command-a-03-2025' not found, make sure the correct model ID was used"),
    "too-long": cohere.error(400, "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292."),
    "failed": replies.json_body(cohere.completion(cohere.text("Hel"), "ERROR")),
    "no-reply": replies.json_body({"id": "x", "embeddings": []}),
    "reset": replies.reset(),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("fault", FAULTS)
def test_openai_answers_for_cohere(
    pair: Client, openai_provider: Provider, cohere_provider: Provider, fault: str, stream: bool
) -> None:
    if stream and fault in ("failed", "no-reply"):
        pytest.skip("a whole reply where a stream was asked for")
    cohere_provider.script.append(FAULTS[fault])
    answer = pair.chat(prompts.chat(model="command", stream=stream))
    text = referee.stream(answer) if stream else referee.completion(answer)["choices"][0]["message"]["content"]
    assert text == "Hello from OpenAI."
    assert (len(cohere_provider.requests), len(openai_provider.requests)) == (1, 1)


@pytest.mark.parametrize("event", [
    b'data: {"id":"x","message":"no capacity"}\n\n',
    b'event: error\ndata: {"message":"no capacity"}\n\n',
    cohere.end("ERROR", error="the model crashed"),
    cohere.end("TIMEOUT"),
], ids=["untyped", "error", "failed", "timeout"])
def test_an_error_as_the_first_event_fails_over(pair: Client, openai_provider: Provider, cohere_provider: Provider, event: bytes) -> None:
    cohere_provider.script.append(replies.events([event]))
    answer = pair.chat(prompts.chat(model="command", stream=True))
    assert referee.stream(answer) == "Hello from OpenAI."
    assert (len(cohere_provider.requests), len(openai_provider.requests)) == (1, 1)


@pytest.mark.parametrize("last", [b"", cohere.end("ERROR", error="the model crashed")], ids=["cut", "failed"])
def test_a_stream_that_breaks_ends_as_an_error(pair: Client, cohere_provider: Provider, last: bytes) -> None:
    begun = cohere.stream_events(cohere.text("Hello"))[:-2]
    cohere_provider.script.append(replies.events([*begun, 0.1, *([last] if last else [])]))
    said, error = referee.broken_stream(pair.chat(prompts.chat(model="cohere-only", stream=True)))
    assert said == "Hello"
    assert ("crashed" if last else "cut off") in error["message"]


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_stream_in_pieces(pair: Client, cohere_provider: Provider, size: int) -> None:
    whole = b"".join(cohere.stream_events(cohere.text("Grüße, 😀")))
    cohere_provider.script.append(replies.events(replies.cut(whole, size)))
    assert referee.stream(pair.chat(prompts.chat(model="cohere-only", stream=True))) == "Grüße, 😀"


def test_a_refused_key_is_not_the_clients_matter(pair: Client, cohere_provider: Provider) -> None:
    cohere_provider.default = cohere.error(401, "invalid api token")
    error = referee.error(pair.chat(prompts.chat(model="cohere-only")), 502)
    assert error["code"] == "upstream_account"


def test_a_file_stays_with_openai(pair: Client, openai_provider: Provider, cohere_provider: Provider) -> None:
    """Cohere's chat takes none: it is not in the plan."""
    file = {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}}
    request = {"model": "command", "messages": [{"role": "user", "content": [file]}]}
    referee.completion(pair.chat(request))
    assert cohere_provider.requests == [] and len(openai_provider.requests) == 1
    error = referee.error(pair.chat({**request, "model": "cohere-only"}), 400)
    assert error["code"] == "unsupported_parameter"


def test_json_beside_tools_is_refused(pair: Client, cohere_provider: Provider) -> None:
    tools = [{"type": "function", "function": {"name": "now"}}]
    more: dict = {"tools": tools, "response_format": {"type": "json_object"}}
    error = referee.error(pair.chat(prompts.chat(model="cohere-only", **more)), 400)
    assert error["param"] == "response_format"
    assert cohere_provider.requests == []
