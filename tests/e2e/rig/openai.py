"""An OpenAI that asserts: what it must receive, and what it answers."""

from __future__ import annotations

import json

from . import replies
from .provider import Conn, Received, Reply

KEY = "sk-openai-secret-0001"
MODEL = "gpt-4.1-2025-04-14"


def sse(value: object) -> bytes:
    """One event."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def completion(text: str = "Hello from OpenAI.", **message: object) -> dict:
    """A whole reply; `message` overrides what the assistant says."""
    reason = "tool_calls" if message.get("tool_calls") else "stop"
    return {
        "id": "chatcmpl-B1openai",
        "object": "chat.completion",
        "created": 1760000000,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None, "annotations": [], **message},
                "logprobs": None,
                "finish_reason": reason,
            }
        ],
        "usage": {
            "prompt_tokens": 11,
            "completion_tokens": 7,
            "total_tokens": 18,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": "fp_0001",
    }


def chunk(delta: dict, finish: str | None = None, usage: object = ...) -> dict:
    """One chunk of a stream; `usage` left out is not sent at all."""
    value = {
        "id": "chatcmpl-B1openai",
        "object": "chat.completion.chunk",
        "created": 1760000000,
        "model": MODEL,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }
    return value if usage is ... else {**value, "usage": usage}


def stream_events(words: list[str], usage: bool) -> list[bytes]:
    """The events of a streamed text."""
    none = None if usage else ...
    out = [sse(chunk({"role": "assistant", "content": "", "refusal": None}, usage=none))]
    out += [sse(chunk({"content": word}, usage=none)) for word in words]
    out.append(sse(chunk({}, "stop", usage=none)))
    if usage:
        out.append(sse({**chunk({}, usage=completion()["usage"]), "choices": []}))
    return [*out, DONE]


def answer(words: tuple[str, ...] = ("Hello", " from", " OpenAI", ".")) -> Reply:
    """The default: what was asked for, a stream or not, with usage or not."""

    def reply(conn: Conn, received: Received) -> None:
        request = received.json
        if request.get("stream"):
            usage = bool((request.get("stream_options") or {}).get("include_usage"))
            replies.events(stream_events(list(words), usage))(conn, received)
        else:
            replies.json_body(completion("".join(words)))(conn, received)

    return reply


def error(status: int, message: str = "The server had an error.", kind: str = "server_error", code: str | None = None,
          headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """An error reply."""
    value = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return replies.json_body(value, status, headers)


def error_event(message: str = "The server is overloaded.") -> bytes:
    """An error in the middle of a stream."""
    return sse({"error": {"message": message, "type": "server_error", "param": None, "code": None}})


def check(received: Received) -> list[str]:
    """What is wrong with a request, for any of them."""
    wrong = []
    if received.method != "POST":
        wrong.append(f"method {received.method}")
    if received.target != "/v1/chat/completions":
        wrong.append(f"path {received.target}")
    if received.header("authorization") != f"Bearer {KEY}":
        wrong.append(f"authorization {received.header('authorization')!r}")
    return wrong + common(received)


def common(received: Received) -> list[str]:
    """What no provider may receive."""
    wrong = [
        f"internal header {name}"
        for name in sorted(received.names)
        if name.startswith(("x-switchyard", "x-envoy", "x-forwarded")) or name in ("x-request-id", "via", "cookie")
    ]
    if (received.header("content-type") or "").split(";")[0] != "application/json":
        wrong.append(f"content-type {received.header('content-type')!r}")
    try:
        json.loads(received.body)
    except ValueError as error:
        wrong.append(f"body is not JSON ({error}): {received.body[:80]!r}")
    return wrong
