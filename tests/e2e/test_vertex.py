"""Gemini and Claude on Vertex AI: what reached each, what the client made of the answers, and failover between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import openai as sdk
import pytest

from rig import anthropic, gemini, prompts, referee, replies, vertex
from rig.client import Answer, Client
from rig.gateway import Gateway
from rig.provider import Provider
from test_upstream import CLIENT_KEY, HOSTILE, exactly, no_client_secret

ENV = {"VERTEX_TOKEN": vertex.KEY}
BETAS = "context-1m-2025-08-07,files-api-2025-04-14"
TOOLS = [{"type": "function", "function": {"name": name, "parameters": {"type": "object"}}} for name in ("now", "place")]


@pytest.fixture
def google() -> Iterator[Provider]:
    """Gemini on Vertex AI; what it had to complain about fails the test."""
    provider = Provider("vertex gemini", gemini.answer(), vertex.check_gemini)
    yield provider
    provider.close()
    assert not provider.violations, provider.violations


@pytest.fixture
def claude() -> Iterator[Provider]:
    """Claude on Vertex AI, likewise."""
    provider = Provider("vertex claude", vertex.claude(), vertex.check_claude)
    yield provider
    provider.close()
    assert not provider.violations, provider.violations


@pytest.fixture
def gateway(own_gateway: Callable[..., Gateway], google: Provider, claude: Provider) -> Gateway:
    """A gateway with Gemini first and Claude second, both on Vertex AI."""
    key = {"env": "VERTEX_TOKEN"}
    both = [{"provider": "google", "model": vertex.GEMINI}, {"provider": "claude", "model": vertex.CLAUDE}]
    file = {
        "providers": [
            {"name": "google", "type": "vertex", "base_url": vertex.google_base(google.url), "api_key": key},
            {
                "name": "claude",
                "type": "vertex-anthropic",
                "base_url": vertex.anthropic_base(claude.url),
                "api_key": key,
                "headers": {"anthropic-beta": BETAS},
            },
        ],
        "models": [
            {"name": "both", "targets": both},
            {"name": "gemini", "targets": both[:1]},
            {"name": "claude", "targets": both[1:]},
        ],
    }
    return own_gateway(file, ENV)


@pytest.fixture
def pair(gateway: Gateway) -> Iterator[Client]:
    """A client of it."""
    client = gateway.client()
    yield client
    client.close()


def completion(answer: Answer) -> dict:
    """The message of a whole reply, without what is no part of OpenAI's API, which was looked at before."""
    value = answer.json
    for name in ("extra_content", "reasoning_content", "thinking_blocks"):
        value["choices"][0]["message"].pop(name, None)
    bare = Answer(answer.status, answer.headers, json.dumps(value).encode(), answer.complete)
    return referee.completion(bare)["choices"][0]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_gemini_on_vertex(pair: Client, google: Provider, stream: bool) -> None:
    link = {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}
    content = [{"type": "text", "text": "What?"}, link]
    request = {"model": "gemini", "messages": [{"role": "user", "content": content}], "metadata": {"team": "red", "A": "b"}}
    answer = pair.chat({**request, "stream": stream}, HOSTILE)
    if stream:
        assert referee.stream(answer) == "Hello from Gemini."
    else:
        assert completion(answer)["message"]["content"] == "Hello from Gemini."
    [received] = google.requests
    assert received.target == vertex.GEMINI_PATHS[stream]
    assert received.header("host") == google.authority
    exactly(received, {"authorization"}, stream)
    no_client_secret(received)
    assert received.json == {
        "contents": [
            {
                "role": "user",
                "parts": [{"text": "What?"}, {"fileData": {"mimeType": "image/png", "fileUri": "https://a.example/b.png"}}],
            }
        ],
        "labels": {"team": "red"},
    }


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_claude_on_vertex_calls_tools(pair: Client, claude: Provider, stream: bool) -> None:
    calls = (anthropic.tool_use("toolu_1", "now", {"zone": "UTC"}), anthropic.tool_use("toolu_2", "place", {}))
    claude.script.append(vertex.claude(anthropic.text("Let me see."), *calls, stop="tool_use"))
    first = prompts.chat(model="claude", tools=TOOLS, max_tokens=100, stream=stream)
    answer = pair.chat(first, HOSTILE)
    if stream:
        assert referee.stream(answer) == "Let me see."
        told: list[dict] = [{"arguments": ""}, {"arguments": ""}]
        for chunk in answer.events[:-1]:
            for call in chunk["choices"][0]["delta"].get("tool_calls", []):
                told[call["index"]] |= {"id": call.get("id") or told[call["index"]]["id"]}
                told[call["index"]]["arguments"] += call["function"]["arguments"]
        found = [(call["id"], json.loads(call["arguments"])) for call in told]
    else:
        message = completion(answer)["message"]
        assert message["content"] == "Let me see."
        found = [(call["id"], json.loads(call["function"]["arguments"])) for call in message["tool_calls"]]
    assert found == [("toolu_1", {"zone": "UTC"}), ("toolu_2", {})]

    received = claude.requests[0]
    assert received.target == vertex.CLAUDE_PATHS[stream]
    exactly(received, {"authorization", "anthropic-beta"}, stream)
    no_client_secret(received)
    # Vertex AI knows no Files API.
    assert received.header("anthropic-beta") == "context-1m-2025-08-07"
    tools = [{"name": tool["function"]["name"], "input_schema": {"type": "object", "properties": {}}} for tool in TOOLS]
    sent = received.json
    assert [tool["name"] for tool in sent.pop("tools")] == [tool["name"] for tool in tools]
    assert sent == {
        "anthropic_version": vertex.VERSION,
        "max_tokens": 100,
        **({"stream": True} if stream else {}),
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Say hello."}]}],
    }

    assistant = {
        "role": "assistant",
        "content": "Let me see.",
        "tool_calls": [
            {"id": name, "type": "function", "function": {"name": tool, "arguments": json.dumps(arguments)}}
            for (name, arguments), tool in zip(found, ("now", "place"), strict=True)
        ],
    }
    results = [{"role": "tool", "tool_call_id": name, "content": "12"} for name, _ in found]
    second = pair.chat({**first, "messages": [*first["messages"], assistant, *results]})
    assert second.status == 200
    blocks = claude.requests[1].json["messages"][2]["content"]
    assert [block["tool_use_id"] for block in blocks] == ["toolu_1", "toolu_2"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_claude_answers_for_gemini(pair: Client, google: Provider, claude: Provider, stream: bool) -> None:
    google.script.append(vertex.error(429, "RESOURCE_EXHAUSTED", "Resource exhausted."))
    answer = pair.chat(prompts.chat(model="both", stream=stream), HOSTILE)
    if stream:
        assert referee.stream(answer) == "Hello from Claude on Vertex."
    else:
        assert completion(answer)["message"]["content"] == "Hello from Claude on Vertex."
    assert [received.target for received in google.requests] == [vertex.GEMINI_PATHS[stream]]
    assert [received.target for received in claude.requests] == [vertex.CLAUDE_PATHS[stream]]
    # Nothing of the first attempt is in the second.
    exactly(claude.requests[0], {"authorization", "anthropic-beta"}, stream)
    assert b"contents" not in claude.requests[0].body and CLIENT_KEY.encode() not in claude.requests[0].raw


def test_the_wait_that_google_asks_for_reaches_the_client(pair: Client, google: Provider) -> None:
    wait = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "33.2s"}
    google.default = vertex.error(429, "RESOURCE_EXHAUSTED", "Quota exceeded.", (wait,))
    answer = pair.chat(prompts.chat(model="gemini"))
    assert referee.error(answer, 429)["message"] == "Quota exceeded."
    assert answer.header("retry-after") == "34"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_both_envelopes_of_claudes_errors(pair: Client, claude: Provider, stream: bool) -> None:
    claude.default = vertex.error(400, "INVALID_ARGUMENT", "prompt is too long: 213462 tokens > 200000 maximum")
    request = prompts.chat(model="claude", stream=stream)
    assert referee.error(pair.chat(request), 400)["code"] == "context_length_exceeded"
    claude.default = anthropic.error(400, "invalid_request_error", "max_tokens: too large")
    assert referee.error(pair.chat(request), 400)["message"] == "max_tokens: too large"


def test_a_link_goes_to_gemini_alone(pair: Client, google: Provider, claude: Provider) -> None:
    """Claude on Vertex AI takes bytes: it is not in the plan."""
    link = {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}
    request = {"model": "both", "messages": [{"role": "user", "content": [link]}]}
    google.default = vertex.error(503, "UNAVAILABLE", "Try later.")
    referee.error(pair.chat(request), 503)
    assert claude.requests == []
    assert referee.error(pair.chat({**request, "model": "claude"}), 400)["code"] == "unsupported_parameter"


def test_sources_reach_the_client(pair: Client, google: Provider) -> None:
    """Places are told in bytes there, in characters here; and what only Google's API tells comes beside them."""
    parts = [gemini.text("Grüße. "), gemini.text("Ende.")]
    chunk = gemini.chunk(*parts, finish="STOP")
    chunk["candidates"][0] |= {
        "groundingMetadata": {
            "groundingChunks": [{"web": {"uri": "https://a.example/1", "title": "a.example"}}],
            "groundingSupports": [{"segment": {"startIndex": 9, "endIndex": 14}, "groundingChunkIndices": [0]}],
        },
        "safetyRatings": [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"}],
    }
    source = {"start_index": 7, "end_index": 12, "title": "a.example", "url": "https://a.example/1"}
    google.script.append(replies.json_body(chunk))
    message = pair.chat(prompts.chat(model="gemini")).json["choices"][0]["message"]
    assert [annotation["url_citation"] for annotation in message["annotations"]] == [source]
    assert message["extra_content"]["google"].keys() == {"safety_ratings", "grounding_metadata"}

    google.script.append(replies.events(replies.cut(gemini.sse(chunk), 50)))
    answer = pair.chat(prompts.chat(model="gemini", stream=True))
    deltas = [event["choices"][0]["delta"] for event in answer.events[:-1]]
    assert [delta["annotations"][0]["url_citation"] for delta in deltas if "annotations" in delta] == [source]
    told = [name for delta in deltas for name in delta.get("extra_content", {}).get("google", {})]
    assert sorted(told) == ["grounding_metadata", "safety_ratings"]


def test_the_sdk_builds_reasoning_and_sources_up(gateway: Gateway, claude: Provider) -> None:
    """The official SDK's helper fails on elements of lists that do not say which they are."""
    cited = {"type": "web_search_result_location", "cited_text": "x", "url": "https://a.example/1", "title": "A"}
    thought = {"type": "thinking", "thinking": "", "signature": ""}
    deltas = [
        (0, thought, {"type": "thinking_delta", "thinking": "h"}),
        (0, None, {"type": "thinking_delta", "thinking": "m"}),
        (0, None, {"type": "signature_delta", "signature": "c2ln"}),
        (1, {"type": "text", "text": ""}, {"type": "citations_delta", "citation": cited}),
        (1, None, {"type": "citations_delta", "citation": {**cited, "url": "https://b.example/2"}}),
        (1, None, {"type": "text_delta", "text": "Schön"}),
    ]
    first, *_, delta, stop = anthropic.stream_events()
    events = [first]
    for index, start, step in deltas:
        if start:
            start = {"type": "content_block_start", "index": index, "content_block": start}
            events.append(anthropic.sse("content_block_start", start))
        events.append(anthropic.sse("content_block_delta", {"type": "content_block_delta", "index": index, "delta": step}))
    claude.script.append(replies.events([*events, delta, stop]))
    with (
        sdk.OpenAI(base_url=gateway.url, api_key="any", max_retries=0, timeout=10) as api,
        api.chat.completions.stream(model="claude", messages=[{"role": "user", "content": "Hi"}]) as stream,
    ):
        list(stream)
        message = stream.get_final_completion().choices[0].message
    assert message.content == "Schön"
    [block] = message.thinking_blocks
    assert (block["thinking"], block["signature"]) == ("hm", "c2ln")
    sources = [annotation.url_citation for annotation in message.annotations]
    assert [(source.url, source.start_index, source.end_index) for source in sources] == [
        ("https://a.example/1", 0, 5),
        ("https://b.example/2", 0, 5),
    ]
