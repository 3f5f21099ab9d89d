"""The official `anthropic` SDK, unmodified, and bare requests of Messages, against providers of four formats."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator

import anthropic as sdk
import pytest

from conftest import ENV
from rig import anthropic, bedrock, gemini, openai, replies
from rig.client import Answer, Client
from rig.gateway import Gateway
from rig.provider import Conn, Provider, Received

KEY = "sk-client-key-0123456789"
MODELS = {"gpt": "OpenAI", "gemini": "Gemini", "bedrock": "Bedrock", "claude": "Anthropic", "bedrock-claude": "Anthropic"}
USER = [{"role": "user", "content": "Say hello."}]
WEATHER = {
    "name": "weather",
    "description": "The weather in a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
COUNTS = {
    "/v1/messages/count_tokens": {"input_tokens": 403},
    f"/v1beta/models/{gemini.MODEL}:countTokens": {"totalTokens": 404},
    f"/model/{bedrock.ESCAPED.removeprefix('us.')}/count-tokens": {"inputTokens": 405},
}


def counting(check: Callable[[Received], list[str]]) -> Callable[[Received], list[str]]:
    """The provider's own rules, but for requests that only count."""
    return lambda received: [] if received.target in COUNTS else check(received)


def answering(answer: Callable[[Conn, Received], None]) -> Callable[[Conn, Received], None]:
    """An answer, or a count."""

    def reply(conn: Conn, received: Received) -> None:
        count = COUNTS.get(received.target)
        (replies.json_body(count) if count else answer)(conn, received)

    return reply


def invoked(conn: Conn, received: Received) -> None:
    """Claude through Bedrock's `InvokeModel`, or any model through `Converse`."""
    if received.target.endswith("/invoke-with-response-stream"):
        events = [json.loads(event.split(b"data: ")[1]) for event in anthropic.stream_events(anthropic.text("Hello from Anthropic."))]
        events[-1]["amazon-bedrock-invocationMetrics"] = {"inputTokenCount": 9}
        bedrock.invoke(events)(conn, received)
    elif received.target.endswith("/invoke"):
        replies.json_body(anthropic.message(anthropic.text("Hello from Anthropic.")))(conn, received)
    else:
        bedrock.answer()(conn, received)


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Provider]]:
    """One provider of each format; what any had to complain about fails the test."""
    made = {
        "openai": Provider("openai", openai.answer(), openai.check),
        "claude": Provider("claude", answering(anthropic.answer()), counting(anthropic.check)),
        "google": Provider("google", answering(gemini.answer()), counting(gemini.check)),
        "aws": Provider("aws", answering(invoked), counting(bedrock.check)),
    }
    yield made
    for server in made.values():
        server.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, servers: dict[str, Provider]) -> Iterator[Gateway]:
    """A gateway with a key, and models at each of them."""
    target = {
        "gpt": {"provider": "openai", "model": "gpt-4.1"},
        "claude": {"provider": "claude", "model": "claude-sonnet-4-5"},
        "gemini": {"provider": "google", "model": gemini.MODEL},
        "bedrock": {"provider": "aws", "model": bedrock.MODEL},
        "bedrock-claude": {"provider": "aws-claude", "model": bedrock.MODEL},
    }
    aws = {"base_url": servers["aws"].url, "api_key": {"value": bedrock.KEY}}
    file = {
        "keys": [{"name": "team", "sha256": hashlib.sha256(KEY.encode()).hexdigest()}],
        "providers": [
            {"name": "openai", "type": "openai", "base_url": f"{servers['openai'].url}/v1", "api_key": {"env": "OPENAI_API_KEY"}},
            {"name": "claude", "type": "anthropic", "base_url": servers["claude"].url, "api_key": {"env": "ANTHROPIC_API_KEY"}},
            {"name": "google", "type": "gemini", "base_url": servers["google"].url, "api_key": {"value": gemini.KEY}},
            {"name": "aws", "type": "bedrock", **aws},
            {"name": "aws-claude", "type": "bedrock-anthropic", **aws},
        ],
        "models": [
            *({"name": name, "targets": [to]} for name, to in target.items()),
            {"name": "gpt-then-claude", "targets": [target["gpt"], target["claude"]]},
            {"name": "claude-then-gpt", "targets": [target["claude"], target["gpt"]]},
        ],
    }
    gateway = Gateway(tmp_path_factory.mktemp("messages"), file, ENV)
    yield gateway
    gateway.stop()


@pytest.fixture
def providers(servers: dict[str, Provider], shared: Gateway) -> Iterator[dict[str, Provider]]:
    """The providers as new, behind the shared gateway; Envoy must be well after the test, too."""
    usual = {name: server.default for name, server in servers.items()}
    for server in servers.values():
        server.fresh()
    yield servers
    for name, server in servers.items():
        server.default = usual[name]
    violations = [what for server in servers.values() for what in server.violations]
    assert not violations, violations
    assert not (found := shared.new_problems()), found


@pytest.fixture
def api(shared: Gateway, providers: dict[str, Provider]) -> Iterator[sdk.Anthropic]:
    """The SDK without retries of its own."""
    with sdk.Anthropic(base_url=shared.url.removesuffix("/v1"), api_key=KEY, max_retries=0, timeout=10) as api:
        yield api


@pytest.fixture
def client(shared: Gateway, providers: dict[str, Provider]) -> Iterator[Client]:
    client = shared.client()
    yield client
    client.close()


def ask(client: Client, body: dict, *headers: tuple[str, str], path: str = "/v1/messages", key: str | None = KEY) -> Answer:
    """A bare request; the key stands where Claude Code puts it."""
    body = {"max_tokens": 100, "messages": USER, **body}
    common = [("content-type", "application/json"), ("anthropic-version", "2023-06-01"), *headers]
    common += [("x-api-key", key)] if key else []
    return client.request("POST", path, common, json.dumps(body).encode())


def events(answer: Answer) -> list[tuple[str, dict]]:
    """Name and data of each event."""
    blocks = answer.body.replace(b"\r\n", b"\n").split(b"\n\n")
    assert blocks.pop() == b"", answer.body[-200:]
    pairs = [block.removeprefix(b"event: ").split(b"\ndata: ") for block in blocks]
    return [(name.decode(), json.loads(data)) for name, data in pairs]


@pytest.mark.parametrize("model", MODELS)
def test_plain(api: sdk.Anthropic, model: str) -> None:
    message = api.messages.create(model=model, max_tokens=100, messages=USER)
    assert [block.text for block in message.content] == [f"Hello from {MODELS[model]}."]
    assert message.id.startswith("msg_") and message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0


@pytest.mark.parametrize("model", MODELS)
def test_stream(api: sdk.Anthropic, model: str) -> None:
    with api.messages.stream(model=model, max_tokens=100, messages=USER) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert text == f"Hello from {MODELS[model]}."
    assert message.content[0].text == text and message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0


TURNS = {
    "gpt": ("openai", lambda: openai_calls()),
    "gemini": ("google", lambda: gemini.answer(gemini.call("weather", {"city": "Oslo"}, "c2ln"))),
    "bedrock": ("aws", lambda: bedrock.answer(bedrock.text("Let me see."), bedrock.call("tooluse_1", "weather", {"city": "Oslo"}))),
    "claude": ("claude", lambda: anthropic.answer(anthropic.tool_use("toolu_1", "weather", {"city": "Oslo"}), stop="tool_use")),
}


def openai_calls() -> Callable[[Conn, Received], None]:
    """A call of OpenAI's, in pieces where a stream is asked for."""
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}

    def piece(arguments: str, **more: object) -> bytes:
        return openai.sse(openai.chunk({"tool_calls": [{"index": 0, **more, "function": {"arguments": arguments}}]}))

    begin = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    stream = [openai.sse(openai.chunk({"tool_calls": [begin]})), piece('{"city"'), piece(':"Oslo"}'),
              openai.sse(openai.chunk({}, "tool_calls")), openai.DONE]
    whole = openai.completion(None, tool_calls=[call])
    return replies.either(replies.json_body(whole), replies.events(stream))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("model", TURNS)
def test_tools(api: sdk.Anthropic, providers: dict[str, Provider], model: str, stream: bool) -> None:
    """The client sends back the blocks that it got, whatever they are."""
    server, turn = TURNS[model]
    providers[server].script.append(turn())

    def create(messages: list) -> sdk.types.Message:
        more: dict = {"model": model, "max_tokens": 100, "messages": messages, "tools": [WEATHER]}
        if not stream:
            return api.messages.create(**more)
        with api.messages.stream(**more) as events:
            return events.get_final_message()

    first = create([{"role": "user", "content": "How is Oslo?"}])
    assert first.stop_reason == "tool_use"
    [call] = [block for block in first.content if block.type == "tool_use"]
    assert (call.name, call.input) == ("weather", {"city": "Oslo"})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "Cold."}
    said = [block.model_dump(exclude_none=True) for block in first.content]
    second = create([{"role": "user", "content": "How is Oslo?"}, {"role": "assistant", "content": said},
                     {"role": "user", "content": [result]}])
    assert second.content[0].text == f"Hello from {MODELS[model]}."
    sent = providers[server].requests[1].raw
    assert b"switchyard:" not in sent
    assert (b"c2ln" in sent) == (model == "gemini"), "the signature of the call goes back to who gave it"


STATUSES = [
    ("gpt", "openai", openai.error(429, "Slow.", "rate_limit_error"), 429, "rate_limit_error"),
    ("gpt", "openai", openai.error(400, "Bad.", "invalid_request_error"), 400, "invalid_request_error"),
    ("gpt", "openai", openai.error(503), 529, "overloaded_error"),
    ("gpt", "openai", openai.error(500), 500, "api_error"),
    ("gpt", "openai", openai.error(401, "Bad key sk-openai.", "invalid_request_error", "invalid_api_key"), 500, "api_error"),
    ("claude", "claude", anthropic.error(529, "overloaded_error", "Overloaded"), 529, "overloaded_error"),
    ("claude", "claude", anthropic.error(413, "request_too_large", "Large."), 413, "request_too_large"),
    ("gemini", "google", gemini.error(429, "RESOURCE_EXHAUSTED", "Quota."), 429, "rate_limit_error"),
    ("bedrock", "aws", bedrock.error(400, "ValidationException", "Malformed."), 400, "invalid_request_error"),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("case", STATUSES, ids=[f"{model}-{status}-{at}" for at, (model, _, _, status, _) in enumerate(STATUSES)])
def test_errors_are_told_as_anthropic_tells_them(
    client: Client, api: sdk.Anthropic, providers: dict[str, Provider], case: tuple, stream: bool
) -> None:
    model, server, reply, status, kind = case
    providers[server].default = reply
    answer = ask(client, {"model": model, "stream": stream})
    value = answer.json
    assert (answer.status, value["type"], value["error"]["type"]) == (status, "error", kind)
    assert "sk-openai" not in value["error"]["message"] and value["request_id"] is None
    with pytest.raises(sdk.APIStatusError) as raised:
        api.messages.create(model=model, max_tokens=5, messages=USER, stream=stream)
    assert raised.value.status_code == status


def test_the_gateways_own_errors(client: Client, providers: dict[str, Provider]) -> None:
    for body, status, kind, words in [
        ({"model": "none"}, 404, "not_found_error", "none"),
        ({"model": "gpt", "max_tokens": "x"}, 400, "invalid_request_error", "max_tokens"),
        ({"model": "gpt", "messages": [{"role": "x", "content": "y"}]}, 400, "invalid_request_error", "messages"),
    ]:
        answer = ask(client, body)
        error = answer.json["error"]
        assert (answer.status, error["type"]) == (status, kind) and words in error["message"], error
    assert not any(server.requests for server in providers.values())


def test_keys(client: Client, providers: dict[str, Provider]) -> None:
    for headers, key in ([], KEY), ([("authorization", f"Bearer {KEY}")], None):
        assert ask(client, {"model": "gpt"}, *headers, key=key).status == 200
    for headers, key in ([], None), ([], "sk-wrong"), ([("authorization", "Bearer sk-wrong")], None):
        answer = ask(client, {"model": "gpt"}, *headers, key=key)
        assert (answer.status, answer.json["error"]["type"]) == (401, "authentication_error")
    assert len(providers["openai"].requests) == 2
    assert KEY.encode() not in providers["openai"].requests[0].raw


def test_betas_go_to_anthropic_alone(client: Client, providers: dict[str, Provider]) -> None:
    betas = ("anthropic-beta", "context-1m-2025-08-07,files-api-2025-04-14")
    for model in MODELS:
        assert ask(client, {"model": model}, betas, path="/v1/messages?beta=true").status == 200, model
    assert providers["claude"].requests[0].header("anthropic-beta") == betas[1]
    for server in ("openai", "google", "aws"):
        for received in providers[server].requests:
            assert received.header("anthropic-beta") is None and received.header("anthropic-version") is None


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_what_anthropic_says_passes_byte_for_byte(client: Client, providers: dict[str, Provider], stream: bool) -> None:
    """Also what is new to the gateway, and the spaces that Anthropic pads its events with."""
    body = json.dumps({**anthropic.message(anthropic.text("Grüße 🦊")), "new": {"a": 1}}).encode()
    sent = anthropic.stream_events(anthropic.text("Grüße 🦊, and more words"))
    sent.insert(3, b": comment\n\nevent: new_event\ndata: {\"type\": \"new_event\"}\n\n")
    whole = b"".join(sent)
    providers["claude"].script.append(replies.events(replies.cut(whole, 7)) if stream else replies.body(200, body))
    answer = ask(client, {"model": "claude", "stream": stream})
    assert answer.body == (whole if stream else body)


@pytest.mark.parametrize("first", ["gpt", "claude"])
def test_an_error_as_the_first_event_fails_over(api: sdk.Anthropic, providers: dict[str, Provider], first: str) -> None:
    providers["openai"].script.append(replies.events([openai.error_event()]))
    providers["claude"].script.append(replies.events([anthropic.error_event()]))
    server, other = ("openai", "claude") if first == "gpt" else ("claude", "openai")
    providers[other].script.clear()  # only the first fails
    model = "gpt-then-claude" if first == "gpt" else "claude-then-gpt"
    with api.messages.stream(model=model, max_tokens=100, messages=USER) as stream:
        text = "".join(stream.text_stream)
    assert text == f"Hello from {'Anthropic' if first == 'gpt' else 'OpenAI'}."
    assert len(providers[server].requests) == len(providers[other].requests) == 1


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_error_status_fails_over(api: sdk.Anthropic, providers: dict[str, Provider], stream: bool) -> None:
    providers["claude"].script.append(anthropic.error(529, "overloaded_error", "Overloaded"))
    if stream:
        with api.messages.stream(model="claude-then-gpt", max_tokens=100, messages=USER) as events:
            message = events.get_final_message()
    else:
        message = api.messages.create(model="claude-then-gpt", max_tokens=100, messages=USER)
    assert message.content[0].text == "Hello from OpenAI."


BROKEN = {
    "gpt": ("openai", lambda: b"".join(openai.stream_events(["Hello", " there"], True)[:2]), openai.error_event("It broke.")),
    "claude": ("claude", lambda: b"".join(anthropic.stream_events(anthropic.text("Hello there"))[:4]),
               anthropic.error_event(what="It broke.")),
    "gemini": ("google", lambda: gemini.stream_events(gemini.text("Hello"))[0], None),
}


@pytest.mark.parametrize("how", ["cut", "half", "error"])
@pytest.mark.parametrize("model", BROKEN)
def test_a_stream_that_breaks_ends_with_an_error_event(
    client: Client, api: sdk.Anthropic, providers: dict[str, Provider], model: str, how: str
) -> None:
    server, begin, error = BROKEN[model]
    if how == "error" and error is None:
        error = gemini.sse({"error": {"code": 503, "message": "It broke.", "status": "UNAVAILABLE"}})
    last = {"cut": b"", "half": b"event: content_block_delta\ndata: {\"ty", "error": error}[how]
    # Without the pause nothing would have reached the client, and the headers would still be held.
    providers[server].script += [replies.events([begin(), 0.3, last])] * 2
    answer = ask(client, {"model": model, "stream": True})
    assert answer.status == 200 and answer.complete
    seen = events(answer)
    assert [name for name, _ in seen if name in ("error", "message_stop")] == ["error"]
    name, data = seen[-1]
    assert name == "error" and data["type"] == "error" and data["error"]["type"] in ("api_error", "overloaded_error")
    assert ("It broke." in data["error"]["message"]) == (how == "error")
    with pytest.raises(sdk.APIStatusError), api.messages.stream(model=model, max_tokens=5, messages=USER) as stream:
        stream.get_final_message()


@pytest.mark.parametrize("size", [1, 5])
@pytest.mark.parametrize("model", ["gpt", "claude", "gemini"])
def test_where_the_bytes_are_cut_changes_nothing(api: sdk.Anthropic, providers: dict[str, Provider], model: str, size: int) -> None:
    words = "Zoë said 雪 and 🦊 ran"
    stream = {
        "gpt": openai.stream_events([words], True),
        "claude": anthropic.stream_events(anthropic.text(words)),
        "gemini": gemini.stream_events(gemini.text(words)),
    }[model]
    server = {"gpt": "openai", "claude": "claude", "gemini": "google"}[model]
    providers[server].script.append(replies.events(replies.cut(b"".join(stream), size)))
    with api.messages.stream(model=model, max_tokens=100, messages=USER) as events:
        assert "".join(events.text_stream) == words


@pytest.mark.parametrize("model", ["claude", "gemini", "bedrock", "bedrock-claude", "claude-then-gpt", "gpt-then-claude"])
def test_tokens_are_counted_by_who_counts(
    client: Client, api: sdk.Anthropic, providers: dict[str, Provider], model: str
) -> None:
    """A target that does not count is passed over."""
    wanted = {"gemini": 404, "bedrock": 405, "bedrock-claude": 405}.get(model, 403)
    count = api.messages.count_tokens(model=model, messages=USER, system="Be brief.", tools=[WEATHER])
    assert count.input_tokens == wanted
    assert providers["openai"].requests == []
    [received] = [received for server in providers.values() for received in server.requests]
    assert received.target in COUNTS and b"max_tokens" not in received.body
    answer = client.request(
        "POST", "/v1/messages/count_tokens?beta=true", [("content-type", "application/json"), ("x-api-key", KEY)],
        json.dumps({"model": model, "messages": USER}).encode())
    assert answer.json == {"input_tokens": wanted} and answer.header("x-token-count") is None


def test_a_count_that_nobody_makes_is_an_estimate(client: Client, api: sdk.Anthropic, providers: dict[str, Provider]) -> None:
    long = [{"role": "user", "content": "word " * 4000}]
    assert 4000 < api.messages.count_tokens(model="gpt", messages=long).input_tokens < 6000
    body = json.dumps({"model": "gpt", "messages": USER}).encode()
    answer = client.request("POST", "/v1/messages/count_tokens", [("content-type", "application/json"), ("x-api-key", KEY)], body)
    assert answer.status == 200 and list(answer.json) == ["input_tokens"] and answer.json["input_tokens"] > 0
    assert answer.header("x-token-count") == "estimate"
    assert providers["openai"].requests == []
    # No key, no model: that stays an error.
    for headers, model, status in [([], "gpt", 401), ([("x-api-key", KEY)], "none", 404)]:
        body = json.dumps({"model": model, "messages": USER}).encode()
        assert client.request("POST", "/v1/messages/count_tokens", headers, body).status == status


def test_a_count_that_fails_is_an_error(client: Client, providers: dict[str, Provider]) -> None:
    providers["google"].script.append(gemini.error(400, "INVALID_ARGUMENT", "Malformed."))
    body = json.dumps({"model": "gemini", "messages": USER}).encode()
    answer = client.request("POST", "/v1/messages/count_tokens", [("x-api-key", KEY)], body)
    assert (answer.status, answer.json["error"]["type"]) == (400, "invalid_request_error")
