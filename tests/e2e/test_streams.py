"""Streams that end badly after they began, and streams that are cut anywhere."""

from __future__ import annotations

import time

import pytest

from rig import anthropic, openai, prompts, referee, replies
from rig.client import Answer, Client
from rig.gateway import Gateway
from rig.provider import Provider

OPENAI = openai.stream_events(["Hello", " there"], usage=False)
CLAUDE = anthropic.stream_events(anthropic.text("Hello there friend"))


def cut_short(client: Client, openai_provider: Provider, claude_provider: Provider, model: str, end: str) -> Answer:
    """A stream that stops after its first words."""
    if model == "claude-only":
        claude_provider.script.append(replies.events([b"".join(CLAUDE[:4]), 0.1], end=end))
    else:
        openai_provider.script.append(replies.events([b"".join(OPENAI[:2]), 0.1], end=end))
    answer = client.chat(prompts.chat(model=model, stream=True))
    assert len(openai_provider.requests) + len(claude_provider.requests) == 1, "nothing switches after the first byte"
    return answer


@pytest.mark.parametrize("model", ["openai-only", "claude-only", "gpt-4.1"])
def test_a_stream_without_its_last_event_ends_with_an_error_event(
    client: Client, openai_provider: Provider, claude_provider: Provider, model: str
) -> None:
    text, error = referee.broken_stream(cut_short(client, openai_provider, claude_provider, model, "end"))
    assert text.startswith("Hello")
    assert error["type"] == "server_error"


@pytest.mark.parametrize("end", ["close", "reset"])
@pytest.mark.parametrize("model", ["openai-only", "claude-only", "gpt-4.1"])
def test_a_connection_that_breaks_in_a_stream_is_never_success(
    client: Client, openai_provider: Provider, claude_provider: Provider, model: str, end: str
) -> None:
    """Envoy resets the client's stream when the provider's connection breaks, and calls no filter that could still
    write: the client sees a body cut short. An error event would be better; a proper end would be a lie."""
    answer = cut_short(client, openai_provider, claude_provider, model, end)
    assert answer.status == 200
    if answer.complete:
        referee.broken_stream(answer)
    else:
        assert b"[DONE]" not in answer.body and b'"finish_reason":"stop"' not in answer.body.replace(b" ", b"")


@pytest.mark.parametrize("model", ["openai-only", "claude-only"])
def test_an_error_later_in_the_stream_reaches_the_client_as_its_last_event(
    client: Client, openai_provider: Provider, claude_provider: Provider, model: str
) -> None:
    openai_provider.script.append(replies.events([*OPENAI[:3], 0.02, openai.error_event("It broke.")]))
    claude_provider.script.append(replies.events([*CLAUDE[:5], 0.02, anthropic.error_event(what="It broke.")]))
    _, error = referee.broken_stream(client.chat(prompts.chat(model=model, stream=True)))
    assert "It broke." in error["message"]


@pytest.mark.parametrize("usage", [False, True])
@pytest.mark.parametrize("size", [1, 3, 64])
@pytest.mark.parametrize("model", ["openai-only", "claude-only"])
def test_where_the_bytes_are_cut_changes_nothing(
    client: Client, openai_provider: Provider, claude_provider: Provider, model: str, size: int, usage: bool
) -> None:
    words = "Zoë said 雪 and 🦊 ran"
    openai_provider.script.append(replies.events(replies.cut(b"".join(openai.stream_events([words], True)), size)))
    claude_provider.script.append(replies.events(replies.cut(b"".join(anthropic.stream_events(anthropic.text(words))), size)))
    options = {"stream_options": {"include_usage": True}} if usage else {}
    answer = client.chat(prompts.chat(model=model, stream=True, **options))
    assert referee.stream(answer, usage) == words


@pytest.mark.parametrize("model", ["openai-only", "claude-only"])
def test_usage_is_asked_for_and_hidden(client: Client, openai_provider: Provider, model: str) -> None:
    """The gateway wants usage of every stream; the client sees it only where it asked."""
    for asked in (False, True):
        options = {"stream_options": {"include_usage": asked}}
        answer = client.chat(prompts.chat(model=model, stream=True, **options))
        referee.stream(answer, usage=asked)
    assert all(request.json["stream_options"]["include_usage"] for request in openai_provider.requests)


@pytest.mark.parametrize("model", ["openai-only", "claude-only"])
def test_events_arrive_when_they_are_sent(
    client: Client, openai_provider: Provider, claude_provider: Provider, model: str
) -> None:
    """Nothing is held back once a stream has begun."""
    pause = 0.4
    openai_provider.script.append(replies.events([b"".join(OPENAI[:2]), pause, b"".join(OPENAI[2:])]))
    claude_provider.script.append(replies.events([b"".join(CLAUDE[:4]), pause, b"".join(CLAUDE[4:])]))
    answer = client.chat(prompts.chat(model=model, stream=True))
    referee.stream(answer)
    times = [at for at, _ in answer.chunks]
    assert max(later - sooner for sooner, later in zip(times, times[1:])) > pause * 0.7, "the stream came in one piece"


def test_a_stream_may_last_longer_than_the_per_try_timeout(client: Client, openai_provider: Provider) -> None:
    events = [part for event in OPENAI for part in (event, 0.45)]
    openai_provider.script.append(replies.events(events))
    started = time.monotonic()
    assert referee.stream(client.chat(prompts.chat(stream=True))) == "Hello there"
    assert time.monotonic() - started > 1.5


def test_a_client_that_leaves_takes_its_stream_with_it(gateway: Gateway, openai_provider: Provider) -> None:
    """The provider sees the connection close, and the gateway serves on."""
    gone: list[float] = []

    def endless(conn, received):
        conn.head(200, [replies.SSE, ("transfer-encoding", "chunked")])
        try:
            for _ in range(400):
                conn.chunk(OPENAI[1])
                time.sleep(0.01)
        except Exception:
            gone.append(time.monotonic())
            raise

    openai_provider.script.append(endless)
    leaver = gateway.client()
    leaver.send("POST", "/v1/chat/completions", [("content-type", "application/json")],
                b'{"model":"gpt-4.1","stream":true,"messages":[{"role":"user","content":"go"}]}')
    answer = leaver.head()
    leaver.piece(answer)
    leaver.close()
    for _ in range(100):
        if gone:
            break
        time.sleep(0.02)
    assert gone, "the provider still streams to nobody"
    referee.completion(gateway.client().chat(prompts.chat()))
