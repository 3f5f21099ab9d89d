"""Embeddings and rerank by every provider that has them: the official `openai` SDK, and bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import openai as sdk
import pytest

from rig import anthropic, embeddings, gemini, openai, referee, replies
from rig.client import Answer, Client
from rig.embeddings import vector
from rig.gateway import Gateway
from rig.provider import Provider
from test_upstream import CLIENT_KEY, HOSTILE, exactly, no_client_secret

ENV = {
    "OPENAI_API_KEY": openai.KEY, "ANTHROPIC_API_KEY": anthropic.KEY, "GEMINI_API_KEY": gemini.KEY,
    "COHERE_API_KEY": embeddings.COHERE_KEY, "MISTRAL_API_KEY": embeddings.MISTRAL_KEY,
    "BEDROCK_API_KEY": embeddings.BEDROCK_KEY, "VERTEX_API_KEY": embeddings.VERTEX_KEY,
}
SERVERS = {
    "openai": embeddings.OpenAI, "compatible": embeddings.Compatible, "claude": embeddings.Anthropic,
    "gemini": embeddings.Gemini, "vertex": embeddings.Vertex, "cohere": embeddings.Cohere,
    "mistral": embeddings.Mistral, "bedrock": embeddings.Bedrock,
}
ROWS = {
    "openai": ("openai", "/v1", "OPENAI_API_KEY", "text-embedding-3-small"),
    "compatible": ("openai-compatible", "/v1", "OPENAI_API_KEY", "nomic-embed-text"),
    "claude": ("anthropic", "", "ANTHROPIC_API_KEY", "claude-sonnet-4-5"),
    "gemini": ("gemini", "", "GEMINI_API_KEY", embeddings.GEMINI_MODEL),
    "vertex": ("vertex", embeddings.Vertex.base, "VERTEX_API_KEY", "text-embedding-005"),
    "cohere": ("cohere", "", "COHERE_API_KEY", "embed-v4.0"),
    "mistral": ("mistral", "/v1", "MISTRAL_API_KEY", "mistral-embed"),
    "bedrock": ("bedrock", "", "BEDROCK_API_KEY", embeddings.TITAN),
}
ALONE = [name for name in ROWS if name != "claude"]


@dataclass
class Rig:
    """A gateway over all of them."""

    gateway: Gateway
    servers: dict[str, Provider]

    @property
    def client(self) -> Client:
        """A client of it."""
        return self.gateway.client()

    @property
    def api(self) -> sdk.OpenAI:
        """The SDK as its documentation says, but without retries of its own."""
        return sdk.OpenAI(base_url=self.gateway.url, api_key="sk-anything", max_retries=0, timeout=10)

    def post(self, path: str, body: object, headers: object = ()) -> Answer:
        """A request of this body."""
        return self.client.request("POST", path, [("content-type", "application/json"), *headers], json.dumps(body).encode())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    servers = {name: Provider(name, kind.answer, kind.check) for name, kind in SERVERS.items()}
    providers = [
        {"name": name, "type": kind, "base_url": servers[name].url + path, "api_key": {"env": env}}
        for name, (kind, path, env, _) in ROWS.items()
    ]
    targets = {name: {"provider": name, "model": row[3]} for name, row in ROWS.items()}
    models = [{"name": f"{name}-only", "targets": [target]} for name, target in targets.items()]
    models += [
        {"name": "chain", "targets": [targets[name] for name in ("openai", "claude", "gemini", "cohere")]},
        {"name": "vertex-gemini", "targets": [{"provider": "vertex", "model": embeddings.GEMINI_MODEL}]},
        {"name": "rank", "targets": [{"provider": "openai"}, {"provider": "compatible", "model": "jina-reranker"},
                                     {"provider": "cohere", "model": "rerank-v3.5"}]},
        {"name": "rank-cohere", "targets": [{"provider": "cohere", "model": "rerank-v3.5"}]},
    ]
    gateway = Gateway(tmp_path_factory.mktemp("embeddings"), {"providers": providers, "models": models}, ENV)
    yield Rig(gateway, servers)
    gateway.stop()
    for server in servers.values():
        server.close()


@pytest.fixture
def rig(whole: Rig) -> Iterator[Rig]:
    """With fresh providers; what they had to complain about fails the test, and Envoy must be well after it."""
    for server in whole.servers.values():
        server.fresh()
    yield whole
    for server in whole.servers.values():
        assert not server.violations, server.violations
    assert not (found := whole.gateway.new_problems()), found


@pytest.mark.parametrize("more", [{}, {"encoding_format": "float"}, {"encoding_format": "base64"}], ids=["default", "float", "base64"])
@pytest.mark.parametrize("name", ALONE)
def test_the_sdk_gets_the_providers_numbers(rig: Rig, name: str, more: dict) -> None:
    texts = ["Hello"] if name == "bedrock" else ["Hello", "a longer text"]
    with rig.api as api:
        reply = api.embeddings.create(model=f"{name}-only", input=texts, **more)
    found = [item.embedding for item in reply.data]
    if more.get("encoding_format") == "base64":
        # Asked for by name, it is left as it is.
        import base64
        import struct

        found = [list(struct.unpack("<3f", base64.b64decode(text))) for text in found]
    assert found == [vector(text) for text in texts]
    assert [item.index for item in reply.data] == list(range(len(texts)))
    assert reply.object == "list" and reply.model == ROWS[name][3]
    # Gemini does not tell; OpenAI's type requires a number.
    expected = {"gemini": 0, "vertex": 14, "cohere": 9, "bedrock": 6}.get(name, 8)
    assert (reply.usage.prompt_tokens, reply.usage.total_tokens) == (expected, expected)


@pytest.mark.parametrize("name", ALONE)
def test_dimensions_reach_the_provider(rig: Rig, name: str) -> None:
    with rig.api as api:
        api.embeddings.create(model=f"{name}-only", input="Hello", dimensions=256, user="u")
    [received] = rig.servers[name].requests
    assert b"256" in received.body
    assert (b'"u"' in received.body) == (name == "openai" or name == "compatible")


def test_a_reply_is_what_openais_type_says(rig: Rig) -> None:
    for name in ALONE:
        answer = rig.post("/v1/embeddings", {"model": f"{name}-only", "input": "Hello"})
        assert answer.status == 200 and answer.complete, answer.body
        referee.internal(answer)
        if name not in ("openai", "compatible"):
            referee.schema("openai.embeddings", answer.json)


@pytest.mark.parametrize("status", [429, 500])
def test_openai_then_gemini_then_cohere(rig: Rig, status: int) -> None:
    rig.servers["openai"].script.append(openai.error(status))
    rig.servers["gemini"].script.append(gemini.error(status, "RESOURCE_EXHAUSTED" if status == 429 else "INTERNAL", "no"))
    answer = rig.post("/v1/embeddings", {"model": "chain", "input": ["Hello"], "encoding_format": "float"}, HOSTILE)
    referee.schema("openai.embeddings", answer.json)
    assert answer.json["data"][0]["embedding"] == vector("Hello")
    assert answer.json["model"] == "embed-v4.0"
    seen = {name: len(server.requests) for name, server in rig.servers.items() if server.requests}
    assert seen == {"openai": 1, "gemini": 1, "cohere": 1}
    [received] = rig.servers["cohere"].requests
    exactly(received, {"authorization"}, False)
    no_client_secret(received)
    for secret in (openai.KEY, gemini.KEY, CLIENT_KEY):
        assert secret.encode() not in received.raw
    assert received.json == {"model": "embed-v4.0", "input_type": "search_document", "texts": ["Hello"],
                             "embedding_types": ["float"], "truncate": "NONE"}


@pytest.mark.parametrize("bad", [b"<html>", b"{}", b'{"data":[]}', b'{"object":"list","data":[{"embedding":"?"}]}'])
def test_a_reply_that_cannot_be_read_is_tried_elsewhere(rig: Rig, bad: bytes) -> None:
    rig.servers["openai"].script.append(replies.body(200, bad))
    answer = rig.post("/v1/embeddings", {"model": "chain", "input": "Hello"})
    assert answer.json["model"] == embeddings.GEMINI_MODEL, answer.body


def test_what_nobody_can_embed_is_named(rig: Rig) -> None:
    error = referee.error(rig.post("/v1/embeddings", {"model": "claude-only", "input": "Hello"}), 400)
    assert (error["param"], error["code"]) == ("model", "unsupported_endpoint")
    error = referee.error(rig.post("/v1/embeddings", {"model": "gemini-only", "input": [1, 2]}), 400)
    assert (error["param"], error["code"]) == ("input", "unsupported_parameter")
    error = referee.error(rig.post("/v1/embeddings", {"model": "bedrock-only", "input": ["a", "b"]}), 400)
    assert error["param"] == "input"
    error = referee.error(rig.post("/v1/embeddings", {"model": "cohere-only", "input": "a", "input_type": "poem"}), 400)
    assert error["param"] == "input_type"
    error = referee.error(rig.post("/v1/embeddings", {"model": "openai-only"}), 400)
    assert error["param"] == "input"
    assert not any(server.requests for server in rig.servers.values())
    # Tokens stay with OpenAI, and its error is the answer.
    rig.servers["openai"].script += [openai.error(500)] * 4
    referee.error(rig.post("/v1/embeddings", {"model": "chain", "input": [1, 2]}), 500)
    assert rig.servers["openai"].requests and not rig.servers["gemini"].requests


def test_a_providers_400_is_the_clients(rig: Rig) -> None:
    rig.servers["openai"].script.append(openai.error(400, "'dimensions' is too small", "invalid_request_error"))
    error = referee.error(rig.post("/v1/embeddings", {"model": "chain", "input": "Hello", "dimensions": 1}), 400)
    assert "dimensions" in error["message"] and not rig.servers["gemini"].requests


def test_geminis_models_on_vertex_are_asked_in_a_batch(rig: Rig) -> None:
    body = {"model": "vertex-gemini", "input": ["a", "bcd"], "input_type": "search_query"}
    answer = rig.post("/v1/embeddings", body)
    assert [item["embedding"] for item in answer.json["data"]] == [vector("a"), vector("bcd")]
    assert answer.json["usage"] == {"prompt_tokens": 14, "total_tokens": 14}


def test_a_large_batch_comes_through(rig: Rig) -> None:
    texts = [f"text {index} " + "x" * 2000 for index in range(2000)]
    with rig.api as api:
        reply = api.embeddings.create(model="openai-only", input=texts)
    assert [item.embedding for item in reply.data] == [vector(text) for text in texts]


RANK = {"query": "capital of France?", "documents": ["Berlin", {"text": "Paris"}], "top_n": 1, "return_documents": True}


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
def test_rerank_by_cohere(rig: Rig, path: str) -> None:
    answer = rig.post(path, {"model": "rank-cohere", **RANK}, HOSTILE)
    assert answer.status == 200, answer.body
    referee.internal(answer)
    assert answer.json == {
        "id": "r-1", "model": "rerank-v3.5",
        "results": [{"index": 1, "relevance_score": 0.8, "document": {"text": "Paris"}}],
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
    }
    [received] = rig.servers["cohere"].requests
    exactly(received, {"authorization"}, False)
    assert received.json == {"model": "rerank-v3.5", "query": RANK["query"], "documents": ["Berlin", "Paris"], "top_n": 1}


def test_rerank_passes_to_a_compatible_host_and_fails_over(rig: Rig) -> None:
    """OpenAI has no such endpoint: it is not in the plan, although it is of the same format."""
    answer = rig.post("/v1/rerank", {"model": "rank", **RANK})
    assert answer.json["results"] == [{"index": 0, "relevance_score": 0.25}]
    assert rig.servers["compatible"].requests[0].json == {"model": "jina-reranker", **RANK}
    rig.servers["compatible"].script.append(openai.error(429))
    answer = rig.post("/v1/rerank", {"model": "rank", **RANK})
    assert answer.json["id"] == "r-1"
    assert not rig.servers["openai"].requests
    error = referee.error(rig.post("/v1/rerank", {"model": "gemini-only", **RANK}), 400)
    assert (error["param"], error["code"]) == ("model", "unsupported_endpoint")


def test_unknown_paths_tell_of_these(rig: Rig) -> None:
    error = referee.error(rig.post("/v1/embedding", {}), 404)
    assert "/v1/embeddings" in error["message"] and "/v1/rerank" in error["message"]
