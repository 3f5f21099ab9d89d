"""A model that only speaks Responses, behind a chat client: what reached it, and what the client made of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import openai as sdk
import pytest

from rig import anthropic, openai, prompts, referee, replies, responses
from rig.client import Client
from rig.gateway import Gateway
from rig.provider import Provider
from test_upstream import CLIENT_KEY, HOSTILE, exactly, no_client_secret

ENV = {"OPENAI_API_KEY": openai.KEY, "RESPONSES_API_KEY": responses.KEY, "ANTHROPIC_API_KEY": anthropic.KEY}
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("now", "place")]
SIGNATURE = f"openai:v2:pro:rs_1:{responses.ENCRYPTED}"


@pytest.fixture
def responses_provider() -> Iterator[Provider]:
    """OpenAI's Responses; what it had to complain about fails the test."""
    provider = Provider("responses", responses.answer(), responses.check)
    yield provider
    provider.close()
    assert not provider.violations, provider.violations


@pytest.fixture
def gateway(
    own_gateway: Callable[..., Gateway], openai_provider: Provider, responses_provider: Provider, claude_provider: Provider
) -> Gateway:
    """Responses first, OpenAI's chat completions or Anthropic second."""
    pro = {"provider": "pro", "model": responses.MODEL}
    chat = {"provider": "openai", "model": "gpt-4.1"}
    claude = {"provider": "claude", "model": "claude-sonnet-4-5"}
    file = {
        "providers": [
            {"name": "pro", "type": "openai-responses", "base_url": f"{responses_provider.url}/v1", "api_key": {"env": "RESPONSES_API_KEY"}},
            {"name": "openai", "type": "openai", "base_url": f"{openai_provider.url}/v1", "api_key": {"env": "OPENAI_API_KEY"}},
            {"name": "claude", "type": "anthropic", "base_url": claude_provider.url, "api_key": {"env": "ANTHROPIC_API_KEY"}},
        ],
        "models": [
            {"name": "pro-only", "targets": [pro]},
            {"name": "pro-then-chat", "targets": [pro, chat]},
            {"name": "chat-then-pro", "targets": [chat, pro]},
            {"name": "pro-then-claude", "targets": [pro, claude]},
        ],
    }
    return own_gateway(file, ENV)


@pytest.mark.parametrize("size", [prompts.KB, 5 * prompts.MB], ids=["1KB", "5MB"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_responses_answers_for_openai(
    client: Client, openai_provider: Provider, responses_provider: Provider, stream: bool, size: int
) -> None:
    openai_provider.script.append(openai.error(503))
    prompt = prompts.text(size)
    more: dict = {"max_tokens": 50, "reasoning_effort": "low", "tools": TOOLS[:1]}
    answer = client.chat(prompts.chat(prompt, model="chat-then-pro", stream=stream, **more), HOSTILE)

    if stream:
        assert referee.stream(answer) == "Hello from Responses."
    else:
        value = referee.completion(answer)
        assert value["choices"][0]["message"]["content"] == "Hello from Responses."
        assert value["choices"][0]["finish_reason"] == "stop"
        usage = value["usage"]
        assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (20, 9, 29)
        assert usage["prompt_tokens_details"]["cached_tokens"] == 8
        assert usage["completion_tokens_details"]["reasoning_tokens"] == 4
    [received] = responses_provider.requests
    assert received.header("host") == responses_provider.authority
    exactly(received, {"authorization"}, stream)
    no_client_secret(received)
    assert openai.KEY.encode() not in received.raw and CLIENT_KEY.encode() not in received.raw
    sent = received.json
    assert sent.pop("stream", False) == stream
    assert sent == {
        "model": responses.MODEL,
        "max_output_tokens": 50,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": "low", "summary": "auto"},
        "tools": [{"type": "function", "name": "now", "parameters": {"type": "object", "properties": {}}, "strict": False}],
        "input": [{"type": "message", "role": "user", "content": prompt}],
    }
    assert responses.KEY.encode() not in openai_provider.requests[0].raw


def items_of_a_turn() -> tuple[dict, ...]:
    """Reasoning, then two calls at once, one of them without arguments."""
    return (
        responses.reasoning("rs_1", "**Plan**\n\nAsk.", "**Then**\n\nTell."),
        responses.call("call_1", "now", {"zone": "UTC"}),
        responses.call("call_2", "place", ""),
    )


def second_turn(responses_provider: Provider) -> list[dict]:
    """The items of the second request, checked as far as both ways of the first turn share them."""
    items = responses_provider.requests[1].json["input"]
    assert [item["type"] for item in items] == [
        "message", "reasoning", "function_call", "function_call", "function_call_output", "function_call_output"]
    assert items[1] == {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "**Plan**\n\nAsk.\n\n**Then**\n\nTell."}],
        "encrypted_content": responses.ENCRYPTED,
    }
    assert [json.loads(item["arguments"]) for item in items[2:4]] == [{"zone": "UTC"}, {}]
    assert [item["call_id"] for item in items[2:]] == ["call_1", "call_2"] * 2
    return items


def test_tools_and_reasoning_over_two_turns(api: sdk.OpenAI, responses_provider: Provider) -> None:
    """The SDK sends back the message that it got, with what it does not know of."""
    responses_provider.script.append(responses.answer(*items_of_a_turn()))
    asked: list = [{"role": "user", "content": "Where and when?"}]
    create = api.chat.completions.create
    reply = create(model="pro-only", messages=asked, tools=TOOLS, reasoning_effort="medium")
    assert reply.choices[0].finish_reason == "tool_calls"
    message = reply.choices[0].message
    assert message.reasoning_content == "**Plan**\n\nAsk.\n\n**Then**\n\nTell."
    assert message.thinking_blocks[0]["signature"] == SIGNATURE
    results = [{"role": "tool", "tool_call_id": call.id, "content": "here"} for call in message.tool_calls]
    asked += [message.model_dump(exclude_none=True), *results]
    final = create(model="pro-only", messages=asked, tools=TOOLS, reasoning_effort="medium")
    assert final.choices[0].message.content == "Hello from Responses."
    second_turn(responses_provider)


def test_the_same_streamed(api: sdk.OpenAI, responses_provider: Provider) -> None:
    responses_provider.script.append(responses.answer(*items_of_a_turn()))
    asked: list = [{"role": "user", "content": "Where and when?"}]
    more: dict = {"model": "pro-only", "tools": TOOLS, "reasoning_effort": "medium"}
    thinking, signature, calls = "", "", {}
    for chunk in api.chat.completions.create(messages=asked, stream=True, **more):
        delta = chunk.choices[0].delta
        for block in getattr(delta, "thinking_blocks", None) or []:
            thinking += block["thinking"]
            signature += block.get("signature", "")
        for call in delta.tool_calls or []:
            made = calls.setdefault(call.index, {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": ""}})
            made["function"]["arguments"] += call.function.arguments
    assert signature == SIGNATURE
    block = {"type": "thinking", "thinking": thinking, "signature": signature}
    message = {"role": "assistant", "content": None, "thinking_blocks": [block], "tool_calls": list(calls.values())}
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "here"} for call in calls.values()]
    chunks = api.chat.completions.create(messages=[*asked, message, *results], stream=True, **more)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello from Responses."
    second_turn(responses_provider)


def test_anthropic_goes_on_without_openais_reasoning(api: sdk.OpenAI, responses_provider: Provider, claude_provider: Provider) -> None:
    responses_provider.script += [responses.answer(*items_of_a_turn()), responses.error(500)]
    asked: list = [{"role": "user", "content": "Where and when?"}]
    more: dict = {"model": "pro-then-claude", "tools": TOOLS, "reasoning_effort": "medium"}
    message = api.chat.completions.create(messages=asked, **more).choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "here"} for call in message.tool_calls]
    asked += [message.model_dump(exclude_none=True), *results]
    api.chat.completions.create(messages=asked, **more)
    [received] = claude_provider.requests
    assert b"openai:" not in received.body and responses.ENCRYPTED.encode() not in received.body
    assert [block["type"] for block in received.json["messages"][1]["content"]] == ["tool_use", "tool_use"]


FAILURES = {
    "429": responses.error(429, "rate_limit_exceeded", "rate_limit_error"),
    "500": responses.error(500),
    "404": responses.error(404, "model_not_found", "invalid_request_error"),
    "failed": responses.failed("server_error", "The model failed."),
    "failed 429": responses.failed("rate_limit_exceeded", "Slow down."),
    "unverified": responses.error(400, "unsupported_value", "invalid_request_error", "Must be verified.", "reasoning.summary"),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("failure", FAILURES)
def test_failover(client: Client, responses_provider: Provider, openai_provider: Provider, failure: str, stream: bool) -> None:
    """Also where the stream has begun with what says nothing yet."""
    responses_provider.default = FAILURES[failure]
    answer = client.chat(prompts.chat(model="pro-then-chat", stream=stream))
    said = referee.stream(answer) if stream else referee.completion(answer)["choices"][0]["message"]["content"]
    assert said == "Hello from OpenAI."
    assert len(responses_provider.requests) == 1 and len(openai_provider.requests) == 1


def test_a_wrong_request_is_not_sent_elsewhere(client: Client, responses_provider: Provider, openai_provider: Provider) -> None:
    refusal = responses.error(400, "invalid_value", "invalid_request_error", "Invalid 'input[0]'.", "input[0]")
    responses_provider.default = refusal
    error = referee.error(client.chat(prompts.chat(model="pro-then-chat")), 400)
    assert (error["message"], error["param"], error["code"]) == ("Invalid 'input[0]'.", "input[0]", "invalid_value")
    assert openai_provider.requests == []


@pytest.mark.parametrize("end", ["cut", "failed", "error"])
def test_a_stream_that_breaks_ends_as_an_error(client: Client, responses_provider: Provider, end: str) -> None:
    events = [*responses.created(), *responses.item_events(0, responses.text("Hello"))[:3]]
    failed = responses.response([], "failed", error={"code": "server_error", "message": "It broke."})
    begun = len(events)
    events += {
        "cut": [],
        "failed": [{"type": "response.failed", "response": failed}],
        "error": [{"type": "error", "code": "server_error", "message": "It broke.", "param": None}],
    }[end]
    framed = responses.sse(events)
    # Without the pause nothing would have reached the client, and another attempt would be made.
    responses_provider.script.append(replies.events([*framed[:begun], 0.3, *framed[begun:]]))
    said, error = referee.broken_stream(client.chat(prompts.chat(model="pro-only", stream=True)))
    assert said == "Hello"
    assert error["message"] == ("The provider's stream was cut off before its end." if end == "cut" else "It broke.")


@pytest.mark.parametrize("field", [{"stop": ["END"]}, {"n": 2}, {"logit_bias": {"1": 5}}], ids=["stop", "n", "logit_bias"])
def test_what_responses_lacks_stays_with_chat(
    client: Client, responses_provider: Provider, openai_provider: Provider, field: dict
) -> None:
    referee.completion(client.chat({**prompts.chat(model="pro-then-chat"), **field}))
    assert responses_provider.requests == [] and len(openai_provider.requests) == 1
    error = referee.error(client.chat({**prompts.chat(model="pro-only"), **field}), 400)
    assert error["param"] == next(iter(field)) and error["code"] == "unsupported_parameter"


def test_a_stream_in_pieces_of_one_byte(client: Client, responses_provider: Provider) -> None:
    stream = b"".join(responses.stream_events([*items_of_a_turn()[:1], responses.text("Grüße, 雪 🦊.")]))
    responses_provider.script.append(replies.events(replies.cut(stream, 1)))
    answer = client.chat(prompts.chat(model="pro-only", stream=True))
    texts = [value["choices"][0]["delta"].get("content") or "" for value in answer.events[:-1]]
    assert "".join(texts) == "Grüße, 雪 🦊." and answer.events[-1] == "[DONE]"
