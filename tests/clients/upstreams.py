"""The providers behind the gateway, one a format: what each must receive, how it says things, and what it then counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from rig import anthropic, bedrock, cohere, compat, gemini, openai, referee, replies, responses
from rig.provider import Conn, Provider, Received, Reply

Check = Callable[[Received], list[str]]


@dataclass(frozen=True)
class Usage:
    """What a provider counts for every answer: all tokens of the prompt, those of them from a cache, and those written."""

    input: int
    output: int
    cached: int = 0


@dataclass(frozen=True)
class Upstream:
    """A provider of one format, simulated."""

    type: str
    """Its `type` in gateway.yaml."""
    model: str
    """The provider's own name of the model."""
    reports: str
    """The model that its replies name; empty where they name none."""
    key: str
    check: Check
    """What is wrong with a request."""
    says: Callable[[str], Reply]
    """A text, whole or streamed as the request asks."""
    calls: Callable[[str, dict], Reply]
    """A call of a tool, whole or streamed."""
    usage: Usage
    path: str = ""
    """What its base URL has after the host."""
    more: dict = field(default_factory=dict)
    """Further fields of the provider in gateway.yaml."""


def openai_says(text: str) -> Reply:
    """As the rig's, in words."""
    head, _, tail = text.partition(" ")
    return openai.answer((head, f" {tail}"))


def openai_calls(name: str, arguments: dict) -> Reply:
    """A call whose arguments come in pieces."""
    given = json.dumps(arguments)
    one = {"id": "call_openai01", "type": "function", "function": {"name": name, "arguments": given}}

    def stream(conn: Conn, received: Received) -> None:
        usage = bool((received.json.get("stream_options") or {}).get("include_usage"))
        none = None if usage else ...
        begun = {"index": 0, **one, "function": {"name": name, "arguments": ""}}
        deltas = [begun, *({"index": 0, "function": {"arguments": given[at : at + 6]}} for at in range(0, len(given), 6))]
        parts = [openai.sse(openai.chunk({"role": "assistant", "content": None}, usage=none))]
        parts += [openai.sse(openai.chunk({"tool_calls": [delta]}, usage=none)) for delta in deltas]
        parts.append(openai.sse(openai.chunk({}, "tool_calls", usage=none)))
        if usage:
            parts.append(openai.sse({**openai.chunk({}, usage=openai.completion()["usage"]), "choices": []}))
        replies.events([*parts, openai.DONE])(conn, received)

    return replies.either(replies.json_body(openai.completion(None, tool_calls=[one])), stream)


def checked(check: Check, schema: str, linked: Callable[[dict], tuple[list, list]]) -> Check:
    """`check`, and the vendor's own types, and that each result belongs to a call."""

    def both(received: Received) -> list[str]:
        wrong = check(received)
        try:
            request = received.json
            referee.schema(schema, request)
        except (AssertionError, ValueError) as error:
            return [*wrong, str(error)]
        calls, results = linked(request)
        return wrong if calls == results else [*wrong, f"calls {calls}, results {results}"]

    return both


def openai_links(request: dict) -> tuple[list, list]:
    """The ids of calls, and of results."""
    messages = request["messages"]
    calls = [call["id"] for message in messages for call in message.get("tool_calls") or []]
    return calls, [message["tool_call_id"] for message in messages if message["role"] == "tool"]


def anthropic_links(request: dict) -> tuple[list, list]:
    """The ids of calls, and of results."""
    blocks = [block for message in request["messages"] if isinstance(message["content"], list) for block in message["content"]]
    calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
    return calls, [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]


def gemini_links(request: dict) -> tuple[list, list]:
    """The names of functions called, and of those whose results are there: this API needs no ids."""
    parts = [part for content in request["contents"] for part in content["parts"]]
    calls = [part["functionCall"]["name"] for part in parts if "functionCall" in part]
    return calls, [part["functionResponse"]["name"] for part in parts if "functionResponse" in part]


UPSTREAMS = {
    "openai": Upstream(
        "openai", "gpt-4.1", openai.MODEL, openai.KEY, checked(openai.check, "openai.request", openai_links),
        openai_says, openai_calls, Usage(11, 7), "/v1",
    ),
    "anthropic": Upstream(
        "anthropic", "claude-sonnet-4-5", anthropic.MODEL, anthropic.KEY,
        checked(anthropic.check, "anthropic.request", anthropic_links),
        lambda text: anthropic.answer(anthropic.text(text)),
        lambda name, arguments: anthropic.answer(anthropic.tool_use("toolu_anthropic01", name, arguments), stop="tool_use"),
        Usage(9, 6),
    ),
    "gemini": Upstream(
        "gemini", gemini.MODEL, gemini.MODEL, gemini.KEY, checked(gemini.check, "gemini.request", gemini_links),
        lambda text: gemini.answer(gemini.text(text[:5]), gemini.text(text[5:])),
        lambda name, arguments: gemini.answer(gemini.call(name, arguments, "c2lnbmF0dXJl")),
        Usage(9, 6),
    ),
    "bedrock": Upstream(
        "bedrock", bedrock.MODEL, "", bedrock.KEY, bedrock.check,
        lambda text: bedrock.answer(bedrock.text(text)),
        lambda name, arguments: bedrock.answer(bedrock.call("tooluse_bedrock01", name, arguments)),
        Usage(12, 6, 3),
    ),
    "responses": Upstream(
        "openai-responses", responses.MODEL, f"{responses.MODEL}-2025-10-06", responses.KEY, responses.check,
        lambda text: responses.answer(responses.text(text)),
        lambda name, arguments: responses.answer(
            responses.reasoning("rs_1", "It needs the tool."), responses.call("call_responses01", name, arguments)
        ),
        Usage(20, 9, 8), "/v1",
    ),
    "cohere": Upstream(
        "cohere", cohere.MODEL, "", cohere.KEY, cohere.check,
        lambda text: cohere.answer(cohere.text(text)),
        lambda name, arguments: cohere.answer(
            {"tool_plan": "I will look.", "tool_calls": [cohere.call("weather_cohere01", name, json.dumps(arguments))]}
        ),
        Usage(507, 10, 448),
    ),
    "mistral": Upstream(
        "mistral", compat.MISTRAL_MODEL, compat.MISTRAL_MODEL, compat.MISTRAL_KEY,
        checked(compat.mistral_check, "mistral.request", openai_links),
        lambda text: compat.mistral_answer(text),
        lambda name, arguments: compat.mistral_answer(
            calls=[{"id": "mistral01", "function": {"name": name, "arguments": json.dumps(arguments)}}]
        ),
        Usage(9, 4), "/v1",
    ),
}  # fmt: skip

# Who answers the first turn, and who the second: each format hands over to another one once.
PAIRS = list(zip(UPSTREAMS, [*list(UPSTREAMS)[1:], next(iter(UPSTREAMS))]))


def failing(name: str, status: int, kind: str = "server_error", what: str = "No.", headers: tuple = ()) -> Reply:
    """An error reply in the upstream's own envelope."""
    if name == "anthropic":
        kinds = {400: "invalid_request_error", 404: "not_found_error", 429: "rate_limit_error", 503: "api_error"}
        return anthropic.error(status, kinds[status], what, headers)
    return openai.error(status, what, kind, headers=headers)


def gateway_file(providers: dict[str, Provider]) -> dict:
    """gateway.yaml: a model `to-FORMAT` for each provider, and `A-then-B` for those that hand over."""
    targets = {name: {"provider": name, "model": up.model} for name, up in UPSTREAMS.items()}
    return {
        "providers": [
            {"name": name, "type": up.type, "base_url": providers[name].url + up.path, "api_key": {"value": up.key}, **up.more}
            for name, up in UPSTREAMS.items()
        ],
        "models": [
            *({"name": f"to-{name}", "targets": [target]} for name, target in targets.items()),
            *({"name": f"{one}-then-{other}", "targets": [targets[one], targets[other]]} for one, other in PAIRS),
        ],
    }
