"""The providers behind the gateway, one a format: what each must receive, how it says things, and what it then counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from rig import anthropic, bedrock, cohere, compat, gemini, openai, referee, replies, responses
from rig.provider import Conn, Provider, Received, Reply

Check = Callable[[Received], list[str]]
SIGNATURE = "c2lnbmF0dXJlLW9mLXRoZS1tb2RlbA=="


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


def sent_back(request: dict) -> dict:
    """A chat request without what clients send though no type of a request has it, and OpenAI takes it: of a reply, its
    `annotations`, members that are null, and what the helpers of its SDKs add to calls; and the name of a result's tool."""
    request = json.loads(json.dumps(request))
    for message in request["messages"]:
        if message["role"] == "tool":
            message.pop("name", None)
        if message["role"] != "assistant":
            continue
        for name in [name for name, value in message.items() if name in ("annotations", "parsed") or value is None]:
            del message[name]
        for call in message.get("tool_calls", []):
            call.pop("index", None)
            call["function"].pop("parsed_arguments", None)
    return request


def checked(check: Check, schema: str, linked: Callable[[dict], tuple[list, list]], clean: Callable[[dict], dict] = dict) -> Check:
    """`check`, and the vendor's own types, and that each result belongs to a call."""

    def both(received: Received) -> list[str]:
        wrong = check(received)
        try:
            request = received.json
            referee.schema(schema, clean(request))
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


def responses_check(received: Received) -> list[str]:
    """The rig's check of what the gateway writes; a client of the same format may leave out more: it may send a text for
    items, items without `type`, and functions without `strict`."""
    try:
        request = received.json
    except (AssertionError, ValueError):
        return responses.check(received)
    given = request.get("input", [])
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    whole = {**request, "input": [{"type": "message", **item} for item in items]}
    if "tools" in request:
        whole["tools"] = [{"strict": None, **tool} if tool["type"] == "function" else tool for tool in request["tools"]]
    return responses.check(replace(received, body=json.dumps(whole).encode()))


UPSTREAMS = {
    "openai": Upstream(
        "openai", "gpt-4.1", openai.MODEL, openai.KEY, checked(openai.check, "openai.request", openai_links, sent_back),
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
        lambda name, arguments: gemini.answer(gemini.call(name, arguments, SIGNATURE)),
        Usage(9, 6),
    ),
    "bedrock": Upstream(
        "bedrock", bedrock.MODEL, "", bedrock.KEY, bedrock.check,
        lambda text: bedrock.answer(bedrock.text(text)),
        lambda name, arguments: bedrock.answer(bedrock.call("tooluse_bedrock01", name, arguments)),
        Usage(12, 6, 3),
    ),
    "responses": Upstream(
        "openai-responses", responses.MODEL, f"{responses.MODEL}-2025-10-06", responses.KEY, responses_check,
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
        lambda text: compat.mistral_answer(text[:5], text[5:]),
        lambda name, arguments: compat.mistral_answer(
            calls=[{"id": "mistral01", "function": {"name": name, "arguments": json.dumps(arguments)}}]
        ),
        Usage(9, 4), "/v1",
    ),
}  # fmt: skip

# Who answers the first turn, and who the second: each format hands over to another one once.
PAIRS = list(zip(UPSTREAMS, [*list(UPSTREAMS)[1:], next(iter(UPSTREAMS))]))


def failing(name: str, status: int, kind: str = "server_error", what: str = "No.", headers: tuple = ()) -> Reply:
    """An error reply in the upstream's own envelope, where a test asks for more than a status."""
    if name == "anthropic":
        kinds = {400: "invalid_request_error", 429: "rate_limit_error", 503: "api_error"}
        return anthropic.error(status, kinds[status], what, headers)
    return openai.error(status, what, kind, headers=headers)


def cut(reply: Reply) -> Reply:
    """The first half of a streamed reply; it ends in good order, as if that were all."""

    def half(conn: Conn, received: Received) -> None:
        chunks: list[bytes] = []
        chunk, end = conn.chunk, conn.end
        conn.chunk, conn.end = chunks.append, lambda: None
        reply(conn, received)
        for piece in chunks[: (len(chunks) + 1) // 2]:
            chunk(piece)
        end()
        conn.chunk, conn.end = chunk, end

    return half


def structured(name: str, value: dict) -> Reply:
    """JSON, in the way that was asked for: as text, or as the input of the only tool."""
    up = UPSTREAMS[name]

    def reply(conn: Conn, received: Received) -> None:
        tool = only_tool(received.json)
        (up.calls(tool, value) if tool else up.says(json.dumps(value)))(conn, received)

    return reply


def only_tool(request: dict) -> str | None:
    """The name of the one tool, in whichever format."""
    tools = request.get("tools") or request.get("toolConfig", {}).get("tools") or []
    if not tools:
        return None
    [tool] = tools
    for key in ("function", "toolSpec", "functionDeclarations"):
        tool = tool.get(key, tool)
    return (tool[0] if isinstance(tool, list) else tool)["name"]


def thinks(name: str, thought: str, tool: str, arguments: dict) -> tuple[str, Reply]:
    """A thought and then a call; and what must come back with the next turn, to prove that the thought was the model's."""
    if name == "responses":
        items = (responses.reasoning("rs_1", thought), responses.call("call_responses01", tool, arguments))
        return responses.ENCRYPTED, responses.answer(*items)
    if name == "gemini":
        return SIGNATURE, gemini.answer({"text": thought, "thought": True}, gemini.call(tool, arguments, SIGNATURE))
    if name == "cohere":
        call = cohere.call("weather_cohere01", tool, json.dumps(arguments))
        return thought, cohere.answer({"content": [{"type": "thinking", "thinking": thought}], "tool_calls": [call]})
    block = {"type": "thinking", "thinking": thought, "signature": SIGNATURE}
    use = anthropic.tool_use("toolu_anthropic01", tool, arguments)
    return SIGNATURE, replies.either(
        replies.json_body(anthropic.message(block, use, stop="tool_use")), replies.events(anthropic_thinking(block, use))
    )


def anthropic_thinking(block: dict, use: dict) -> list[bytes]:
    """The events of a thought, then those of a call."""
    events = anthropic.stream_events(anthropic.text("-"), use, stop="tool_use")
    called = next(index for index, event in enumerate(events) if b'"index": 1' in event)
    deltas = [
        {"type": "thinking_delta", "thinking": block["thinking"][:5]},
        {"type": "thinking_delta", "thinking": block["thinking"][5:]},
        {"type": "signature_delta", "signature": block["signature"]},
    ]
    begun = {"type": "thinking", "thinking": "", "signature": ""}
    return [
        events[0],
        anthropic.sse("content_block_start", {"type": "content_block_start", "index": 0, "content_block": begun}),
        *(anthropic.sse("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}) for delta in deltas),
        anthropic.sse("content_block_stop", {"type": "content_block_stop", "index": 0}),
        *events[called:],
    ]


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
