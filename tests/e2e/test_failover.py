"""OpenAI fails, in every way it can: the client gets a correct answer that came from Anthropic."""

from __future__ import annotations

import time

import pytest

from rig import openai, prompts, referee, replies
from rig.client import Client
from rig.provider import Provider, Reply

FAULTS: dict[str, Reply] = {
    "429": openai.error(429, "Rate limit reached.", "rate_limit_error", "rate_limit_exceeded", (("retry-after", "30"),)),
    "500": openai.error(500),
    "503": openai.error(503),
    "529": openai.error(529),
    "html-502": replies.body(502, b"<html>Bad Gateway</html>", [("content-type", "text/html")]),
    "reset": replies.reset(),
    "reset-in-head": replies.reset(b"HTTP/1.1 200 OK\r\ncontent-ty"),
    "hang": replies.hang(),
}


@pytest.mark.parametrize("size", [prompts.KB, 5 * prompts.MB], ids=["1KB", "5MB"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("fault", [*FAULTS, "refused"])
def test_anthropic_answers_for_openai(
    client: Client, openai_provider: Provider, claude_provider: Provider, fault: str, stream: bool, size: int
) -> None:
    if fault == "refused":
        openai_provider.refuse()
    else:
        openai_provider.script.append(FAULTS[fault])
    prompt = prompts.text(size)
    answer = client.chat(prompts.chat(prompt, stream=stream))

    if stream:
        assert referee.stream(answer) == "Hello from Anthropic."
    else:
        value = referee.completion(answer)
        assert value["choices"][0]["message"]["content"] == "Hello from Anthropic."
        assert value["choices"][0]["finish_reason"] == "stop"
        assert (value["usage"]["prompt_tokens"], value["usage"]["completion_tokens"]) == (9, 6)
    assert len(openai_provider.requests) == (0 if fault == "refused" else 1)
    assert len(claude_provider.requests) == 1
    request = claude_provider.requests[0].json
    assert request["model"] == "claude-sonnet-4-5"
    sent = request["messages"][0]["content"]
    assert (sent if isinstance(sent, str) else sent[0]["text"]) == prompt, "the prompt was changed on its way"


def test_a_hang_costs_one_per_try_timeout(client: Client, openai_provider: Provider) -> None:
    openai_provider.script.append(replies.hang())
    started = time.monotonic()
    referee.completion(client.chat(prompts.chat()))
    assert 0.9 < time.monotonic() - started < 2.5


def test_a_connection_that_dies_while_idle_does_not_reach_the_client(client: Client, openai_provider: Provider) -> None:
    """The provider closes a connection that Envoy keeps: the next request must not fail on it."""

    def answer_and_close(conn, received):
        openai.answer()(conn, received)
        conn.close()

    for _ in range(5):
        openai_provider.script.append(answer_and_close)
        referee.completion(client.chat(prompts.chat()))


def test_an_error_as_the_first_event_fails_over(client: Client, openai_provider: Provider, claude_provider: Provider) -> None:
    openai_provider.script.append(replies.events([openai.error_event()]))
    answer = client.chat(prompts.chat(stream=True))
    assert referee.stream(answer) == "Hello from Anthropic."
    assert len(claude_provider.requests) == 1


@pytest.mark.parametrize("size", [1, 7, 20])
def test_a_first_error_event_in_pieces_fails_over(client: Client, openai_provider: Provider, size: int) -> None:
    """A comment and a byte-wise error: the headers are held until the first whole event."""
    stream = b": keep-alive\n\n" + openai.error_event()
    pieces = [part for piece in replies.cut(stream, size) for part in (piece, 0.001)]
    openai_provider.script.append(replies.events(pieces))
    assert referee.stream(client.chat(prompts.chat(stream=True))) == "Hello from Anthropic."


def test_an_empty_stream_fails_over(client: Client, openai_provider: Provider) -> None:
    openai_provider.script.append(replies.events([]))
    assert referee.stream(client.chat(prompts.chat(stream=True))) == "Hello from Anthropic."


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_stream_that_breaks_before_its_first_event_fails_over(client: Client, openai_provider: Provider, end: str) -> None:
    openai_provider.script.append(replies.events([b": hi\n\n", 0.05], end=end))
    assert referee.stream(client.chat(prompts.chat(stream=True))) == "Hello from Anthropic."


def test_a_context_that_is_too_long_is_served_elsewhere(client: Client, openai_provider: Provider, claude_provider: Provider) -> None:
    """A 400 that another model may not give: it fails over, and does not count against the provider's health."""
    openai_provider.script.append(openai.error(400, "This model's maximum context length is 8192 tokens.",
                                               "invalid_request_error", "context_length_exceeded"))
    assert referee.completion(client.chat(prompts.chat()))["choices"][0]["message"]["content"] == "Hello from Anthropic."
    assert len(claude_provider.requests) == 1


def test_a_wrong_request_is_not_tried_elsewhere(client: Client, openai_provider: Provider, claude_provider: Provider) -> None:
    openai_provider.script.append(openai.error(400, "Invalid value: 'usr'.", "invalid_request_error", "invalid_value"))
    error = referee.error(client.chat(prompts.chat()), 400)
    assert error["message"] == "Invalid value: 'usr'." and error["type"] == "invalid_request_error"
    assert claude_provider.requests == []


def test_the_order_holds_when_openai_is_well(client: Client, claude_provider: Provider) -> None:
    for stream in (False, True):
        answer = client.chat(prompts.chat(stream=stream))
        if stream:
            assert referee.stream(answer) == "Hello from OpenAI."
        else:
            assert referee.completion(answer)["choices"][0]["message"]["content"] == "Hello from OpenAI."
    assert claude_provider.requests == []


def test_the_second_may_fail_too_and_the_error_is_its_own(client: Client, openai_provider: Provider, claude_provider: Provider) -> None:
    from rig import anthropic

    openai_provider.default, before = openai.error(503), openai_provider.default
    claude_provider.default, other = anthropic.error(529, "overloaded_error", "Overloaded"), claude_provider.default
    try:
        for stream in (False, True):
            error = referee.error(client.chat(prompts.chat(stream=stream)), 503)
            assert error["type"] == "server_error"
    finally:
        openai_provider.default, claude_provider.default = before, other
    referee.completion(client.chat(prompts.chat()))
