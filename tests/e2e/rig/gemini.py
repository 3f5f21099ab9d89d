"""A Gemini that asserts: what it must receive, and what it answers."""

from __future__ import annotations

import json

from . import replies
from .openai import common
from .provider import Conn, Received, Reply

KEY = "AIza-secret-0003"
MODEL = "gemini-3.5-flash"
USAGE = {"promptTokenCount": 9, "candidatesTokenCount": 4, "thoughtsTokenCount": 2, "totalTokenCount": 15}
PATHS = {False: f"/v1beta/models/{MODEL}:generateContent", True: f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"}
KEYS = {"systemInstruction", "contents", "tools", "toolConfig", "generationConfig"}


def text(value: str) -> dict:
    """A part of text."""
    return {"text": value}


def call(name: str, arguments: dict, signature: str | None = None) -> dict:
    """A part that calls a function. This one gives no ids."""
    part: dict = {"functionCall": {"name": name, "args": arguments}}
    return part if signature is None else {**part, "thoughtSignature": signature}


def chunk(*parts: dict, finish: str | None = None, usage: dict | None = None) -> dict:
    """A reply, or a chunk of one: the same object."""
    candidate: dict = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "usageMetadata": usage or USAGE, "modelVersion": MODEL, "responseId": "resp-01"}


def sse(value: dict) -> bytes:
    """One event. The real one ends its lines with CRLF."""
    return f"data: {json.dumps(value)}\r\n\r\n".encode()


def stream_events(*parts: dict) -> list[bytes]:
    """The events of a streamed reply: the reason to finish comes after the last part."""
    started = {"promptTokenCount": 9, "totalTokenCount": 9}
    return [*(sse(chunk(part, usage=started)) for part in parts), sse(chunk(text(""), finish="STOP"))]


def answer(*parts: dict) -> Reply:
    """What was asked for, a stream or not: the path tells."""
    parts = parts or (text("Hello from "), text("Gemini."))

    def reply(conn: Conn, received: Received) -> None:
        if "stream" in received.target:
            replies.events(stream_events(*parts))(conn, received)
        else:
            replies.json_body(chunk(*parts, finish="STOP"))(conn, received)

    return reply


def error(status: int, name: str, what: str, details: tuple[dict, ...] = ()) -> Reply:
    """An error reply."""
    return replies.json_body({"error": {"code": status, "message": what, "status": name, "details": list(details)}}, status)


def check(received: Received) -> list[str]:
    """What is wrong with a request, for any of them."""
    wrong = common(received)
    if received.method != "POST":
        wrong.append(f"method {received.method}")
    if received.target not in PATHS.values():
        wrong.append(f"path {received.target}")
    if received.header("x-goog-api-key") != KEY:
        wrong.append(f"x-goog-api-key {received.header('x-goog-api-key')!r}")
    wrong += [f"a header {name}" for name in ("authorization", "x-api-key") if received.header(name) is not None]
    try:
        request = json.loads(received.body)
    except ValueError:
        return wrong
    wrong += [f"unknown key {key}" for key in request.keys() - KEYS]
    roles = [content.get("role") for content in request.get("contents", [])]
    if not roles or roles != (["user", "model"] * len(roles))[: len(roles)]:
        wrong.append(f"roles {roles}")
    for content in request.get("contents", []):
        wrong += [f"empty part {part}" for part in content["parts"] if part in ({}, {"text": ""})]
        if not content["parts"]:
            wrong.append("a turn without parts")
    return wrong
