"""A client of Responses: whole and streamed answers of every vendor, tools as Codex declares them, reasoning there and back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import openai as sdk
import pytest

from rig import anthropic, bedrock, gemini, openai, referee, replies, responses
from rig.client import Answer, Client
from rig.gateway import Gateway
from rig.provider import Provider, Reply

ENV = {
    "OPENAI_API_KEY": openai.KEY,
    "ANTHROPIC_API_KEY": anthropic.KEY,
    "GEMINI_API_KEY": gemini.KEY,
    "RESPONSES_API_KEY": responses.KEY,
}
NOW = {"type": "function", "name": "now", "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}}, "strict": False}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}
CODEX = [
    {
        "type": "namespace",
        "name": "functions",
        "description": "",
        "tools": [{"type": "custom", "name": "exec", "description": "Runs JavaScript.", "format": GRAMMAR}],
    },
    {"type": "namespace", "name": "agents", "description": "", "tools": [{**NOW, "name": "close"}]},
]
SIGNATURE = "c2lnbmF0dXJlLW9mLWFudGhyb3BpYw=="


@pytest.fixture
def others() -> Iterator[dict[str, Provider]]:
    """The other vendors, and a second provider of Responses; what they had to complain about fails the test."""
    made = {
        "pro": Provider("pro", responses.answer(), responses.check),
        "pro2": Provider("pro2", responses.answer(responses.text("Hello from the second.")), responses.check),
        "gemini": Provider("gemini", gemini.answer(), gemini.check),
        "aws": Provider("aws", bedrock.answer(), bedrock.check),
    }
    yield made
    for provider in made.values():
        provider.close()
        assert not provider.violations, provider.violations


@pytest.fixture
def gateway(
    own_gateway: Callable[..., Gateway], others: dict[str, Provider], claude_provider: Provider, openai_provider: Provider
) -> Gateway:
    """A model of each vendor, and pools of two."""
    targets = {
        "pro": {"provider": "pro", "model": responses.MODEL},
        "pro2": {"provider": "pro2", "model": responses.MODEL},
        "claude": {"provider": "claude", "model": "claude-sonnet-4-5"},
        "gemini": {"provider": "gemini", "model": gemini.MODEL},
        "aws": {"provider": "aws", "model": bedrock.MODEL},
        "openai": {"provider": "openai", "model": "gpt-4.1"},
    }
    key = {"env": "RESPONSES_API_KEY"}
    file = {
        "providers": [
            {"name": "pro", "type": "openai-responses", "base_url": f"{others['pro'].url}/v1", "api_key": key},
            {"name": "pro2", "type": "openai-responses", "base_url": f"{others['pro2'].url}/v1", "api_key": key},
            {"name": "claude", "type": "anthropic", "base_url": claude_provider.url, "api_key": {"env": "ANTHROPIC_API_KEY"}},
            {"name": "gemini", "type": "gemini", "base_url": others["gemini"].url, "api_key": {"env": "GEMINI_API_KEY"}},
            {"name": "aws", "type": "bedrock", "base_url": others["aws"].url, "api_key": {"value": bedrock.KEY}},
            {"name": "openai", "type": "openai", "base_url": f"{openai_provider.url}/v1", "api_key": {"env": "OPENAI_API_KEY"}},
        ],
        "models": [
            *({"name": name, "targets": [target]} for name, target in targets.items()),
            {"name": "claude-then-pro", "targets": [targets["claude"], targets["pro"]]},
            {"name": "pro-then-claude", "targets": [targets["pro"], targets["claude"]]},
        ],
    }
    return own_gateway(file, ENV)


def ask(client: Client, body: dict) -> Answer:
    """A request of Responses."""
    headers = [("content-type", "application/json")]
    return client.request("POST", "/v1/responses", headers, json.dumps(body).encode())


def valid(name: str, value: dict) -> None:
    """What the SDK's types say, but for what they do not know: `store`, and the `error` of OpenAI's own event."""
    value = json.loads(json.dumps(value))
    for response in (value, value.get("response", {})):
        response.pop("store", None)
        response.pop("extra_content", None)
    if value.get("type") == "error":
        assert value.pop("error")["message"] == value["message"]
    referee.schema(name, value)


def events(answer: Answer) -> list[dict]:
    """The events of a stream of the gateway's own: their frames, numbers and form."""
    assert answer.status == 200 and answer.complete, answer
    assert (answer.header("content-type") or "").startswith("text/event-stream"), answer.headers
    *blocks, rest = answer.body.split(b"\n\n")
    assert rest == b"", rest
    found = []
    for number, block in enumerate(blocks):
        name, data = block.split(b"\n")
        value = json.loads(data.removeprefix(b"data: "))
        assert name == f"event: {value['type']}".encode() and value["sequence_number"] == number, block
        valid("openai.responses_event", value)
        found.append(value)
    return found


VENDORS = {
    "claude": "Hello from Anthropic.",
    "gemini": "Hello from Gemini.",
    "aws": "Hello from Bedrock.",
    "openai": "Hello from OpenAI.",
    "pro": "Hello from Responses.",
}


@pytest.mark.parametrize("model", VENDORS)
def test_a_whole_answer(api: sdk.OpenAI, client: Client, model: str) -> None:
    answer = ask(client, {"model": model, "input": "Hi", "instructions": "Be brief.", "metadata": {"a": "b"}})
    assert answer.status == 200, answer.body
    if model != "pro":
        valid("openai.responses_response", answer.json)
        assert answer.json["instructions"] == "Be brief." and answer.json["metadata"] == {"a": "b"}
    response = api.responses.create(model=model, input="Hi")
    assert (response.output_text, response.status) == (VENDORS[model], "completed")
    assert response.id.startswith("resp_") and response.usage.total_tokens > 0


@pytest.mark.parametrize("model", VENDORS)
def test_a_stream(api: sdk.OpenAI, client: Client, model: str) -> None:
    if model != "pro":
        found = events(ask(client, {"model": model, "input": "Hi", "stream": True}))
        assert [event["type"] for event in found[:2]] == ["response.created", "response.in_progress"]
        assert found[-1]["type"] == "response.completed"
    # What the SDK builds up by itself, and what the last event says.
    with api.responses.stream(model=model, input="Hi") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert text == final.output_text == VENDORS[model]
    assert final.usage.total_tokens > 0


def sent_back(response: object) -> list[dict]:
    """The output as the next request's input, without what the SDK adds to it by itself."""
    items = [item.to_dict() for item in response.output]
    for item in items:
        item.pop("parsed_arguments", None)
    return items


def calls() -> dict[str, Reply]:
    """Of each vendor: two calls at once."""
    return {
        "claude": anthropic.answer(
            anthropic.tool_use("toolu_1", "now", {"zone": "UTC"}), anthropic.tool_use("toolu_2", "now", {}), stop="tool_use"),
        "gemini": gemini.answer(gemini.call("now", {"zone": "UTC"}, SIGNATURE), gemini.call("now", {})),
        "pro": responses.answer(responses.call("call_1", "now", {"zone": "UTC"}), responses.call("call_2", "now", "{}")),
    }


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("model", ["claude", "gemini", "pro"])
def test_a_loop_with_calls(
    api: sdk.OpenAI, others: dict[str, Provider], claude_provider: Provider, model: str, stream: bool
) -> None:
    """The client sends back what it got, item by item."""
    provider = {"claude": claude_provider, **others}[model]
    provider.script.append(calls()[model])
    asked: list = [{"role": "user", "content": "When?"}]
    if stream:
        with api.responses.stream(model=model, input=asked, tools=[NOW]) as running:
            response = running.until_done().get_final_response()
    else:
        response = api.responses.create(model=model, input=asked, tools=[NOW])
    made = [item for item in response.output if item.type == "function_call"]
    assert [json.loads(call.arguments) for call in made] == [{"zone": "UTC"}, {}]
    asked += sent_back(response)
    asked += [{"type": "function_call_output", "call_id": call.call_id, "output": "noon"} for call in made]
    final = api.responses.create(model=model, input=asked, tools=[NOW])
    assert final.output_text == VENDORS[model]
    sent = provider.requests[1].body
    assert b"switchyard" not in sent and sent.count(b"noon") == 2
    if model == "gemini":
        assert SIGNATURE.encode() in sent


def thoughtful(*content: dict) -> Reply:
    """Claude that thinks first: as a stream."""
    out = [anthropic.sse("message_start", {"type": "message_start", "message": {**anthropic.message(), "stop_reason": None}})]
    start = {"type": "thinking", "thinking": "", "signature": ""}
    deltas = [{"type": "thinking_delta", "thinking": "Hm"}, {"type": "thinking_delta", "thinking": ". \n"}, {"type": "signature_delta", "signature": SIGNATURE}]
    out.append(anthropic.sse("content_block_start", {"type": "content_block_start", "index": 0, "content_block": start}))
    out += [anthropic.sse("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}) for delta in deltas]
    out.append(anthropic.sse("content_block_stop", {"type": "content_block_stop", "index": 0}))
    for index, block in enumerate(content, 1):
        out += anthropic._block(index, block)
    delta = {"stop_reason": "tool_use", "stop_sequence": None}
    out.append(anthropic.sse("message_delta", {"type": "message_delta", "delta": delta, "usage": anthropic.USAGE}))
    return replies.events([*out, anthropic.sse("message_stop", {"type": "message_stop"})])


def test_codex_at_claude(client: Client, claude_provider: Provider) -> None:
    """Custom tools and namespaces, as Codex declares them and keeps what it got: reasoning goes back signed."""
    script = "text(await tools.ls({\"path\": \"ä\"}));\n"
    claude_provider.script.append(thoughtful(
        anthropic.text("I look."),
        anthropic.tool_use("toolu_1", "functions__exec", {"input": script}),
        anthropic.tool_use("toolu_2", "agents__close", {"zone": "x"})))
    body: dict = {
        "model": "claude", "stream": True, "store": False, "include": ["reasoning.encrypted_content"], "tools": CODEX,
        "reasoning": {"effort": "medium"}, "client_metadata": {"session": "1"},
        "input": [{"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "You code."}]},
                  {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "List."}]}],
    }
    found = events(ask(client, body))
    items = [event["item"] for event in found if event["type"] == "response.output_item.done"]
    assert [item["type"] for item in items] == ["reasoning", "message", "custom_tool_call", "function_call"]
    reasoning, _, custom, call = items
    assert reasoning["summary"] == [{"type": "summary_text", "text": "Hm. \n"}]
    assert (custom["namespace"], custom["name"], custom["input"]) == ("functions", "exec", script)
    assert (call["namespace"], call["name"], json.loads(call["arguments"])) == ("agents", "close", {"zone": "x"})
    assert found[-1]["response"]["output"] == items

    output = [{"type": "input_text", "text": "a.txt"}]
    body["input"] += [
        *items,
        {"type": "custom_tool_call_output", "call_id": custom["call_id"], "output": output},
        {"type": "function_call_output", "call_id": call["call_id"], "output": "closed"},
    ]
    assert events(ask(client, body))[-1]["response"]["output"][0]["content"][0]["text"] == "Hello from Anthropic."
    turn = claude_provider.requests[1].json["messages"][1]["content"]
    assert turn[0] == {"type": "thinking", "thinking": "Hm. \n", "signature": SIGNATURE}
    assert [block.get("name") for block in turn[2:]] == ["functions__exec", "agents__close"]
    assert turn[2]["input"] == {"input": script}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_encrypted_reasoning_goes_back_to_its_provider_alone(
    api: sdk.OpenAI, others: dict[str, Provider], claude_provider: Provider, stream: bool
) -> None:
    turn = (responses.reasoning("rs_1", "**Plan**"), responses.call("call_1", "now", {"zone": "UTC"}))
    others["pro"].script.append(responses.answer(*turn))
    asked: list = [{"role": "user", "content": "When?"}]
    more: dict = {"tools": [NOW], "store": False, "include": ["reasoning.encrypted_content"]}
    if stream:
        with api.responses.stream(model="pro", input=asked, **more) as running:
            response = running.until_done().get_final_response()
    else:
        response = api.responses.create(model="pro", input=asked, **more)
    kept = sent_back(response)
    assert kept[0]["encrypted_content"] == f"switchyard:at:v1:pro:{responses.ENCRYPTED}"
    asked += [*kept, {"type": "function_call_output", "call_id": "call_1", "output": "noon"}]
    for model in ("pro", "pro2", "claude"):
        api.responses.create(model=model, input=asked, **more)
    back, = [item for item in others["pro"].requests[1].json["input"] if item.get("type") == "reasoning"]
    assert back["encrypted_content"] == responses.ENCRYPTED and back["id"] == "rs_1"
    for other in (others["pro2"].requests[0], claude_provider.requests[0]):
        assert responses.ENCRYPTED.encode() not in other.body and b"switchyard" not in other.body
        assert b"noon" in other.body


FAILURES = {
    "429": responses.error(429, "rate_limit_exceeded", "rate_limit_error"),
    "500": responses.error(500),
    "failed": responses.failed("server_error", "The model failed."),
    "empty": replies.events([]),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("failure", FAILURES)
def test_failover(
    api: sdk.OpenAI, others: dict[str, Provider], claude_provider: Provider, failure: str, stream: bool
) -> None:
    """Also where the stream has begun with what says nothing yet."""
    others["pro"].default = FAILURES[failure]
    if stream:
        with api.responses.stream(model="pro-then-claude", input="Hi") as running:
            said = running.until_done().get_final_response().output_text
    else:
        said = api.responses.create(model="pro-then-claude", input="Hi").output_text
    assert said == "Hello from Anthropic."
    assert len(others["pro"].requests) == 1 and len(claude_provider.requests) == 1


def test_an_error_as_first_event_fails_over(api: sdk.OpenAI, others: dict[str, Provider], claude_provider: Provider) -> None:
    claude_provider.script.append(replies.events([anthropic.error_event()]))
    with api.responses.stream(model="claude-then-pro", input="Hi") as running:
        assert running.until_done().get_final_response().output_text == "Hello from Responses."
    assert len(others["pro"].requests) == 1


BROKEN = {
    "claude cut": ("claude", lambda: replies.events([*anthropic.stream_events(anthropic.text("Hello there"))[:4], 0.3])),
    "claude error": ("claude", lambda: replies.events(
        [*anthropic.stream_events(anthropic.text("Hello there"))[:4], 0.3, anthropic.error_event()])),
    "pro cut": ("pro", lambda: replies.events([*responses.stream_events([responses.text("Hello there")])[:5], 0.3])),
    "pro cut in an event": ("pro", lambda: replies.events(
        [*responses.stream_events([responses.text("Hello there")])[:5], 0.3, b"event: response.output_text.delta\ndata: {\"type\""])),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_stream_that_breaks_ends_as_an_error(
    api: sdk.OpenAI, client: Client, others: dict[str, Provider], claude_provider: Provider, broken: str
) -> None:
    """The SDK raises; whoever passes over that finds that the response has failed."""
    model, reply = BROKEN[broken]
    provider = {"claude": claude_provider, **others}[model]
    provider.script += [reply(), reply()]
    answer = ask(client, {"model": model, "input": "Hi", "stream": True})
    *_, told, failed, rest = answer.body.split(b"\n\n")
    assert rest == b"" and answer.complete
    told, failed = (json.loads(block.split(b"\ndata: ")[1]) for block in (told, failed))
    assert (told["type"], failed["type"]) == ("error", "response.failed")
    valid("openai.responses_event", told)
    valid("openai.responses_event", failed)
    assert failed["sequence_number"] == told["sequence_number"] + 1
    assert failed["response"]["status"] == "failed" and failed["response"]["error"]["code"] == "server_error"
    assert b"response.completed" not in answer.body
    with pytest.raises(sdk.APIError), api.responses.stream(model=model, input="Hi") as running:
        running.until_done()


def test_what_the_provider_says_of_its_own_failure_passes(api: sdk.OpenAI, client: Client, others: dict[str, Provider]) -> None:
    failed = responses.response([], "failed", error={"code": "server_error", "message": "It broke."})
    begun = [*responses.created(), *responses.item_events(0, responses.text("Hello"))[:3]]
    framed = responses.sse([*begun, {"type": "error", "error": {"type": "server_error", "code": "server_error", "message": "It broke."}},
                            {"type": "response.failed", "response": failed}])
    others["pro"].script += [replies.events([*framed[:5], 0.3, *framed[5:]])] * 2
    assert ask(client, {"model": "pro", "input": "Hi", "stream": True}).body == b"".join(framed)
    with pytest.raises(sdk.APIError, match="It broke."), api.responses.stream(model="pro", input="Hi") as running:
        running.until_done()


def test_a_passing_stream_is_the_providers_own(client: Client, others: dict[str, Provider]) -> None:
    """Byte for byte, however it comes, but for what only the provider can read."""
    items = [responses.reasoning("rs_1", "**Plan**"), responses.text("Grüße, 雪 🦊.")]
    stream = b"".join(responses.stream_events(items))
    mark = b"switchyard:at:v1:pro:"
    expected = stream.replace(b'"encrypted_content": "', b'"encrypted_content": "' + mark)
    for size in (1, 7, 100_000):
        others["pro"].script.append(replies.events(replies.cut(stream, size)))
        assert ask(client, {"model": "pro", "input": "Hi", "stream": True}).body == expected


def test_a_passing_stream_is_not_held_back(client: Client, others: dict[str, Provider]) -> None:
    framed = responses.stream_events([responses.text("Hello there, you")])
    others["pro"].script.append(replies.events([*framed[:5], 0.6, *framed[5:]]))
    client.send("POST", "/v1/responses", [("content-type", "application/json")], json.dumps({"model": "pro", "input": "Hi", "stream": True}).encode())
    begun = time.monotonic()
    answer = client.head()
    while client.piece(answer):
        pass
    first = next(at for at, piece in answer.chunks if b"output_text.delta" in piece)
    assert answer.chunks[-1][0] - first > 0.4 and first - begun < 0.5


def test_a_state_that_only_openai_keeps(client: Client, others: dict[str, Provider], claude_provider: Provider) -> None:
    body = {"model": "pro", "input": "Hi", "previous_response_id": "resp_before"}
    assert ask(client, body).status == 200
    assert others["pro"].requests[0].json["previous_response_id"] == "resp_before"
    answer = ask(client, {**body, "model": "claude"})
    assert answer.status == 400 and answer.json["error"]["param"] == "previous_response_id", answer.body
    assert claude_provider.requests == []
    # Where one of two can, it is asked.
    assert ask(client, {**body, "model": "claude-then-pro"}).status == 200
    assert claude_provider.requests == []


@pytest.mark.parametrize(("body", "status", "param"), [
    ({"model": "nobody", "input": "Hi"}, 404, None),
    ({"input": "Hi"}, 400, "model"),
    ({"model": "claude", "input": 7}, 400, "input"),
    ({"model": "claude", "input": "Hi", "background": True}, 400, "background"),
])
def test_refusals_have_openais_form(client: Client, body: dict, status: int, param: str | None) -> None:
    answer = ask(client, body)
    assert answer.status == status, answer.body
    error = answer.json["error"]
    assert error.keys() == {"message", "type", "param", "code"} and error["message"], error
    assert param is None or error["param"] == param, error


TOO_LONG = anthropic.error(400, "invalid_request_error", "prompt is too long: 300000 tokens > 200000 maximum")


def test_an_error_of_the_provider_has_openais_form(api: sdk.OpenAI, claude_provider: Provider) -> None:
    # With one provider, what another may do better is asked of it once more.
    claude_provider.script += 2 * [TOO_LONG]
    with pytest.raises(sdk.BadRequestError) as raised:
        api.responses.create(model="claude", input="Hi")
    assert raised.value.code == "context_length_exceeded"
    claude_provider.script.clear()
    claude_provider.script += 2 * [anthropic.error(429, "rate_limit_error", "Slow down")]
    with pytest.raises(sdk.RateLimitError):
        api.responses.create(model="claude", input="Hi", stream=True)
