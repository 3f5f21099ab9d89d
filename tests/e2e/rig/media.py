"""Requests that are passed on: forms, and what providers must see of them."""

from __future__ import annotations

import json

from .client import Client, Answer
from .provider import Received

BOUNDARY = "----formdata-test-0123456789"
FORM = ("content-type", f"multipart/form-data; boundary={BOUNDARY}")


def part(name: str, value: bytes | str, filename: str | None = None) -> bytes:
    """One part of a form."""
    value = value.encode() if isinstance(value, str) else value
    file = f'; filename="{filename}"\r\nContent-Type: application/octet-stream' if filename else ""
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value + b"\r\n"


def form(*parts: bytes) -> bytes:
    """A whole form."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def post(client: Client, path: str, body: bytes, *headers: tuple[str, str], pieces: int = 0) -> Answer:
    """Sends a form; in chunks of so many bytes, where told."""
    sent = body if not pieces else [body[at : at + pieces] for at in range(0, len(body), pieces)]
    return client.request("POST", path, [FORM, *headers], sent)


def post_json(client: Client, path: str, value: object, *headers: tuple[str, str]) -> Answer:
    """Sends JSON."""
    return client.request("POST", path, [("content-type", "application/json"), *headers], json.dumps(value).encode())


ALLOWED = {
    "host", "authorization", "content-type", "content-length", "transfer-encoding", "accept", "accept-encoding", "user-agent",
    "connection", "upgrade", "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol",
    "openai-beta",
}  # fmt: skip


def check(key: str, secrets: tuple[str, ...] = ()):
    """What is wrong with a request that was passed on."""

    def check_one(received: Received) -> list[str]:
        wrong = [f"header {name}" for name in sorted(received.names - ALLOWED)]
        if received.header("authorization") != f"Bearer {key}":
            wrong.append(f"authorization {received.header('authorization')!r}")
        wrong += [f"{secret} came" for secret in secrets if secret.encode() in received.raw]
        if not received.target.startswith("/v1/"):
            wrong.append(f"path {received.target}")
        return wrong

    return check_one
