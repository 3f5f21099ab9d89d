"""Providers of embeddings and rerank that assert: what each must receive, and what it answers."""

from __future__ import annotations

import json

from . import anthropic, gemini, openai, replies
from .openai import common
from .provider import Conn, Received, Reply

COHERE_KEY = "co-secret-0004"
MISTRAL_KEY = "mi-secret-0005"
BEDROCK_KEY = "bedrock-secret-0006"
VERTEX_KEY = "ya29-secret-0007"
GEMINI_MODEL = "gemini-embedding-001"
TITAN = "amazon.titan-embed-text-v2:0"


def vector(text: str) -> list[float]:
    """An embedding that tells its text apart from others; its numbers are 32-bit floats."""
    return [len(text) / 4, -0.5, 0.015625]


def checker(paths: set[str], header: str, value: str, keys: set[str], required: set[str]):
    """What is wrong with a request to a provider with these paths, this credential and these members."""

    def check(received: Received) -> list[str]:
        wrong = common(received)
        if received.method != "POST" or received.target not in paths:
            wrong.append(f"{received.method} {received.target}")
        if received.header(header) != value:
            wrong.append(f"{header} {received.header(header)!r}")
        others = {"authorization", "x-api-key", "x-goog-api-key", "api-key"} - {header}
        wrong += [f"a header {name}" for name in others & received.names]
        if received.header("accept") != "application/json":
            wrong.append(f"accept {received.header('accept')!r}")
        try:
            request = json.loads(received.body)
        except ValueError:
            return wrong
        wrong += [f"unknown key {key}" for key in request.keys() - keys]
        wrong += [f"no key {key}" for key in required - request.keys()]
        return wrong

    return check


def _reply(make) -> Reply:
    def reply(conn: Conn, received: Received) -> None:
        replies.json_body(make(received.json))(conn, received)

    return reply


def _openai(request: dict, base64: bool, tokens: int | None = 8) -> dict:
    import base64 as codec
    import struct

    texts = request["input"] if isinstance(request["input"], list) else [request["input"]]
    data = []
    for index, text in enumerate(texts):
        numbers = vector(str(text))
        encoded = codec.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
        data.append({"object": "embedding", "index": index, "embedding": encoded if base64 else numbers})
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": request["model"], "usage": usage}


class OpenAI:
    """OpenAI: takes `encoding_format`."""

    check = staticmethod(checker({"/v1/embeddings"}, "authorization", f"Bearer {openai.KEY}",
                                 {"model", "input", "dimensions", "encoding_format", "user"}, {"model", "input"}))
    answer = staticmethod(_reply(lambda request: _openai(request, request.get("encoding_format") == "base64")))


class Compatible:
    """A host that answers with numbers whatever is asked for, and ranks as Jina does."""

    check = staticmethod(checker({"/v1/embeddings", "/v1/rerank"}, "authorization", f"Bearer {openai.KEY}",
                                 {"model", "input", "encoding_format", "dimensions", "user", "query", "documents", "top_n",
                                  "return_documents"}, {"model"}))

    @staticmethod
    def answer(conn: Conn, received: Received) -> None:
        """By the path."""
        request = received.json
        value = _openai(request, False) if received.target == "/v1/embeddings" else {
            "model": request["model"], "object": "list", "usage": {"total_tokens": 15},
            "results": [{"index": 0, "relevance_score": 0.25}]}
        replies.json_body(value)(conn, received)


class Anthropic:
    """Anthropic has no embeddings: nothing may come."""

    check = staticmethod(lambda received: [f"a request: {received.target}"])
    answer = staticmethod(anthropic.answer())


class Gemini:
    """Gemini: tells no usage."""

    check = staticmethod(checker({f"/v1beta/models/{GEMINI_MODEL}:batchEmbedContents"}, "x-goog-api-key", gemini.KEY,
                                 {"requests"}, {"requests"}))
    answer = staticmethod(_reply(lambda request: {
        "embeddings": [{"values": vector(one["content"]["parts"][0]["text"])} for one in request["requests"]]}))


class Vertex:
    """Vertex AI: `predict`, and `batchEmbedContents` for Gemini's own models."""

    base = "/v1/projects/p/locations/l/publishers/google"
    check = staticmethod(checker({f"{base}/models/text-embedding-005:predict",
                                  f"{base}/models/{GEMINI_MODEL}:batchEmbedContents"}, "authorization",
                                 f"Bearer {VERTEX_KEY}", {"instances", "parameters", "requests"}, set()))

    @staticmethod
    def answer(conn: Conn, received: Received) -> None:
        """By the path."""
        request = received.json
        if received.target.endswith(":predict"):
            value = {"predictions": [{"embeddings": {"values": vector(one["content"]), "statistics": {"token_count": 7}}}
                                     for one in request["instances"]]}
        else:
            value = {"embeddings": [{"values": vector(one["content"]["parts"][0]["text"]), "statistics": {"tokenCount": 7}}
                                    for one in request["requests"]]}
        replies.json_body(value)(conn, received)


class Cohere:
    """Cohere: both operations."""

    check = staticmethod(checker({"/v2/embed", "/v2/rerank"}, "authorization", f"Bearer {COHERE_KEY}",
                                 {"model", "texts", "input_type", "embedding_types", "output_dimension", "truncate",
                                  "query", "documents", "top_n", "max_tokens_per_doc"}, {"model"}))

    @staticmethod
    def answer(conn: Conn, received: Received) -> None:
        """By the path."""
        request = received.json
        if received.target == "/v2/embed":
            assert request["input_type"] and request["embedding_types"] == ["float"], request
            value = {"id": "e-1", "embeddings": {"float": [vector(text) for text in request["texts"]]},
                     "texts": request["texts"], "response_type": "embeddings_by_type",
                     "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 9}}}
        else:
            assert all(isinstance(text, str) for text in request["documents"]), request
            count = request.get("top_n", len(request["documents"]))
            value = {"id": "r-1", "results": [{"index": index, "relevance_score": 0.9 - index / 10}
                                              for index in reversed(range(len(request["documents"])))][:count],
                     "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}}
        replies.json_body(value)(conn, received)


class Mistral:
    """Mistral: refuses keys that it does not know."""

    check = staticmethod(checker({"/v1/embeddings"}, "authorization", f"Bearer {MISTRAL_KEY}",
                                 {"model", "input", "output_dimension"}, {"model", "input"}))
    answer = staticmethod(_reply(lambda request: {"id": "x", **_openai(request, False)}))


class Bedrock:
    """Titan on Bedrock; counts the tokens in a header too."""

    check = staticmethod(checker({"/model/" + TITAN.replace(":", "%3A") + "/invoke"}, "authorization", f"Bearer {BEDROCK_KEY}",
                                 {"inputText", "dimensions"}, {"inputText"}))

    @staticmethod
    def answer(conn: Conn, received: Received) -> None:
        """With the header alone."""
        value = {"embedding": vector(received.json["inputText"])}
        replies.json_body(value, headers=[("x-amzn-bedrock-input-token-count", "6")])(conn, received)
