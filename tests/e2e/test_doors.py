"""What the gateway answers by itself: its health, its models in each client's form, and browsers' preflights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest

from conftest import pool_file
from rig import prompts, referee
from rig.client import Answer, Client
from rig.gateway import Gateway
from rig.provider import Provider

KEY = "sk-team"
ORIGIN = "https://app.example.com"
TYPE = ("content-type", "application/json")


@pytest.fixture
def doors(own_gateway: Callable[..., Gateway], openai_provider: Provider, claude_provider: Provider) -> Iterator[Client]:
    """A gateway with a key and with pages that may ask."""
    key = {"name": "team", "sha256": hashlib.sha256(KEY.encode()).hexdigest(), "models": ["gpt-*", "claude-*"]}
    cors = {"origins": [ORIGIN, "http://*.test:3000"]}
    file = pool_file(openai_provider, claude_provider, keys=[key], cors=cors)
    file["models"].append({"name": "claude-*", "targets": [{"provider": "claude"}]})
    client = own_gateway(file).client()
    yield client
    client.close()


def ask(client: Client, method: str, path: str, *headers: tuple[str, str]) -> Answer:
    """A request without a body."""
    return client.request(method, path, headers)


def test_health_needs_no_key(doors: Client) -> None:
    for path in ("/", "/health"):
        answer = ask(doors, "GET", path)
        assert (answer.status, answer.json["status"]) == (200, "ok")
        assert answer.json["version"]
        # Monitors ask so too; there is no body to wait for.
        doors.send("HEAD", path)
        assert doors.head().status == 200
        assert ask(doors, "POST", path).status == 405
    assert "POST /v1/messages" in ask(doors, "GET", "/").json["endpoints"]
    assert ask(doors, "GET", "/v1/models").status == 401


@pytest.mark.parametrize(
    "header", [("authorization", f"Bearer {KEY}"), ("x-api-key", KEY), ("api-key", KEY), ("x-goog-api-key", KEY)]
)
def test_every_place_of_a_key(doors: Client, openai_provider: Provider, header: tuple[str, str]) -> None:
    answer = doors.request("POST", "/v1/chat/completions", [TYPE, header], b'{"model":"gpt-4.1","messages":[{"role":"user","content":"hi"}]}')
    referee.completion(answer)
    assert KEY.encode() not in openai_provider.requests[-1].raw


def test_models_in_each_clients_form(doors: Client) -> None:
    key = ("x-api-key", KEY)
    openai = ask(doors, "GET", "/v1/models", key).json
    assert openai["object"] == "list"
    one = next(model for model in openai["data"] if model["id"] == "gpt-4.1")
    assert {"id", "object", "created", "owned_by"} <= one.keys()
    assert one["context_length"] > 1000 and one["max_output_tokens"] > 100
    assert float(one["pricing"]["prompt"]) > 0 and float(one["pricing"]["completion"]) > 0
    assert "tools" in one["capabilities"] and "image" in one["architecture"]["input_modalities"]
    ids = [model["id"] for model in openai["data"]]
    # What the key may not use is not shown; what a pattern is known to match is.
    assert "openai-only" not in ids and any(name.startswith("claude-sonnet") for name in ids)
    assert ask(doors, "GET", f"/v1/models/{one['id']}", key).json == one

    codex = ask(doors, "GET", "/v1/models?client_version=0.169.0", key).json
    assert codex == {**openai, "models": []}

    version = ("anthropic-version", "2023-06-01")
    anthropic = ask(doors, "GET", "/v1/models?limit=1000", key, version).json
    assert [model["id"] for model in anthropic["data"]] == ids
    assert (anthropic["first_id"], anthropic["last_id"], anthropic["has_more"]) == (ids[0], ids[-1], False)
    model = ask(doors, "GET", "/v1/models/gpt-4.1", key, version).json
    assert (model["type"], model["max_input_tokens"]) == ("model", one["context_length"])
    error = ask(doors, "GET", "/v1/models/nothing", key, version)
    assert (error.status, error.json["type"], error.json["error"]["type"]) == (404, "error", "not_found_error")


def test_pages_of_named_origins_may_ask(doors: Client) -> None:
    wanted = ("access-control-request-method", "POST")
    headers = ("access-control-request-headers", "authorization,content-type,x-stainless-lang")
    for origin in (ORIGIN, "http://a.b.test:3000"):
        answer = ask(doors, "OPTIONS", "/v1/chat/completions", ("origin", origin), wanted, headers)
        assert (answer.status, answer.header("access-control-allow-origin")) == (200, origin)
        assert "POST" in (answer.header("access-control-allow-methods") or "")
        allowed = [name.strip() for name in (answer.header("access-control-allow-headers") or "").split(",")]
        assert {"*", "authorization"} <= set(allowed)
        assert answer.header("access-control-max-age") == "600"
    body = b'{"model":"gpt-4.1","messages":[{"role":"user","content":"hi"}]}'
    answer = doors.request("POST", "/v1/chat/completions", [TYPE, ("x-api-key", KEY), ("origin", ORIGIN)], body)
    assert (answer.status, answer.header("access-control-allow-origin")) == (200, ORIGIN)
    # A page can read why it was refused, too.
    answer = doors.request("POST", "/v1/chat/completions", [TYPE, ("origin", ORIGIN)], body)
    assert (answer.status, answer.header("access-control-allow-origin")) == (401, ORIGIN)


@pytest.mark.parametrize("origin", ["https://evil.example.com", "http://a/b.test:3000", "https://app.example.com.evil.com", "null"])
def test_pages_of_others_may_not(doors: Client, origin: str) -> None:
    answer = ask(doors, "OPTIONS", "/v1/chat/completions", ("origin", origin), ("access-control-request-method", "POST"))
    assert answer.status == 405 and answer.header("access-control-allow-origin") is None


def test_pages_may_not_ask_unless_it_is_said(client: Client) -> None:
    answer = ask(client, "OPTIONS", "/v1/chat/completions", ("origin", ORIGIN), ("access-control-request-method", "POST"))
    assert answer.status == 405 and answer.header("access-control-allow-origin") is None
    assert client.chat(prompts.chat(), [("origin", ORIGIN)]).header("access-control-allow-origin") is None
