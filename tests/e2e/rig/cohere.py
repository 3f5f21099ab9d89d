"""A Cohere that asserts: what it must receive, and what it answers."""

from __future__ import annotations

import json

from . import referee, replies
from .openai import common
from .provider import Conn, Received, Reply

KEY = "co-secret-0004"
MODEL = "command-a-03-2025"
PATH = "/v2/chat"
# Billed units are fewer than tokens, and counts are floats.
USAGE = {
    "billed_units": {"input_tokens": 3.0, "output_tokens": 2.0},
    "tokens": {"input_tokens": 507.0, "output_tokens": 10.0},
    "cached_tokens": 448.0,
}
KEYS = {
    "model", "messages", "stream", "tools", "strict_tools", "tool_choice", "response_format", "max_tokens",
    "stop_sequences", "temperature", "seed", "frequency_penalty", "presence_penalty", "k", "p", "thinking",
}
ROLES = {"system": {"role", "content"}, "user": {"role", "content"}, "assistant": {"role", "content", "tool_plan", "tool_calls"},
         "tool": {"role", "tool_call_id", "content"}}


def text(value: str) -> dict:
    """A message that says something."""
    return {"content": [{"type": "text", "text": value}]}


def call(id: str, name: str, arguments: str | None) -> dict:
    """A call of a function. Those that take nothing have the arguments `null`, or none."""
    function = {"name": name} if arguments is None else {"name": name, "arguments": arguments}
    return {"id": id, "type": "function", "function": function}


def completion(message: dict, reason: str | None = None) -> dict:
    """A whole reply."""
    reason = reason or ("TOOL_CALL" if message.get("tool_calls") else "COMPLETE")
    return {"id": "co-reply-01", "finish_reason": reason, "message": {"role": "assistant", **message}, "usage": USAGE}


def sse(value: dict) -> bytes:
    """One event: its type stands twice."""
    return f"event: {value['type']}\ndata: {json.dumps(value)}\n\n".encode()


def event(kind: str, index: int | None = None, **message: object) -> bytes:
    """An event that adds to the message."""
    value: dict = {"type": kind} if index is None else {"type": kind, "index": index}
    return sse({**value, "delta": {"message": message}} if message else value)


def pieces(value: str) -> list[str]:
    """As a model would say it."""
    return [value[at : at + 5] for at in range(0, len(value), 5)]


def start() -> bytes:
    """The first event."""
    message = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    return sse({"id": "co-reply-01", "type": "message-start", "delta": {"message": message}})


def end(reason: str, **more: object) -> bytes:
    """The last event."""
    return sse({"type": "message-end", "delta": {"finish_reason": reason, "usage": USAGE, **more}})


def stream_events(message: dict) -> list[bytes]:
    """The events of a streamed message."""
    out = [start()]
    out += [event("tool-plan-delta", tool_plan=piece) for piece in pieces(message.get("tool_plan", ""))]
    for index, block in enumerate(message.get("content", [])):
        kind = block["type"]
        out.append(event("content-start", index, content={"type": kind, kind: ""}))
        out += [event("content-delta", index, content={kind: piece}) for piece in pieces(block[kind])]
        out.append(event("content-end", index))
    for index, one in enumerate(message.get("tool_calls", [])):
        begun = {**one, "function": {"name": one["function"]["name"], "arguments": ""}}
        out.append(event("tool-call-start", index, tool_calls=begun))
        for piece in pieces(one["function"].get("arguments", "")):
            out.append(event("tool-call-delta", index, tool_calls={"function": {"arguments": piece}}))
        out.append(event("tool-call-end", index))
    return [*out, end("TOOL_CALL" if message.get("tool_calls") else "COMPLETE")]


def answer(message: dict | None = None) -> Reply:
    """What was asked for, a stream or not."""
    message = message or text("Hello from Cohere.")

    def reply(conn: Conn, received: Received) -> None:
        if received.json.get("stream"):
            replies.events(stream_events(message))(conn, received)
        else:
            replies.json_body(completion(message))(conn, received)

    return reply


def error(status: int, what: str) -> Reply:
    """An error reply: no `error` object in it."""
    return replies.json_body({"id": "co-error-01", "message": what}, status)


def check(received: Received) -> list[str]:
    """What is wrong with a request, for any of them."""
    wrong = common(received)
    if received.method != "POST":
        wrong.append(f"method {received.method}")
    if received.target != PATH:
        wrong.append(f"path {received.target}")
    if received.header("authorization") != f"Bearer {KEY}":
        wrong.append(f"authorization {received.header('authorization')!r}")
    wrong += [f"a header {name}" for name in ("x-api-key", "x-goog-api-key") if received.header(name) is not None]
    try:
        request = json.loads(received.body)
    except ValueError:
        return wrong
    wrong += [f"unknown key {key}" for key in request.keys() - KEYS]
    try:
        referee.schema("cohere.request", request)
    except AssertionError as error:
        wrong.append(str(error))
    return wrong + messages(request)


def messages(request: dict) -> list[str]:
    """What Cohere says of messages in its list of errors."""
    wrong: list[str] = []
    calls: list[str] = []
    for index, message in enumerate(request.get("messages", [])):
        role = message.get("role")
        wrong += [f"unknown key {key} of {role}" for key in message.keys() - ROLES.get(role, set())]
        if role == "system" and index:
            wrong.append("system turn must be the first in the list")
        if not message.get("content") and not message.get("tool_calls"):
            wrong.append(f"message must not be empty in a turn: {message}")
        if message.get("tool_calls") and message.get("content"):
            wrong.append("text content is not allowed when tool_calls are provided")
        for one in message.get("tool_calls", []):
            if one["id"] in calls:
                wrong.append("cannot have duplicate tool ids")
            calls.append(one["id"])
            if not isinstance(json.loads(one["function"]["arguments"]), dict):
                wrong.append(f"arguments {one['function']['arguments']!r}")
        if role == "tool" and message["tool_call_id"] not in calls:
            wrong.append("tool call id not found in previous tool calls")
    if not request.get("messages"):
        wrong.append("no messages")
    return wrong
