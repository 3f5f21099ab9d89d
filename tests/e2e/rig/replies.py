"""Replies: what providers send, well formed and not."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable

from .provider import Conn, Received, Reply

JSON = ("content-type", "application/json")
SSE = ("content-type", "text/event-stream; charset=utf-8")


def body(status: int, payload: bytes, headers: Iterable[tuple[str, str]] = (JSON,)) -> Reply:
    """A whole body with its length."""

    def reply(conn: Conn, _: Received) -> None:
        conn.head(status, [*headers, ("content-length", str(len(payload)))])
        conn.send(payload)

    return reply


def json_body(value: object, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Reply:
    """A JSON body."""
    return body(status, json.dumps(value).encode(), [JSON, *headers])


def events(parts: Iterable[bytes | float], end: str = "end", headers: Iterable[tuple[str, str]] = ()) -> Reply:
    """A stream: bytes are one chunk each, numbers are pauses in seconds.

    `end` says how it stops: `end` properly, `close` without the last chunk, `reset`, or `hang`.
    """

    def reply(conn: Conn, _: Received) -> None:
        conn.head(200, [SSE, ("transfer-encoding", "chunked"), ("cache-control", "no-cache"), *headers])
        for part in parts:
            if isinstance(part, bytes):
                conn.chunk(part)
            else:
                time.sleep(part)
        {"end": conn.end, "close": conn.close, "reset": conn.reset, "hang": conn.hang}[end]()

    return reply


def cut(stream: bytes, size: int) -> list[bytes]:
    """The same bytes in pieces of `size`."""
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def reset(after: bytes = b"") -> Reply:
    """A connection that is dropped, after some bytes of the head if there are any."""

    def reply(conn: Conn, _: Received) -> None:
        if after:
            conn.send(after)
            time.sleep(0.05)
        conn.reset()

    return reply


def hang() -> Reply:
    """Nothing at all."""
    return lambda conn, _: conn.hang()


def slow(seconds: float, then: Reply) -> Reply:
    """The same reply, later."""

    def reply(conn: Conn, received: Received) -> None:
        time.sleep(seconds)
        then(conn, received)

    return reply


def either(whole: Reply, stream: Reply) -> Reply:
    """What the request asked for."""

    def reply(conn: Conn, received: Received) -> None:
        (stream if received.json.get("stream") else whole)(conn, received)

    return reply
