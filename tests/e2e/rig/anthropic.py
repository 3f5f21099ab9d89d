"""An Anthropic that asserts: what it must receive, and what it answers."""

from __future__ import annotations

import json

from . import replies
from .openai import common
from .provider import Conn, Received, Reply

KEY = "sk-ant-secret-0002"
MODEL = "claude-sonnet-4-5-20250929"
USAGE = {
    "input_tokens": 9,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "output_tokens": 6,
    "service_tier": "standard",
}


def sse(name: str, value: dict) -> bytes:
    """One event. The real one pads its JSON with spaces."""
    return f"event: {name}\ndata: {json.dumps(value)}   \n\n".encode()


def message(*content: dict, stop: str = "end_turn") -> dict:
    """A whole reply."""
    return {
        "id": "msg_01anthropic",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": list(content),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": USAGE,
    }


def text(value: str) -> dict:
    """A block of text."""
    return {"type": "text", "text": value}


def tool_use(call: str, name: str, arguments: dict) -> dict:
    """A call of a tool."""
    return {"type": "tool_use", "id": call, "name": name, "input": arguments}


def _block(index: int, block: dict) -> list[bytes]:
    """The events of one block, in small deltas."""
    if block["type"] == "text":
        start = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": word} for word in _words(block["text"])]
    else:
        start = {**block, "input": {}}
        arguments = json.dumps(block["input"])
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *_pieces(arguments)]]
    return [
        sse("content_block_start", {"type": "content_block_start", "index": index, "content_block": start}),
        *[sse("content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}) for delta in deltas],
        sse("content_block_stop", {"type": "content_block_stop", "index": index}),
    ]


def _words(value: str) -> list[str]:
    words = value.split(" ")
    return [words[0], *(" " + word for word in words[1:])]


def _pieces(value: str, size: int = 9) -> list[str]:
    return [value[at : at + size] for at in range(0, len(value), size)]


def stream_events(*content: dict, stop: str = "end_turn") -> list[bytes]:
    """The events of a streamed reply."""
    started = {**message(stop=stop), "stop_reason": None, "usage": {**USAGE, "output_tokens": 1}}
    out = [sse("message_start", {"type": "message_start", "message": started})]
    for index, block in enumerate(content):
        events = _block(index, block)
        if index == 0:
            events.insert(1, sse("ping", {"type": "ping"}))
        out += events
    delta = {"stop_reason": stop, "stop_sequence": None}
    out.append(sse("message_delta", {"type": "message_delta", "delta": delta, "usage": USAGE}))
    return [*out, sse("message_stop", {"type": "message_stop"})]


def answer(*content: dict, stop: str = "end_turn") -> Reply:
    """What was asked for, a stream or not."""
    content = content or (text("Hello from Anthropic."),)

    def reply(conn: Conn, received: Received) -> None:
        if received.json.get("stream"):
            replies.events(stream_events(*content, stop=stop))(conn, received)
        else:
            replies.json_body(message(*content, stop=stop), headers=[("request-id", "req_01")])(conn, received)

    return reply


def error(status: int, kind: str = "api_error", what: str = "Internal server error",
          headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """An error reply."""
    value = {"type": "error", "error": {"type": kind, "message": what}, "request_id": "req_01"}
    return replies.json_body(value, status, headers)


def error_event(kind: str = "overloaded_error", what: str = "Overloaded") -> bytes:
    """An error in the middle of a stream."""
    return sse("error", {"type": "error", "error": {"type": kind, "message": what}})


def check(received: Received) -> list[str]:
    """What is wrong with a request, for any of them."""
    wrong = common(received)
    if received.method != "POST":
        wrong.append(f"method {received.method}")
    if received.target != "/v1/messages":
        wrong.append(f"path {received.target}")
    if received.header("x-api-key") != KEY:
        wrong.append(f"x-api-key {received.header('x-api-key')!r}")
    if received.header("anthropic-version") != "2023-06-01":
        wrong.append(f"anthropic-version {received.header('anthropic-version')!r}")
    if received.header("authorization") is not None:
        wrong.append("an authorization header")
    try:
        request = json.loads(received.body)
    except ValueError:
        return wrong
    if not isinstance(request.get("max_tokens"), int):
        wrong.append(f"max_tokens {request.get('max_tokens')!r}")
    return wrong
