"""A Vertex AI that asserts: Gemini under `publishers/google`, Claude under `publishers/anthropic`."""

from __future__ import annotations

import json

from . import anthropic, gemini, replies
from .openai import common
from .provider import Conn, Received, Reply

KEY = "ya29.secret-0004"
PROJECT = "/v1/projects/p-1/locations/europe-west4/publishers"
GEMINI = "gemini-2.5-flash@001"
CLAUDE = "claude-sonnet-4-5@20250929"
GEMINI_PATHS = {
    False: f"{PROJECT}/google/models/{GEMINI}:generateContent",
    True: f"{PROJECT}/google/models/{GEMINI}:streamGenerateContent?alt=sse",
}
CLAUDE_PATHS = {
    False: f"{PROJECT}/anthropic/models/{CLAUDE}:rawPredict",
    True: f"{PROJECT}/anthropic/models/{CLAUDE}:streamRawPredict",
}
VERSION = "vertex-2023-10-16"


def google_base(url: str) -> str:
    """The base URL of Gemini's provider."""
    return f"{url}{PROJECT}/google"


def anthropic_base(url: str) -> str:
    """The base URL of Claude's provider."""
    return f"{url}{PROJECT}/anthropic"


def claude(*content: dict, stop: str = "end_turn") -> Reply:
    """What was asked for, a stream or not: the path tells."""
    content = content or (anthropic.text("Hello from Claude on Vertex."),)

    def reply(conn: Conn, received: Received) -> None:
        if "stream" in received.target:
            replies.events(anthropic.stream_events(*content, stop=stop))(conn, received)
        else:
            replies.json_body(anthropic.message(*content, stop=stop))(conn, received)

    return reply


def error(status: int, name: str, what: str, details: tuple[dict, ...] = ()) -> Reply:
    """An error of Google's; streams are refused with a list of one."""
    value = {"error": {"code": status, "message": what, "status": name, "details": list(details)}}

    def reply(conn: Conn, received: Received) -> None:
        replies.json_body([value] if "stream" in received.target else value, status)(conn, received)

    return reply


def _common(received: Received, paths: dict[bool, str]) -> list[str]:
    wrong = common(received)
    if received.method != "POST":
        wrong.append(f"method {received.method}")
    if received.target not in paths.values():
        wrong.append(f"path {received.target}")
    if received.header("authorization") != f"Bearer {KEY}":
        wrong.append(f"authorization {received.header('authorization')!r}")
    return wrong + [f"a header {name}" for name in ("x-goog-api-key", "x-api-key") if received.header(name) is not None]


def check_gemini(received: Received) -> list[str]:
    """What is wrong with a request for Gemini."""
    wrong = _common(received, GEMINI_PATHS)
    request = json.loads(received.body)
    return wrong + [f"unknown key {key}" for key in request.keys() - gemini.KEYS - {"labels"}]


def check_claude(received: Received) -> list[str]:
    """What is wrong with a request for Claude."""
    wrong = _common(received, CLAUDE_PATHS)
    request = json.loads(received.body)
    if request.get("anthropic_version") != VERSION:
        wrong.append(f"anthropic_version {request.get('anthropic_version')!r}")
    if request.get("stream", False) != ("stream" in received.target):
        wrong.append(f"stream {request.get('stream')!r} at {received.target}")
    wrong += [f"a key {key}" for key in ("model", "anthropic_beta") if key in request]
    if not isinstance(request.get("max_tokens"), int):
        wrong.append(f"max_tokens {request.get('max_tokens')!r}")
    return wrong
