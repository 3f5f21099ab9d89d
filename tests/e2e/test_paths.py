"""Names of models that a client chooses, at providers that are told the model in a path: none leads anywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from rig import prompts, replies, vertex
from rig.client import Answer, Client
from rig.gateway import Gateway
from rig.media import post_json
from rig.provider import Provider

# Each with what its paths look like: a name in one segment, and no query but the operator's.
NAME = r"[A-Za-z0-9._~@:+%-]+"
ROWS: dict[str, tuple[dict, str]] = {
    "gemini": ({"type": "gemini"}, rf"/v1beta/models/{NAME}:(generateContent|streamGenerateContent\?alt=sse|batchEmbedContents|countTokens)"),
    "vertex": (
        {"type": "vertex", "project": "p-1", "location": "europe-west4"},
        rf"{vertex.PROJECT}/google/models/{NAME}:(generateContent|streamGenerateContent\?alt=sse|predict|batchEmbedContents|countTokens)",
    ),
    "claude": (
        {"type": "vertex-anthropic", "project": "p-1", "location": "europe-west4"},
        rf"{vertex.PROJECT}/anthropic/models/{NAME}:(rawPredict|streamRawPredict)",
    ),
    "bedrock": ({"type": "bedrock"}, rf"/model/{NAME}/(converse|converse-stream|invoke|count-tokens)"),
    "invoke": ({"type": "bedrock-anthropic"}, rf"/model/{NAME}/(invoke|invoke-with-response-stream|count-tokens)"),
    "azure": (
        {"type": "azure", "resource": "r", "api_version": "2024-10-21"},
        rf"/openai/deployments/{NAME}/(chat/completions|embeddings|moderations)\?api-version=2024-10-21",
    ),
}
# Counts are asked for at one path; the name is in the body.
COUNT = f"{vertex.PROJECT}/anthropic/models/count-tokens:rawPredict"
BASES = {"vertex": vertex.google_base, "claude": vertex.anthropic_base, "azure": lambda url: f"{url}/openai"}

HOSTILE = [
    "/../../files", "/..%2f..%2ffiles", "..", "%2e%2e%2f", "%252e%252e", "..%c0%af", "..%5c", "\\..\\x", "/./x", "//x",
    "?api-version=evil", "%3Fapi-version=evil", "?key=evil&alt=json", "&alt=json", "#x", "%23x", ";a=b", " x", "%20HTTP/1.1",
    "\r\nx-evil: 1", "%0d%0ax-evil:1", "\u0000", "%00", "\u2028", "\uff0fevil", "\u2024\u2024", "é", "{model}", "x/invoke",
    "arn:aws:bedrock:x:1:a/../../evil", '"', "<x>", "*", "\ud83e\udd8a", "|x", "`x`", "a" * 300,
]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    """All of them at once: it writes down where it was asked."""
    provider = Provider("all", replies.json_body({}))
    yield provider
    provider.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, server: Provider) -> Iterator[Gateway]:
    """A pattern at each provider, under which the client's own name goes on."""
    providers, models = [], []
    for name, (row, _) in ROWS.items():
        base = BASES.get(name, str)(server.url)
        providers.append({"name": name, "base_url": base, "api_key": {"value": f"sk-{name}"}, **row})
        models.append({"name": f"{name}-*", "targets": [{"provider": name}]})
    gateway = Gateway(tmp_path_factory.mktemp("paths"), {"providers": providers, "models": models}, {})
    yield gateway
    gateway.stop()


@pytest.fixture
def client(shared: Gateway, server: Provider) -> Iterator[Client]:
    """A client; Envoy must be well after the test, too."""
    server.fresh()
    client = shared.client()
    yield client
    client.close()
    assert not (found := shared.new_problems()), found


def ask(client: Client, model: str) -> dict[str, Answer]:
    """The same name in every request that can carry it to a path."""
    messages = {"model": model, "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
    return {
        "chat": client.chat(prompts.chat(model=model)),
        "stream": client.chat(prompts.chat(model=model, stream=True)),
        "messages": post_json(client, "/v1/messages", messages),
        "count": post_json(client, "/v1/messages/count_tokens", messages),
        "responses": post_json(client, "/v1/responses", {"model": model, "input": "hi", "store": False}),
        "embeddings": post_json(client, "/v1/embeddings", {"model": model, "input": "hi"}),
        "moderations": post_json(client, "/v1/moderations", {"model": model, "input": "hi"}),
    }


@pytest.mark.parametrize("name", ROWS)
def test_a_harmless_name_goes_where_it_belongs(client: Client, server: Provider, name: str) -> None:
    """What the other test relies on: these requests do reach the provider."""
    ask(client, f"{name}-x.1_2")
    asked = {request.target for request in server.requests}
    assert len(asked) >= 2 and all(re.fullmatch(ROWS[name][1], target) for target in asked), asked
    assert all(f"{name}-x.1_2" in target for target in asked - {COUNT})


@pytest.mark.parametrize("name", ROWS)
def test_no_name_leads_elsewhere(client: Client, server: Provider, name: str) -> None:
    for hostile in HOSTILE:
        for how, answer in ask(client, f"{name}-{hostile}").items():
            # A count may be the gateway's own estimate, or asked for at a path without a name.
            assert answer.status in (400, 404) or how == "count", (hostile, how, answer.status, answer.body[:200])
    asked = {request.target for request in server.requests}
    assert asked <= ({COUNT} if name == "claude" else set()), asked
