"""Who may ask for what, and what there is to ask for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from conftest import ENV, pool_file
from rig import prompts, referee
from rig.client import Client
from rig.gateway import Gateway
from rig.provider import Provider

ALL = "sk-team-all-0123456789"
SOME = "sk-team-some-0123456789"


def bearer(key: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {key}")]


def sha(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@pytest.fixture(scope="module")
def keyed_gateway(tmp_path_factory, openai_server: Provider, claude_server: Provider) -> Iterator[Gateway]:
    keys = [{"name": "all", "sha256": sha(ALL)}, {"name": "some", "sha256": sha(SOME), "models": ["gpt-*"]}]
    gateway = Gateway(tmp_path_factory.mktemp("keyed"), pool_file(openai_server, claude_server, keys=keys), ENV)
    yield gateway
    problems = gateway.new_problems()
    gateway.stop()
    assert not problems, problems


@pytest.fixture
def keyed(keyed_gateway: Gateway, openai_provider: Provider, claude_provider: Provider) -> Client:
    return keyed_gateway.client()


def nothing_usable(headers: list) -> bool:
    """No bearer token at all: another thing to tell a user than a wrong one."""
    return not any(str(value).lower().startswith(("bearer s", "bearer x", "b'bearer")) or sha(ALL) in str(value)
                   for _, value in headers)


@pytest.mark.parametrize(
    "headers",
    [[], bearer("sk-wrong"), bearer(""), bearer(sha(ALL)), [("authorization", ALL)], [("authorization", f"Basic {ALL}")],
     [("authorization", b"Bearer \xff\xfe")], bearer(ALL + "x"), bearer("x" * 20_000)],
    ids=["none", "wrong", "empty", "its-hash", "no-scheme", "other-scheme", "not-utf8", "longer", "huge"],
)
def test_without_a_right_key_there_is_401(keyed: Client, openai_provider: Provider, headers: list) -> None:
    for answer in (keyed.chat(prompts.chat(), headers), keyed.request("GET", "/v1/models", headers)):
        error = referee.error(answer, 401)
        assert error["code"] == ("missing_api_key" if nothing_usable(headers) else "invalid_api_key")
        assert ALL not in error["message"]
    assert openai_provider.requests == []


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_right_key_is_served(keyed: Client, scheme: str) -> None:
    for model in ("gpt-4.1", "claude-only"):
        referee.completion(keyed.chat(prompts.chat(model=model), [("authorization", f"{scheme} {ALL}")]))


def test_a_model_that_the_key_may_not_use(keyed: Client, claude_provider: Provider) -> None:
    referee.completion(keyed.chat(prompts.chat(), bearer(SOME)))
    answer = keyed.chat(prompts.chat(model="claude-only"), bearer(SOME))
    assert answer.status in (403, 404)
    referee.error(answer, answer.status)
    assert claude_provider.requests == []


def test_the_key_does_not_reach_a_provider(keyed: Client, openai_provider: Provider, claude_provider: Provider) -> None:
    for model in ("openai-only", "claude-only"):
        keyed.chat(prompts.chat(model=model), bearer(ALL))
    for request in (*openai_provider.requests, *claude_provider.requests):
        assert ALL.encode() not in request.raw


def names(answer) -> list[str]:
    value = answer.json
    assert answer.status == 200 and value["object"] == "list"
    for model in value["data"]:
        # What the gateway adds to OpenAI's form, for clients that choose by it; the rest must be OpenAI's.
        added = {key: model.pop(key) for key in ("context_length", "max_output_tokens") if key in model}
        assert all(value is None or (isinstance(value, int) and value > 0) for value in added.values()), added
        ours = {"context_length", "max_output_tokens", "mode", "capabilities", "architecture", "supported_parameters", "pricing", "retires"}
        referee.schema("openai.models", {name: value for name, value in model.items() if name not in ours})
        assert model["object"] == "model" and isinstance(model["created"], int) and isinstance(model["owned_by"], str)
    return [model["id"] for model in value["data"]]


def test_models_are_listed(client: Client, openai_provider: Provider) -> None:
    assert names(client.request("GET", "/v1/models")) == ["gpt-4.1", "openai-only", "claude-only"]
    assert openai_provider.requests == []


def test_models_are_those_that_the_key_may_use(keyed: Client) -> None:
    assert names(keyed.request("GET", "/v1/models", bearer(ALL))) == ["gpt-4.1", "openai-only", "claude-only"]
    assert names(keyed.request("GET", "/v1/models", bearer(SOME))) == ["gpt-4.1"]


def test_models_of_a_pattern_are_not_listed(own_gateway, openai_provider: Provider, claude_provider: Provider) -> None:
    """A pattern is not a model that one can ask for."""
    file = pool_file(openai_provider, claude_provider)
    file["models"].append({"name": "gpt-*", "targets": [{"provider": "openai"}]})
    client = own_gateway(file).client()
    assert "gpt-*" not in names(client.request("GET", "/v1/models"))
    referee.completion(client.chat(prompts.chat(model="gpt-5-mini")))
    assert openai_provider.requests[0].json["model"] == "gpt-5-mini"
