"""The official `openai` SDK, unmodified, against both kinds of provider."""

from __future__ import annotations

import json

import openai as sdk
import pytest
from pydantic import BaseModel

from rig import anthropic, openai, prompts, referee, replies
from rig.provider import Conn, Provider, Received

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
MODELS = ["openai-only", "claude-only"]


def user(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("model", MODELS)
def test_plain(api: sdk.OpenAI, model: str) -> None:
    reply = api.chat.completions.create(model=model, messages=user("Hi"))
    assert reply.choices[0].message.content.startswith("Hello from")
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0


@pytest.mark.parametrize("model", MODELS)
def test_stream(api: sdk.OpenAI, model: str) -> None:
    chunks = list(api.chat.completions.create(model=model, messages=user("Hi"), stream=True,
                                              stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.startswith("Hello from")
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens > 0


@pytest.mark.parametrize("model", MODELS)
def test_stream_helper(api: sdk.OpenAI, model: str) -> None:
    """The helper builds the reply up from its chunks, and is strict about their order."""
    with api.chat.completions.stream(model=model, messages=user("Hi"), stream_options={"include_usage": True}) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    assert "content.delta" in kinds and "content.done" in kinds
    assert final.choices[0].message.content.startswith("Hello from")
    assert final.usage.total_tokens > 0


def openai_calls(conn: Conn, received: Received) -> None:
    """Two calls at once, whole or streamed."""
    calls = [(f"call_{city}", json.dumps({"city": city})) for city in ("Oslo", "Rome")]
    if not received.json.get("stream"):
        made = [{"id": call, "type": "function", "function": {"name": "weather", "arguments": args}} for call, args in calls]
        replies.json_body(openai.completion(None, tool_calls=made))(conn, received)
        return
    parts = [openai.sse(openai.chunk({"role": "assistant", "content": None}))]
    for index, (call, args) in enumerate(calls):
        first = {"index": index, "id": call, "type": "function", "function": {"name": "weather", "arguments": ""}}
        parts.append(openai.sse(openai.chunk({"tool_calls": [first]})))
        for at in range(0, len(args), 4):
            more = {"index": index, "function": {"arguments": args[at : at + 4]}}
            parts.append(openai.sse(openai.chunk({"tool_calls": [more]})))
    parts += [openai.sse(openai.chunk({}, "tool_calls")), openai.DONE]
    replies.events(parts)(conn, received)


CLAUDE_CALLS = anthropic.answer(
    anthropic.text("Let me look."),
    anthropic.tool_use("toolu_Oslo", "weather", {"city": "Oslo"}),
    anthropic.tool_use("toolu_Rome", "weather", {"city": "Rome"}),
    stop="tool_use",
)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("model", MODELS)
def test_two_tools_at_once_over_two_turns(
    api: sdk.OpenAI, openai_provider: Provider, claude_provider: Provider, model: str, stream: bool
) -> None:
    openai_provider.script.append(openai_calls)
    claude_provider.script.append(CLAUDE_CALLS)
    asked = user("Weather in Oslo and Rome?")
    settings = {"model": model, "tools": [WEATHER], "tool_choice": "auto"}
    if stream:
        with api.chat.completions.stream(messages=asked, **settings) as events:
            events.until_done()
            reply = events.get_final_completion()
    else:
        reply = api.chat.completions.create(messages=asked, **settings)
    choice = reply.choices[0]
    assert choice.finish_reason == "tool_calls"
    calls = choice.message.tool_calls
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": "Oslo"}, {"city": "Rome"}]
    assert [call.function.name for call in calls] == ["weather", "weather"]
    assert len({call.id for call in calls}) == 2 and all(call.id for call in calls)

    turn = [{"id": call.id, "type": "function", "function": {"name": "weather", "arguments": call.function.arguments}} for call in calls]
    second = [*asked, {"role": "assistant", "content": choice.message.content, "tool_calls": turn}]
    second += [{"role": "tool", "tool_call_id": call.id, "content": f"sunny {at}"} for at, call in enumerate(calls)]
    reply = api.chat.completions.create(messages=second, **settings)
    assert reply.choices[0].message.content.startswith("Hello from")
    if model == "claude-only":
        sent = claude_provider.requests[1].json
        referee.schema("anthropic.request", sent)
        results = sent["messages"][-1]
        assert results["role"] == "user", "both results belong into one user turn"
        assert [block["type"] for block in results["content"]] == ["tool_result", "tool_result"]
        used = [block["id"] for block in sent["messages"][-2]["content"] if block["type"] == "tool_use"]
        assert [block["tool_use_id"] for block in results["content"]] == used
        assert sent["tools"][0]["input_schema"] == WEATHER["function"]["parameters"]
    else:
        assert openai_provider.requests[1].json["messages"] == second


class City(BaseModel):
    """What structured output is parsed into."""

    name: str
    population: int


OSLO = '{"name":"Oslo","population":717710}'


@pytest.mark.parametrize("model", MODELS)
def test_structured_output(api: sdk.OpenAI, openai_provider: Provider, claude_provider: Provider, model: str) -> None:
    openai_provider.script.append(openai.answer((OSLO,)))

    def claude(conn: Conn, received: Received) -> None:
        """As text where the schema went into `output_config`, as the forced tool's input where it became a tool."""
        request = received.json
        forced = (request.get("tool_choice") or {}).get("type") in ("tool", "any")
        if forced:
            block = anthropic.tool_use("toolu_1", request["tools"][0]["name"], json.loads(OSLO))
            anthropic.answer(block, stop="tool_use")(conn, received)
        else:
            assert request["output_config"]["format"]["type"] == "json_schema", request
            anthropic.answer(anthropic.text(OSLO))(conn, received)

    claude_provider.script.append(claude)
    reply = api.chat.completions.parse(model=model, messages=user("Oslo?"), response_format=City)
    assert reply.choices[0].message.parsed == City(name="Oslo", population=717710)
    assert reply.choices[0].finish_reason == "stop"
    if model == "claude-only":
        referee.schema("anthropic.request", claude_provider.requests[0].json)


def test_models(api: sdk.OpenAI) -> None:
    assert [model.id for model in api.models.list()] == ["gpt-4.1", "openai-only", "claude-only"]


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (400, sdk.BadRequestError),
        (404, sdk.NotFoundError),
        (429, sdk.RateLimitError),
        (500, sdk.InternalServerError),
        (503, sdk.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("model", MODELS)
def test_errors_become_the_sdks_exceptions(
    api: sdk.OpenAI, openai_provider: Provider, claude_provider: Provider, model: str, stream: bool, status: int, raised: type
) -> None:
    kinds = {400: "invalid_request_error", 404: "not_found_error", 429: "rate_limit_error"}
    # One lane: Envoy may try it more than once, so every attempt fails.
    openai_provider.script.extend([openai.error(status, "No.", kinds.get(status, "server_error"))] * 4)
    claude_provider.script.extend([anthropic.error(status, kinds.get(status, "api_error"), "No.")] * 4)
    with pytest.raises(raised) as caught:
        api.chat.completions.create(model=model, messages=user("Hi"), stream=stream)
    assert caught.value.body["message"]


def test_a_wrong_model_is_the_sdks_not_found(api: sdk.OpenAI) -> None:
    with pytest.raises(sdk.NotFoundError) as caught:
        api.chat.completions.create(model="nope", messages=user("Hi"))
    assert caught.value.code == "model_not_found" and caught.value.param == "model"


@pytest.mark.parametrize("model", MODELS)
def test_an_error_in_a_stream_is_raised(api: sdk.OpenAI, openai_provider: Provider, claude_provider: Provider, model: str) -> None:
    openai_provider.script.append(replies.events(openai.stream_events(["a", "b"], False)[:2]))
    claude_provider.script.append(replies.events(anthropic.stream_events(anthropic.text("a b"))[:5]))
    with pytest.raises(sdk.APIError):
        for _ in api.chat.completions.create(model=model, messages=user("Hi"), stream=True):
            pass


def test_the_sdk_does_not_notice_a_failover(api: sdk.OpenAI, openai_provider: Provider) -> None:
    openai_provider.script.extend([openai.error(429), replies.reset(), openai.error(529)])
    for _ in range(3):
        with api.chat.completions.stream(model="gpt-4.1", messages=user(prompts.text(2000))) as stream:
            assert stream.get_final_completion().choices[0].message.content == "Hello from Anthropic."
