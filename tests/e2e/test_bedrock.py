"""Bedrock behind real Envoy: what reached it, and what the client made of its answers and event streams."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from rig import anthropic, bedrock, openai, prompts, referee, replies
from rig.client import Client
from rig.gateway import Gateway
from rig.provider import Provider
from test_upstream import CLIENT_KEY, HOSTILE, exactly, no_client_secret

ENV = {"OPENAI_API_KEY": openai.KEY}
ARN = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0"


@pytest.fixture
def bedrock_provider() -> Iterator[Provider]:
    """Bedrock; what it had to complain about fails the test."""
    provider = Provider("bedrock", bedrock.answer(), bedrock.check)
    yield provider
    provider.close()
    assert not provider.violations, provider.violations


@pytest.fixture
def pair(own_gateway: Callable[..., Gateway], openai_provider: Provider, bedrock_provider: Provider) -> Iterator[Client]:
    """A client of a gateway with OpenAI and Bedrock in either order; and of any model at Bedrock."""
    first = {"provider": "openai", "model": "gpt-4.1"}
    second = {"provider": "aws", "model": bedrock.MODEL}
    key = {"value": bedrock.KEY}
    file = {
        "providers": [
            {"name": "openai", "type": "openai", "base_url": f"{openai_provider.url}/v1", "api_key": {"env": "OPENAI_API_KEY"}},
            {"name": "aws", "type": "bedrock", "base_url": bedrock_provider.url, "api_key": key},
            {"name": "aws-claude", "type": "bedrock-anthropic", "base_url": bedrock_provider.url, "api_key": key},
        ],
        "models": [
            {"name": "gpt-4.1", "targets": [first, second]},
            {"name": "bedrock-first", "targets": [second, first]},
            {"name": "bedrock-only", "targets": [second]},
            {"name": "arn", "targets": [{"provider": "aws", "model": ARN}]},
            {"name": "any-*", "targets": [{"provider": "aws"}]},
            {"name": "invoke", "targets": [{"provider": "aws-claude", "model": bedrock.MODEL}]},
        ],
    }
    client = own_gateway(file, ENV).client()
    yield client
    client.close()


@pytest.mark.parametrize("size", [prompts.KB, 5 * prompts.MB], ids=["1KB", "5MB"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_bedrock_answers_for_openai(
    pair: Client, openai_provider: Provider, bedrock_provider: Provider, stream: bool, size: int
) -> None:
    openai_provider.script.append(openai.error(503))
    prompt = prompts.text(size)
    more: dict = {"max_tokens": 50, "stop": ["END"], "temperature": 0.5, "user": "u-1"}
    answer = pair.chat(prompts.chat(prompt, stream=stream, **more), HOSTILE)

    if stream:
        assert referee.stream(answer) == "Hello from Bedrock."
    else:
        value = referee.completion(answer)
        assert value["choices"][0]["message"]["content"] == "Hello from Bedrock."
        assert value["choices"][0]["finish_reason"] == "stop"
        usage = value["usage"]
        assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (12, 6, 18)
    [received] = bedrock_provider.requests
    assert received.target == bedrock.PATHS[stream]
    assert received.header("host") == bedrock_provider.authority
    names = {"authorization", "host", "content-type", "content-length", "accept", "accept-encoding", "user-agent"}
    assert sorted(key.decode().lower() for key, _ in received.headers) == sorted(names)
    if not stream:
        exactly(received, {"authorization"})
    accept = "application/vnd.amazon.eventstream" if stream else "application/json"
    assert received.header("accept") == accept
    no_client_secret(received)
    assert openai.KEY.encode() not in received.raw and CLIENT_KEY.encode() not in received.raw
    assert received.json == {
        "messages": [{"role": "user", "content": [{"text": prompt}]}],
        "inferenceConfig": {"maxTokens": 50, "temperature": 0.5, "stopSequences": ["END"]},
        "requestMetadata": {"user": "u-1"},
    }
    assert bedrock.KEY.encode() not in openai_provider.requests[0].raw


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_tools_over_two_turns(pair: Client, bedrock_provider: Provider, stream: bool) -> None:
    calls = (bedrock.call("tooluse_1", "now", {"zone": "UTC"}), bedrock.call("tooluse_2", "place", {}))
    bedrock_provider.script.append(bedrock.answer(bedrock.text("Let me see."), *calls))
    tools = [{"type": "function", "function": {"name": name}} for name in ("now", "place")]
    first = prompts.chat(model="bedrock-only", tools=tools, stream=stream)
    answer = pair.chat(first)
    if stream:
        assert referee.stream(answer) == "Let me see."
        made: list[dict] = []
        for value in answer.events[:-1]:
            for delta in value["choices"][0]["delta"].get("tool_calls", []):
                if "id" in delta:
                    made.append({"id": delta["id"], "type": "function", "function": {**delta["function"]}})
                else:
                    made[delta["index"]]["function"]["arguments"] += delta["function"]["arguments"]
        message = {"role": "assistant", "content": "Let me see.", "tool_calls": made}
    else:
        message = referee.completion(answer)["choices"][0]["message"]
    assert [call["id"] for call in message["tool_calls"]] == ["tooluse_1", "tooluse_2"]
    assert [json.loads(call["function"]["arguments"]) for call in message["tool_calls"]] == [{"zone": "UTC"}, {}]

    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": call["function"]["name"]}
        for call in reversed(message["tool_calls"])
    ]
    second = {**first, "stream": False, "messages": [*first["messages"], message, *results]}
    referee.completion(pair.chat(second))
    sent = bedrock_provider.requests[1].json
    assert sent["messages"][1]["content"] == [bedrock.text("Let me see."), *calls]
    assert sent["messages"][2]["content"] == [
        {"toolResult": {"toolUseId": id, "content": [{"text": name}]}}
        for id, name in (("tooluse_2", "place"), ("tooluse_1", "now"))
    ]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_throttling_fails_over(pair: Client, openai_provider: Provider, bedrock_provider: Provider, stream: bool) -> None:
    bedrock_provider.script.append(bedrock.error(429, "ThrottlingException", "Too many requests, please wait."))
    answer = pair.chat(prompts.chat(model="bedrock-first", stream=stream))
    said = referee.stream(answer) if stream else referee.completion(answer)["choices"][0]["message"]["content"]
    assert said == "Hello from OpenAI."
    assert (len(bedrock_provider.requests), len(openai_provider.requests)) == (1, 1)


@pytest.mark.parametrize("kind", ["throttlingException", "modelStreamErrorException", "serviceUnavailableException"])
@pytest.mark.parametrize("size", [3, 10_000])
def test_an_exception_as_the_first_event_fails_over(
    pair: Client, openai_provider: Provider, bedrock_provider: Provider, kind: str, size: int
) -> None:
    pieces = replies.cut(bedrock.exception(kind, "Not now."), size)
    bedrock_provider.script.append(bedrock.frames([part for piece in pieces for part in (piece, 0.001)]))
    assert referee.stream(pair.chat(prompts.chat(model="bedrock-first", stream=True))) == "Hello from OpenAI."
    assert len(openai_provider.requests) == 1


def test_a_damaged_first_event_fails_over(pair: Client, bedrock_provider: Provider) -> None:
    bedrock_provider.script.append(bedrock.frames([bedrock.damaged(bedrock.event("messageStart", role="assistant"))]))
    assert referee.stream(pair.chat(prompts.chat(model="bedrock-first", stream=True))) == "Hello from OpenAI."


BEGUN = [
    bedrock.event("messageStart", role="assistant"),
    bedrock.event("contentBlockDelta", contentBlockIndex=0, delta={"text": "Hel"}),
]
MORE = bedrock.event("contentBlockDelta", contentBlockIndex=0, delta={"text": "lo"})


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ([bedrock.exception("modelStreamErrorException", "It broke.")], "It broke."),
        ([bedrock.damaged(MORE), *bedrock.stream_events(bedrock.text("x"))[-2:]], "checksum"),
        ([MORE[:-7]], "cut off"),
        ([], "cut off"),
    ],
    ids=["exception", "checksum", "half a message", "no end"],
)
def test_what_breaks_later_is_the_streams_last_event(
    pair: Client, openai_provider: Provider, bedrock_provider: Provider, broken: list[bytes], words: str
) -> None:
    bedrock_provider.script.append(bedrock.frames([*BEGUN, 0.02, *broken]))
    said, error = referee.broken_stream(pair.chat(prompts.chat(model="bedrock-first", stream=True)))
    assert said == "Hel" and words in error["message"]
    assert openai_provider.requests == []


@pytest.mark.parametrize("size", [1, 7, 100])
def test_where_the_bytes_are_cut_changes_nothing(pair: Client, bedrock_provider: Provider, size: int) -> None:
    words = "Zoë said 雪 and 🦊 ran"
    stream = b"".join(bedrock.stream_events(bedrock.text(words)))
    bedrock_provider.script.append(bedrock.frames(replies.cut(stream, size)))
    options = {"stream_options": {"include_usage": True}}
    answer = pair.chat(prompts.chat(model="bedrock-only", stream=True, **options))
    assert referee.stream(answer, usage=True) == words


def test_an_arn_goes_escaped_into_the_path(pair: Client, bedrock_provider: Provider) -> None:
    referee.completion(pair.chat(prompts.chat(model="arn")))
    escaped = ARN.replace(":", "%3A").replace("/", "%2F")
    assert bedrock_provider.requests[0].target == f"/model/{escaped}/converse"


@pytest.mark.parametrize("name", ["any-/../x", "any-a/b", "any-x?key=1", "any-a%2Fb", "any-#", "any-arn:/../x", "any- é"])
def test_a_name_that_a_path_cannot_hold_is_refused(pair: Client, bedrock_provider: Provider, name: str) -> None:
    error = referee.error(pair.chat(prompts.chat(model=name)), 400)
    assert error["param"] == "model"
    assert bedrock_provider.requests == []


def test_a_link_to_a_picture_stays_with_openai(pair: Client, openai_provider: Provider, bedrock_provider: Provider) -> None:
    """Bedrock does not fetch URLs: it is not in the plan."""
    image = {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}
    request = {"model": "bedrock-first", "messages": [{"role": "user", "content": [image]}]}
    assert referee.completion(pair.chat(request))["choices"][0]["message"]["content"] == "Hello from OpenAI."
    assert bedrock_provider.requests == []
    assert referee.error(pair.chat({**request, "model": "bedrock-only"}), 400)["code"] == "unsupported_parameter"


@pytest.mark.parametrize(
    ("status", "name", "what"),
    [
        (403, "UnrecognizedClientException", "The security token included in the request is invalid."),
        (403, "AccessDeniedException", "User: arn:aws:iam::123456789012:user/secret is not authorized."),
    ],
)
def test_the_operators_account_is_not_the_clients_matter(
    pair: Client, bedrock_provider: Provider, status: int, name: str, what: str
) -> None:
    bedrock_provider.default = bedrock.error(status, name, what)
    error = referee.error(pair.chat(prompts.chat(model="bedrock-only")), 502)
    assert error["code"] == "upstream_account" and "secret" not in error["message"]


def test_claude_streams_through_invoke(pair: Client, bedrock_provider: Provider) -> None:
    message = {"id": "msg_bdrk_01", "model": "claude-sonnet-4-5-20250929", "usage": {"input_tokens": 9, "output_tokens": 1}}
    stop = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}
    events = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello, Zoë."}},
        {"type": "content_block_stop", "index": 0},
        stop,
        {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 9}},
    ]
    bedrock_provider.script.append(bedrock.invoke(events))
    answer = pair.chat(prompts.chat(model="invoke", stream=True))
    assert referee.stream(answer) == "Hello, Zoë."
    assert bedrock_provider.requests[0].target == bedrock.INVOKE
    # The stream is asked for by the path alone.
    assert bedrock_provider.requests[0].json == INVOKED


INVOKED = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 64000,
    "messages": [{"role": "user", "content": [{"type": "text", "text": "Say hello."}]}],
}


def test_claude_answers_through_invoke(pair: Client, bedrock_provider: Provider) -> None:
    bedrock_provider.script.append(replies.json_body(anthropic.message(anthropic.text("Hello, Zoë."))))
    answer = referee.completion(pair.chat(prompts.chat(model="invoke")))
    assert answer["choices"][0]["message"]["content"] == "Hello, Zoë."
    [received] = bedrock_provider.requests
    assert received.target == f"/model/{bedrock.ESCAPED}/invoke"
    assert received.json == INVOKED


def test_an_error_of_invoke_is_told_as_bedrocks(pair: Client, bedrock_provider: Provider) -> None:
    bedrock_provider.script.append(bedrock.error(400, "ValidationException", "messages: too many"))
    error = referee.error(pair.chat(prompts.chat(model="invoke")), 400)
    assert (error["type"], error["message"]) == ("invalid_request_error", "messages: too many")
