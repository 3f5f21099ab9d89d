"""What reaches each provider, in full: path, host, headers, credential, body."""

from __future__ import annotations

import json

import pytest

from rig import anthropic, openai, prompts, referee
from rig.client import Client
from rig.provider import Provider, Received

CLIENT_KEY = "sk-client-secret-9999"

# All that a provider may see, besides its credential.
COMMON = {"host", "content-type", "content-length", "accept", "accept-encoding", "user-agent"}

# What clients and proxies in front send, and what someone would send to fool the gateway.
HOSTILE = [
    ("authorization", f"Bearer {CLIENT_KEY}"),
    ("x-api-key", CLIENT_KEY),
    ("api-key", CLIENT_KEY),
    ("openai-organization", "org-client"),
    ("anthropic-beta", "client-beta"),
    ("cookie", f"session={CLIENT_KEY}"),
    ("proxy-authorization", f"Basic {CLIENT_KEY}"),
    ("x-request-id", "client-request-id"),
    ("x-forwarded-for", "203.0.113.9"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "evil.test"),
    ("forwarded", "for=203.0.113.9"),
    ("x-real-ip", "203.0.113.9"),
    ("via", "1.1 evil"),
    ("x-envoy-max-retries", "0"),
    ("x-envoy-retry-on", "5xx"),
    ("x-envoy-upstream-rq-timeout-ms", "1"),
    ("x-envoy-upstream-rq-per-try-timeout-ms", "1"),
    ("x-envoy-original-path", "/evil"),
    ("x-envoy-internal", "true"),
    ("x-envoy-decorator-operation", "evil"),
    ("x-switchyard-stream", "pool/claude"),
    ("x-switchyard-reply", "pool/claude"),
    ("x-switchyard-retry", "1"),
    ("x-switchyard-unwell", "1"),
    ("x-switchyard-failed", "1"),
    ("x-switchyard-anything", "1"),
    ("user-agent", "OpenAI/Python 3.54.0"),
    ("x-stainless-lang", "python"),
    ("accept-encoding", "gzip, deflate, br"),
    ("accept", "application/json"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("te", "trailers"),
]


def exactly(received: Received, credential: set[str], stream: bool = False) -> None:
    """The complete header set: nothing else, nothing twice, and none of it the client's."""
    names = [key.decode().lower() for key, _ in received.headers]
    assert sorted(names) == sorted(COMMON | credential)
    assert received.header("content-length") == str(len(received.body))
    assert received.header("content-type") == "application/json"
    assert received.header("accept") == ("text/event-stream" if stream else "application/json")
    assert received.header("accept-encoding") == "identity"
    assert (received.header("user-agent") or "").startswith("switchyard/")


def no_client_secret(*received: Received) -> None:
    """Nothing of what the client sent to authenticate itself or to fool the gateway."""
    for request in received:
        for secret in (CLIENT_KEY, "client-request-id", "203.0.113.9", "evil", "org-client", "client-beta", "0af7651916cd"):
            assert secret.encode() not in request.raw, f"{secret} left the gateway"


def test_openai_sees_its_own_request_and_nothing_else(client: Client, openai_provider: Provider) -> None:
    body = b'{ "messages":[{"role":"user","content":"caf\xc3\xa9 \\u00e9"}],\n "model" : "gpt-4.1", "seed":1, "x_new":[1.0, 1e3] }'
    answer = client.request("POST", "/v1/chat/completions", [("content-type", "application/json"), *HOSTILE], body)
    referee.completion(answer)
    (received,) = openai_provider.requests
    assert (received.method, received.target) == ("POST", "/v1/chat/completions")
    assert received.header("host") == openai_provider.authority
    assert received.header("authorization") == f"Bearer {openai.KEY}"
    assert received.header("content-type") == "application/json"
    exactly(received, {"authorization"})
    no_client_secret(received)
    assert anthropic.KEY.encode() not in received.raw
    # Same format in and out: the bytes pass through, to the last space.
    assert received.body == body


def test_the_model_is_spliced_into_the_same_bytes(client: Client, openai_provider: Provider) -> None:
    body = b'{"messages":[{"role":"user","content":"model"}],  "model":"openai-only","temperature":0.10}'
    referee.completion(client.chat(body))
    assert openai_provider.requests[0].body == body.replace(b'"openai-only"', b'"gpt-4.1"')


def test_anthropic_sees_its_own_request_and_nothing_else(client: Client, claude_provider: Provider) -> None:
    request = prompts.chat("Hello, Claude.", model="claude-only", max_tokens=100, stop=["END"])
    request["messages"].insert(0, {"role": "system", "content": "Be brief."})
    answer = client.chat(request, HOSTILE)
    referee.completion(answer)
    (received,) = claude_provider.requests
    assert (received.method, received.target) == ("POST", "/v1/messages")
    assert received.header("host") == claude_provider.authority
    assert received.header("x-api-key") == anthropic.KEY
    exactly(received, {"x-api-key", "anthropic-version"})
    no_client_secret(received)
    assert openai.KEY.encode() not in received.raw
    sent = received.json
    referee.schema("anthropic.request", sent)
    assert sent["model"] == "claude-sonnet-4-5"
    assert sent["max_tokens"] == 100
    assert sent["stop_sequences"] == ["END"]
    assert "Be brief." in json.dumps(sent["system"])
    assert [message["role"] for message in sent["messages"]] == ["user"]
    assert set(sent) <= {"model", "max_tokens", "stop_sequences", "system", "messages", "stream"}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_nothing_of_attempt_one_is_in_attempt_two(
    client: Client, openai_provider: Provider, claude_provider: Provider, stream: bool
) -> None:
    openai_provider.script.append(openai.error(503))
    client.chat(prompts.chat(stream=stream), HOSTILE)
    (first,), (second,) = openai_provider.requests, claude_provider.requests
    exactly(first, {"authorization"}, stream)
    exactly(second, {"x-api-key", "anthropic-version"}, stream)
    no_client_secret(first, second)
    assert second.target == "/v1/messages" and second.header("host") == claude_provider.authority
    for trace in (openai.KEY, "gpt-4.1", "/v1/chat/completions", openai_provider.authority, "include_usage"):
        assert trace.encode() not in second.raw, f"{trace} of attempt 1 is in attempt 2"
    assert anthropic.KEY.encode() not in first.raw


def test_a_chunked_request_is_served_as_any_other(client: Client, openai_provider: Provider) -> None:
    raw = json.dumps(prompts.chat("chunked")).encode()
    pieces = [raw[at : at + 5] for at in range(0, len(raw), 5)]
    answer = client.request("POST", "/v1/chat/completions", [("content-type", "application/json")], pieces)
    referee.completion(answer)
    assert openai_provider.requests[0].json == json.loads(raw)


def test_internal_headers_of_a_client_do_not_steer(client: Client, openai_provider: Provider, claude_provider: Provider) -> None:
    """Pool, plan, provider, retries and timeouts are the gateway's own business."""
    referee.completion(client.chat(prompts.chat(), HOSTILE))
    assert len(openai_provider.requests) == 1 and not claude_provider.requests
    openai_provider.script.append(openai.error(503))
    referee.completion(client.chat(prompts.chat(), HOSTILE))
    assert len(claude_provider.requests) == 1, "x-envoy-max-retries of the client was believed"


def test_what_a_provider_says_about_itself_is_not_believed_either(client: Client, openai_provider: Provider, claude_provider: Provider) -> None:
    """A provider's reply that carries internal headers neither fails over nor shows them."""
    from rig import replies

    headers = [("x-switchyard-retry", "1"), ("x-switchyard-unwell", "1"), ("x-switchyard-failed", "1")]
    openai_provider.script.append(replies.json_body(openai.completion("kept"), headers=headers))
    answer = client.chat(prompts.chat())
    assert referee.completion(answer)["choices"][0]["message"]["content"] == "kept"
    assert not claude_provider.requests


def test_the_query_of_the_client_stays_behind(client: Client, openai_provider: Provider) -> None:
    raw = json.dumps(prompts.chat()).encode()
    answer = client.request("POST", "/v1/chat/completions?api-version=evil&key=1", [("content-type", "application/json")], raw)
    referee.completion(answer)
    assert openai_provider.requests[0].target == "/v1/chat/completions"
