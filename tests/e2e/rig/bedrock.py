"""A Bedrock that asserts: what it must receive, and what it answers. It frames its event streams itself."""

from __future__ import annotations

import base64
import json
import re
import struct
import time
import zlib
from collections.abc import Iterable

from . import replies
from .openai import common
from .provider import Conn, Received, Reply

KEY = "bedrock-api-key-secret-0004"
MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
ESCAPED = "us.anthropic.claude-sonnet-4-5-20250929-v1%3A0"
PATHS = {False: f"/model/{ESCAPED}/converse", True: f"/model/{ESCAPED}/converse-stream"}
INVOKE = f"/model/{ESCAPED}/invoke-with-response-stream"
KEYS = {
    "system", "messages", "toolConfig", "inferenceConfig", "additionalModelRequestFields", "outputConfig", "serviceTier",
    "requestMetadata",
}
USAGE = {"inputTokens": 9, "outputTokens": 6, "totalTokens": 18, "cacheReadInputTokens": 3, "cacheWriteInputTokens": 0}
PATH = re.compile(r"/model/[A-Za-z0-9._%-]+/(converse|converse-stream|invoke|invoke-with-response-stream)")


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One message of an AWS event stream; its headers are strings."""
    head = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value.encode())) + value.encode()
        for name, value in headers.items()
    )
    return raw_frame(head, payload)


def raw_frame(head: bytes, payload: bytes) -> bytes:
    """The same with any bytes as its headers; its checksums are right."""
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return message + struct.pack(">I", zlib.crc32(message))


def event(kind: str, **payload: object) -> bytes:
    """An event; the real one pads each with `p`."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, json.dumps({**payload, "p": "abcdefghijklmnopqrstu"}).encode())


def exception(kind: str, message: str) -> bytes:
    """An exception within a stream."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, json.dumps({"message": message}).encode())


def damaged(message: bytes) -> bytes:
    """The same message with one byte of its payload changed."""
    return message[:-6] + bytes([message[-6] ^ 1]) + message[-5:]


def text(value: str) -> dict:
    """A block of text."""
    return {"text": value}


def call(id: str, name: str, arguments: dict) -> dict:
    """A block that calls a tool."""
    return {"toolUse": {"toolUseId": id, "name": name, "input": arguments}}


def message(*blocks: dict) -> dict:
    """A whole reply."""
    reason = "tool_use" if any("toolUse" in block for block in blocks) else "end_turn"
    output = {"message": {"role": "assistant", "content": list(blocks)}}
    return {"metrics": {"latencyMs": 812}, "output": output, "stopReason": reason, "usage": USAGE}


def stream_events(*blocks: dict) -> list[bytes]:
    """The messages of a streamed reply. Text is not announced, calls are; usage comes after the reason to stop."""
    out = [event("messageStart", role="assistant")]
    for index, block in enumerate(blocks):
        if "toolUse" in block:
            tool = block["toolUse"]
            start = {"toolUse": {"toolUseId": tool["toolUseId"], "name": tool["name"]}}
            out.append(event("contentBlockStart", contentBlockIndex=index, start=start))
            given = json.dumps(tool["input"]) if tool["input"] else ""
            deltas: list[dict] = [{"toolUse": {"input": piece}} for piece in (given[:5], given[5:])]
        else:
            half = len(block["text"]) // 2
            deltas = [{"text": piece} for piece in (block["text"][:half], block["text"][half:])]
        out += [event("contentBlockDelta", contentBlockIndex=index, delta=delta) for delta in deltas]
        out.append(event("contentBlockStop", contentBlockIndex=index))
    whole = message(*blocks)
    return [*out, event("messageStop", stopReason=whole["stopReason"]), event("metadata", usage=USAGE, metrics=whole["metrics"])]


def frames(parts: Iterable[bytes | float], end: str = "end") -> Reply:
    """A stream: bytes are one chunk each, numbers are pauses in seconds. `end` as of `replies.events`."""

    def reply(conn: Conn, _: Received) -> None:
        kind = ("content-type", "application/vnd.amazon.eventstream")
        conn.head(200, [kind, ("transfer-encoding", "chunked"), ("x-amzn-requestid", "0b1c")])
        for part in parts:
            if isinstance(part, bytes):
                conn.chunk(part)
            else:
                time.sleep(part)
        {"end": conn.end, "close": conn.close, "reset": conn.reset}[end]()

    return reply


def answer(*blocks: dict) -> Reply:
    """What was asked for, a stream or not: the path tells."""
    blocks = blocks or (text("Hello from Bedrock."),)

    def reply(conn: Conn, received: Received) -> None:
        if received.target.endswith("-stream"):
            frames(stream_events(*blocks))(conn, received)
        else:
            replies.json_body(message(*blocks))(conn, received)

    return reply


def invoke(events: Iterable[dict]) -> Reply:
    """Events of Anthropic's, each in base64 in a message."""
    return frames(event("chunk", bytes=base64.b64encode(json.dumps(value).encode()).decode()) for value in events)


def error(status: int, name: str, what: str) -> Reply:
    """An error reply."""
    kind = ("x-amzn-errortype", f"{name}:http://internal.amazon.com/coral/com.amazon.bedrock/")
    return replies.json_body({"message": what}, status, [kind])


def check(received: Received) -> list[str]:
    """What is wrong with a request, for any of them."""
    wrong = common(received)
    if received.method != "POST":
        wrong.append(f"method {received.method}")
    if not PATH.fullmatch(received.target):
        wrong.append(f"path {received.target}")
    if received.header("authorization") != f"Bearer {KEY}":
        wrong.append(f"authorization {received.header('authorization')!r}")
    wrong += [f"a header {name}" for name in ("x-api-key", "x-goog-api-key") if received.header(name) is not None]
    try:
        request = json.loads(received.body)
    except ValueError:
        return wrong
    return wrong if "invoke" in received.target else wrong + converse(request)


def converse(request: dict) -> list[str]:
    """What is wrong with a body of Converse."""
    wrong = [f"unknown key {key}" for key in request.keys() - KEYS]
    messages = request.get("messages", [])
    roles = [message.get("role") for message in messages]
    if not roles or roles != (["user", "assistant"] * len(roles))[: len(roles)]:
        wrong.append(f"roles {roles}")
    open_calls: set[str] = set()
    for turn in messages:
        if not turn["content"]:
            wrong.append("a turn without content")
        kinds = [next(iter(block)) for block in turn["content"]]
        wrong += [f"a block with several members {sorted(block)}" for block in turn["content"] if len(block) != 1]
        wrong += [f"blank text {block}" for block in turn["content"] if not block.get("text", "x").strip()]
        if "document" in kinds and "text" not in kinds:
            wrong.append("a document without text")
        results = {block["toolResult"]["toolUseId"] for block in turn["content"] if "toolResult" in block}
        if results != open_calls:
            wrong.append(f"results of {sorted(results)} where {sorted(open_calls)} were called")
        calls = [block["toolUse"] for block in turn["content"] if "toolUse" in block]
        wrong += [f"input {call['input']!r}" for call in calls if not isinstance(call["input"], dict)]
        open_calls = {call["toolUseId"] for call in calls}
        if len(open_calls) != len(calls):
            wrong.append("an id of a call twice")
        if (open_calls or results) and "toolConfig" not in request:
            wrong.append("calls without toolConfig")
    return wrong
