"""An HTTP/2 client that sends exactly these frames: libraries refuse to write what these tests are about.

Headers are literals of HPACK without its tables (RFC 7541 section 6.2.2), so that every name and value goes out as it is.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, ACK, END_HEADERS = 1, 1, 4
OK = 0x88
"""`:status: 200` in HPACK's static table."""

Fields = Iterable[tuple[bytes, bytes]]


@dataclass
class Outcome:
    """What became of one request."""

    end: str
    """`answered`, `reset` (the stream alone) or `closed` (the connection)."""
    ok: bool = False
    """The status was 200."""
    body: bytes = b""


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def _text(value: bytes) -> bytes:
    length, out = len(value), b""
    if length < 127:
        return bytes([length]) + value
    length -= 127
    while length >= 128:
        out += bytes([length % 128 + 128])
        length //= 128
    return b"\x7f" + out + bytes([length]) + value


def block(fields: Fields) -> bytes:
    """Headers as literals."""
    return b"".join(b"\x00" + _text(name) + _text(value) for name, value in fields)


def request(method: bytes, path: bytes, *fields: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """The headers of a request."""
    pseudo = [(b":method", method), (b":scheme", b"http"), (b":authority", b"gateway.test"), (b":path", path)]
    return [*pseudo, *fields]


def send(port: int, fields: Fields, body: Iterable[bytes] = (), trailers: Fields = (), timeout: float = 5) -> Outcome:
    """Sends one request on a connection of its own: each piece of the body is a frame."""
    pieces, last = list(body), list(trailers)
    frames = [PREFACE, frame(SETTINGS, 0, 0, b"")]
    frames.append(frame(HEADERS, END_HEADERS | (0 if pieces or last else END_STREAM), 1, block(fields)))
    for index, piece in enumerate(pieces):
        ends = index == len(pieces) - 1 and not last
        frames.append(frame(DATA, END_STREAM if ends else 0, 1, piece))
    if last:
        frames.append(frame(HEADERS, END_HEADERS | END_STREAM, 1, block(last)))
    with socket.create_connection(("127.0.0.1", port), timeout) as sock:
        sock.sendall(b"".join(frames))
        return _read(sock)


def _read(sock: socket.socket) -> Outcome:
    buffer, outcome = b"", Outcome("closed")

    def take(count: int) -> bytes:
        nonlocal buffer
        while len(buffer) < count:
            if not (data := sock.recv(1 << 16)):
                raise EOFError
            buffer += data
        piece, buffer = buffer[:count], buffer[count:]
        return piece

    # A connection that is reset has told its end as well as one that is closed.
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            head = take(9)
            payload = take(int.from_bytes(head[:3]))
            kind, flags, stream = head[3], head[4], int.from_bytes(head[5:]) & 0x7FFFFFFF
            if kind == SETTINGS and not flags & ACK:
                sock.sendall(frame(SETTINGS, ACK, 0, b""))
            if stream != 1:
                continue
            if kind == RESET:
                outcome.end = "reset"
                return outcome
            if kind == HEADERS and payload:
                outcome.ok |= payload[0] == OK
            if kind == DATA:
                outcome.body += payload
            if flags & END_STREAM and kind in (HEADERS, DATA):
                outcome.end = "answered"
                return outcome
    return outcome
