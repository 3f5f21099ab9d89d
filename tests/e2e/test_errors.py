"""Whatever is wrong with a request, the client gets OpenAI's error object, and the next request works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conftest import pool_file
from rig import anthropic, openai, prompts, referee
from rig.client import Client
from rig.provider import Provider

CHAT = "/v1/chat/completions"
TYPE = ("content-type", "application/json")


@pytest.fixture(autouse=True)
def the_next_request_works(client: Client) -> Iterator[None]:
    """After each error."""
    yield
    referee.completion(client.chat(prompts.chat()))


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{", None),
        (b"", None),
        (b"[]", None),
        (b"null", None),
        (b"hello", None),
        (b'{"model":"gpt-4.1","messages":[]} x', None),
        (b'{"model":"gpt-4.1","messages":[{"role":"user","content":"\xff"}]}', None),
        (b'{"messages":[{"role":"user","content":"hi"}]}', "model"),
        (b'{"model":7,"messages":[{"role":"user","content":"hi"}]}', "model"),
        (b'{"model":null,"messages":[{"role":"user","content":"hi"}]}', "model"),
        (b'{"model":"gpt-4.1"}', "messages"),
        (b'{"model":"gpt-4.1","messages":"hi"}', "messages"),
        (b"[" * 100_000, None),
        (b'{"model":"gpt-4.1","messages":' + b"[" * 100_000, None),
    ],
    ids=lambda value: value[:40].decode("latin-1") if isinstance(value, bytes) else str(value),
)
def test_a_body_that_cannot_be_read(client: Client, openai_provider: Provider, body: bytes, param: str | None) -> None:
    error = referee.error(client.chat(body), 400)
    assert error["type"] == "invalid_request_error"
    if param:
        assert error["param"] == param
    assert openai_provider.requests == []


def test_no_such_model(client: Client) -> None:
    error = referee.error(client.chat(prompts.chat(model="gpt-9")), 404)
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", "model_not_found", "model")
    assert "gpt-9" in error["message"]


@pytest.mark.parametrize("model", ["../../etc", "a/b?c#d", "x\u0000y", "\U0001f98a", "a" * 10_000, ""])
def test_odd_models(client: Client, model: str) -> None:
    answer = client.chat(prompts.chat(model=model))
    assert referee.error(answer, answer.status)["type"] == "invalid_request_error"
    assert answer.status in (400, 404)


@pytest.mark.parametrize("target", ["/v1", "/v1/", "/v2/chat/completions", "/v1/chat/completions/x", "/v1/assistants", "/metrics", "/v1/chat/completions/../../admin"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path(client: Client, method: str, target: str) -> None:
    body = b"{}" if method == "POST" else b""
    assert referee.error(client.request(method, target, [TYPE], body), 404)["type"] == "invalid_request_error"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_a_wrong_method(client: Client, method: str) -> None:
    answer = client.request(method, CHAT, [TYPE], b"{}" if method in ("PUT", "PATCH") else b"")
    assert referee.error(answer, 405)["type"] == "invalid_request_error"
    assert answer.header("allow") in (None, "POST")


@pytest.mark.parametrize("value", [b"caf\xe9", b"\xff\xfe\xfd", b"\xc3\x28", b"\xf0\x9f\xa6"])
@pytest.mark.parametrize("name", [b"x-note", b"user-agent", b"authorization", b"x-switchyard-note", b"accept"])
def test_header_bytes_that_are_not_utf8(client: Client, openai_provider: Provider, name: bytes, value: bytes) -> None:
    """They are legal in HTTP. The request is served, or refused with the right error; nothing crashes."""
    answer = client.chat(prompts.chat(), [(name, value)])
    if answer.status == 200:
        referee.completion(answer)
        assert value not in openai_provider.requests[-1].raw
    else:
        referee.error(answer, 400)


def test_a_path_of_bytes_that_are_not_utf8(client: Client) -> None:
    answer = client.request("GET", "/v1/caf%E9", [])
    referee.error(answer, 404)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429])
def test_a_provider_that_refuses_alone(client: Client, openai_provider: Provider, status: int) -> None:
    """One target, no one to fail over to: its error in OpenAI's form, 401 and 403 without blaming the client's key."""
    openai_provider.default, before = openai.error(status, "Told you.", "some_error"), openai_provider.default
    try:
        answer = client.chat(prompts.chat(model="openai-only"))
    finally:
        openai_provider.default = before
    referee.error(answer, answer.status)
    assert openai.KEY not in answer.body.decode()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_all_targets_down(client: Client, openai_provider: Provider, claude_provider: Provider, stream: bool) -> None:
    openai_provider.refuse()
    claude_provider.refuse()
    answer = client.chat(prompts.chat(stream=stream))
    openai_provider.fresh()
    claude_provider.fresh()
    error = referee.error(answer, answer.status)
    assert answer.status in (502, 503, 504)
    assert error["type"] == "server_error"


def test_all_targets_hang(client: Client, openai_provider: Provider, claude_provider: Provider) -> None:
    from rig import replies

    openai_provider.default, before = replies.hang(), openai_provider.default
    claude_provider.default, other = replies.hang(), claude_provider.default
    try:
        answer = client.chat(prompts.chat())
    finally:
        openai_provider.default, claude_provider.default = before, other
    referee.error(answer, 504)


def test_a_retry_after_is_handed_on(client: Client, openai_provider: Provider) -> None:
    openai_provider.default, before = openai.error(429, "Slow down.", "rate_limit_error", headers=(("retry-after", "7"),)), openai_provider.default
    try:
        answer = client.chat(prompts.chat(model="openai-only"))
    finally:
        openai_provider.default = before
    assert referee.error(answer, 429)["type"] == "rate_limit_error"
    assert answer.header("retry-after") == "7"


def test_anthropic_errors_in_openai_form(client: Client, claude_provider: Provider) -> None:
    claude_provider.script.append(anthropic.error(400, "invalid_request_error", "messages: text content blocks must be non-empty"))
    error = referee.error(client.chat(prompts.chat(model="claude-only")), 400)
    assert error["type"] == "invalid_request_error" and "non-empty" in error["message"]


class TestLimits:
    """A gateway that takes 64 KiB."""

    LIMIT = 65536

    @pytest.fixture
    def small(self, own_gateway, openai_provider: Provider, claude_provider: Provider) -> Client:
        file = pool_file(openai_provider, claude_provider, limits={"request_bytes": self.LIMIT})
        return own_gateway(file).client()

    def test_a_body_over_the_limit(self, small: Client, openai_provider: Provider) -> None:
        big = b'{"model":"gpt-4.1","messages":[{"role":"user","content":"' + b"x" * self.LIMIT + b'"}]}'
        pieces = [big[at : at + 4096] for at in range(0, len(big), 4096)]
        for body in (big, pieces):
            error = referee.error(small.request("POST", CHAT, [TYPE], body), 413)
            assert error["type"] == "invalid_request_error"
            assert str(self.LIMIT) in error["message"]
        assert openai_provider.requests == []
        referee.completion(small.chat(prompts.chat()))

    def test_a_body_just_under_the_limit(self, small: Client, openai_provider: Provider) -> None:
        frame = b'{"model":"gpt-4.1","messages":[{"role":"user","content":""}]}'
        body = frame.replace(b'""', b'"' + b"x" * (self.LIMIT - len(frame)) + b'"')
        assert len(body) == self.LIMIT
        openai_provider.script.append(openai.error(503))
        referee.completion(small.chat(body))
