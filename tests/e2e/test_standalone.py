"""One pass: the filter decides, translates and turns the reply back, where there is no upstream filter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ENV, pool_file
from rig import anthropic, one_pass, openai, prompts, referee, replies
from rig.client import Client
from rig.gateway import Gateway
from rig.provider import Provider

MANNERS = {"held": one_pass.held(), "at_once": one_pass.at_once()}
SERVERS = {"openai-only": "openai", "claude-only": "claude"}
SAID = {"openai-only": "Hello from OpenAI.", "claude-only": "Hello from Anthropic."}


@pytest.fixture(scope="module", params=MANNERS)
def manner(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, openai_server: Provider,
           claude_server: Provider) -> Iterator[tuple[str, Gateway]]:
    file = pool_file(openai_server, claude_server)
    gateway = Gateway(tmp_path_factory.mktemp(request.param), file, ENV, change=MANNERS[request.param])
    yield request.param, gateway
    gateway.stop()


@pytest.fixture
def one(manner: tuple[str, Gateway], openai_provider: Provider, claude_provider: Provider) -> Iterator[tuple[str, Client]]:
    """The manner's name, and a client."""
    name, gateway = manner
    client = gateway.client()
    yield name, client
    client.close()
    assert not (found := gateway.new_problems()), found


def ask(manner: str, client: Client, model: str, body: object = None, path: str = "/v1/chat/completions", **more: object):
    """A request that names its model where the manner wants it."""
    headers = [("content-type", "application/json"), ("authorization", "Bearer sk-client")]
    if manner == "at_once":
        headers.append(("x-switchyard-model", model))
    body = prompts.chat(model=model, **more) if body is None else body
    client.send("POST", path, headers, body if isinstance(body, bytes) else json.dumps(body).encode())
    return client.whole()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("model", SERVERS)
def test_it_serves(one: tuple[str, Client], model: str, stream: bool, openai_provider: Provider,
                   claude_provider: Provider) -> None:
    answer = ask(*one, model, stream=stream)
    if stream:
        assert referee.stream(answer) == SAID[model]
    else:
        assert referee.completion(answer)["choices"][0]["message"]["content"] == SAID[model]
    asked, idle = openai_provider, claude_provider
    if model == "claude-only":
        asked, idle = idle, asked
    assert (len(asked.requests), len(idle.requests)) == (1, 0)
    received = asked.requests[0]
    assert b"sk-client" not in received.raw
    assert not [name for name in received.names if name.startswith(("x-switchyard", "x-envoy"))], received.names


def test_a_large_prompt_goes_through(one: tuple[str, Client], claude_provider: Provider) -> None:
    prompt = prompts.text(5 * prompts.MB)
    answer = ask(*one, "claude-only", prompts.chat(prompt, model="claude-only"))
    assert referee.completion(answer)["choices"][0]["message"]["content"] == "Hello from Anthropic."
    sent = claude_provider.requests[0].json["messages"][0]["content"]
    assert (sent if isinstance(sent, str) else sent[0]["text"]) == prompt


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_reply_in_pieces(one: tuple[str, Client], size: int, claude_provider: Provider) -> None:
    events = b"".join(anthropic.stream_events(anthropic.text("Hello from Anthropic.")))
    claude_provider.script.append(replies.events(replies.cut(events, size)))
    assert referee.stream(ask(*one, "claude-only", stream=True)) == "Hello from Anthropic."


def test_an_error_is_told_in_the_clients_words(one: tuple[str, Client], claude_provider: Provider) -> None:
    claude_provider.script.append(anthropic.error(429, "rate_limit_error", "Slow down.", [("retry-after", "7")]))
    answer = ask(*one, "claude-only")
    error = referee.error(answer, 429)
    assert (error["message"], answer.header("retry-after")) == ("Slow down.", "7")
    claude_provider.script.append(replies.body(500, b"<html>", [("content-type", "text/html")]))
    error = referee.error(ask(*one, "claude-only", stream=True), 500)
    assert "<html>" not in error["message"]


def test_an_error_without_a_body(one: tuple[str, Client], openai_provider: Provider) -> None:
    openai_provider.script.append(replies.body(503, b"", []))
    referee.error(ask(*one, "openai-only"), 503)


def test_an_error_in_a_stream(one: tuple[str, Client], claude_provider: Provider) -> None:
    """Held headers can still say so; elsewhere it is an event."""
    claude_provider.script.append(replies.events([anthropic.error_event()]))
    answer = ask(*one, "claude-only", stream=True)
    if one[0] == "held":
        referee.error(answer, 503)
    else:
        assert answer.status == 200
        text, error = referee.broken_stream(answer)
        assert text == "" and "Overloaded" in error["message"]


def test_a_provider_that_is_down(one: tuple[str, Client], openai_provider: Provider) -> None:
    openai_provider.refuse()
    error = referee.error(ask(*one, "openai-only"), 503)
    assert "could be reached" in error["message"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [(b"", 400, "missing_body"), (b"{", 400, None), (prompts.chat(model="none"), 404, "model_not_found")],
    ids=["empty", "no JSON", "unknown model"],
)
def test_what_is_wrong_is_told_here(one: tuple[str, Client], body: object, status: int, code: str | None,
                                    openai_provider: Provider) -> None:
    answer = ask(*one, "none" if isinstance(body, dict) else "openai-only", body)
    error = referee.error(answer, status)
    assert error["code"] == code or code is None
    assert not openai_provider.requests


def test_models_and_unknown_paths(one: tuple[str, Client]) -> None:
    client = one[1]
    client.send("GET", "/v1/models")
    assert [model["id"] for model in client.whole().json["data"]] == ["gpt-4.1", "openai-only", "claude-only"]
    client.send("GET", "/nothing")
    referee.error(client.whole(), 404)


def test_messages_are_served(one: tuple[str, Client]) -> None:
    body = {"model": "openai-only", "max_tokens": 50, "messages": [{"role": "user", "content": "Say hello."}]}
    answer = ask(*one, "openai-only", body, "/v1/messages")
    assert answer.status == 200, answer.body
    assert answer.json["content"] == [{"type": "text", "text": "Hello from OpenAI."}]


def test_without_the_header_the_model_comes_too_late(one: tuple[str, Client]) -> None:
    manner, client = one
    answer = client.chat(prompts.chat(model="openai-only"))
    if manner == "held":
        referee.completion(answer)
        return
    error = referee.error(answer, 400)
    assert (error["code"], error["param"]) == ("missing_header", "x-switchyard-model")


def test_the_header_and_the_body_must_agree(one: tuple[str, Client]) -> None:
    manner, client = one
    headers = [("content-type", "application/json"), ("x-switchyard-model", "openai-only")]
    client.send("POST", "/v1/chat/completions", headers, json.dumps(prompts.chat(model="claude-only")).encode())
    answer = client.whole()
    if manner == "held":
        referee.completion(answer)
    else:
        referee.error(answer, 400)


def test_at_once_one_provider_needs_no_header(tmp_path: Path, claude_provider: Provider, openai_provider: Provider) -> None:
    file = pool_file(openai_provider, claude_provider)
    file["providers"] = file["providers"][1:]
    file["models"] = [{"name": "*", "targets": [{"provider": "claude", "model": "claude-sonnet-4-5"}]}]
    gateway = Gateway(tmp_path, file, ENV, change=one_pass.at_once())
    try:
        answer = gateway.client().chat(prompts.chat(model="anything"))
        assert referee.completion(answer)["choices"][0]["message"]["content"] == "Hello from Anthropic."
        assert claude_provider.requests[0].json["model"] == "claude-sonnet-4-5"
        assert not gateway.new_problems()
    finally:
        gateway.stop()


def test_other_hosts_and_paths_pass_untouched(tmp_path: Path, claude_provider: Provider, openai_provider: Provider) -> None:
    entry = {"authorities": ["llm.test"], "prefix": "/ai"}

    def change(config: dict) -> None:
        one_pass.held(entry)(config)
        manager = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
        # What the filter does not touch goes to a provider as it is, which writes down what it got.
        manager["route_config"]["virtual_hosts"][0]["routes"][-1]["route"]["cluster"] = "openai"

    gateway = Gateway(tmp_path, pool_file(openai_provider, claude_provider), ENV, change=change)
    try:
        client = gateway.client()
        body = json.dumps(prompts.chat(model="claude-only")).encode()
        for host, path, ours in [
            ("llm.test", "/ai/v1/chat/completions", True),
            ("LLM.test:80", "/ai/v1/chat/completions", True),
            ("other.test", "/ai/v1/chat/completions", False),
            ("llm.test.evil", "/ai/v1/chat/completions", False),
            ("llm.test", "/aix/v1/chat/completions", False),
            ("llm.test", "/v1/chat/completions", False),
        ]:
            openai_provider.fresh()
            openai_provider.script.append(replies.json_body({"raw": True}))
            headers = [("host", host), ("content-type", "application/json"), ("authorization", "Bearer mine"),
                       ("x-switchyard-stream", "claude"), ("x-switchyard-reply", "claude")]
            client.send("POST", path, headers, body)
            answer = client.whole()
            if ours:
                referee.completion(answer)
                assert not openai_provider.requests
            else:
                assert answer.json == {"raw": True}, (host, path)
                received = openai_provider.requests[0]
                assert (received.target, received.body) == (path, body)
                assert received.header("authorization") == "Bearer mine"
            openai_provider.violations.clear()
        assert not gateway.new_problems()
    finally:
        gateway.stop()
