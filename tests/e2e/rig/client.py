"""A client that sends exactly these bytes, and sees exactly what comes back and when."""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Headers = Iterable[tuple[str | bytes, str | bytes]]


@dataclass
class Answer:
    """One reply."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    complete: bool = True
    """The body ended as its framing says."""
    chunks: list[tuple[float, bytes]] = field(default_factory=list)
    """Pieces of a chunked body with the time of their arrival."""

    def header(self, name: str) -> str | None:
        """The one value of a header."""
        values = [value for key, value in self.headers if key.lower() == name]
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def json(self) -> dict:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def events(self) -> list[object]:
        """The `data:` of each event: JSON, or the text `[DONE]`."""
        return list(read_events(self.body))


def read_events(body: bytes) -> Iterator[object]:
    """Events as the gateway writes them: one `data:` line and an empty line each, nothing else."""
    blocks = body.split(b"\n\n")
    assert blocks.pop() == b"", f"the stream does not end with an empty line: {body[-120:]!r}"
    for block in blocks:
        assert block.startswith(b"data: "), f"not one data line: {block[:200]!r}"
        assert b"\n" not in block, f"not one data line: {block[:200]!r}"
        data = block.removeprefix(b"data: ")
        yield "[DONE]" if data == b"[DONE]" else json.loads(data)


class Client:
    """One connection, opened when it is first used and again when the server closed it."""

    def __init__(self, port: int, timeout: float = 15):
        self.port = port
        self.timeout = timeout
        self.sock: socket.socket | None = None
        self.buffer = b""

    def close(self) -> None:
        """Closes the connection."""
        if self.sock:
            self.sock.close()
        self.sock = None
        self.buffer = b""

    def send(self, method: str, target: str, headers: Headers = (), body: bytes | Iterable[bytes] = b"") -> None:
        """Sends a request; a body that is not bytes is sent in chunks."""
        self.close()
        self.sock = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        fields = [(_bytes(name), _bytes(value)) for name, value in headers]
        names = {name.lower() for name, _ in fields}
        if b"host" not in names:
            fields.insert(0, (b"host", b"gateway.test"))
        if not isinstance(body, bytes):
            fields.append((b"transfer-encoding", b"chunked"))
        elif body or method == "POST":
            if b"content-length" not in names:
                fields.append((b"content-length", str(len(body)).encode()))
        head = [f"{method} {target} HTTP/1.1".encode(), *(name + b": " + value for name, value in fields)]
        self.sock.sendall(b"\r\n".join(head) + b"\r\n\r\n")
        try:
            if isinstance(body, bytes):
                self.sock.sendall(body)
            else:
                for piece in body:
                    self.sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.sock.sendall(b"0\r\n\r\n")
        except OSError:
            pass  # refused early: the answer is what counts

    def connect(self) -> None:
        """Opens a connection, for requests that share it."""
        self.close()
        self.sock = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def again(self, method: str, target: str, headers: Headers, body: object) -> Answer:
        """A request on the connection that is open; it stays so if the server lets it."""
        assert self.sock
        raw = json.dumps(body).encode()
        fields = [(b"host", b"gateway.test"), (b"content-length", str(len(raw)).encode())]
        fields += [(_bytes(name), _bytes(value)) for name, value in headers]
        head = [f"{method} {target} HTTP/1.1".encode(), *(name + b": " + value for name, value in fields)]
        self.sock.sendall(b"\r\n".join(head) + b"\r\n\r\n" + raw)
        answer = self.head()
        while self.piece(answer):
            pass
        self.buffer = b""  # nothing was asked for that could follow
        return answer

    def part(self, method: str, target: str, length: int, body: bytes) -> None:
        """Sends the beginning of a request on the connection that is open."""
        assert self.sock
        self.sock.sendall(f"{method} {target} HTTP/1.1\r\nhost: gateway.test\r\ncontent-length: {length}\r\n\r\n".encode() + body)

    def early(self, method: str, target: str, body: bytes, piece: int, pause: float) -> Answer:
        """A request in pieces on the connection that is open; an answer that comes before its end ends it."""
        assert self.sock
        self.part(method, target, len(body), b"")
        for at in range(0, len(body), piece):
            if select.select([self.sock], [], [], pause)[0]:
                break
            try:
                self.sock.sendall(body[at : at + piece])
            except OSError:
                break  # closed for writing: the answer has come by then
        return self.whole()

    def raw(self, data: bytes) -> Answer:
        """Sends these bytes on a connection of their own and reads the whole reply."""
        self.close()
        self.sock = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock.sendall(data)
        return self.whole()

    def request(self, method: str, target: str, headers: Headers = (), body: bytes | Iterable[bytes] = b"") -> Answer:
        """Sends a request and reads the whole reply."""
        self.send(method, target, headers, body)
        return self.whole()

    def whole(self) -> Answer:
        """Reads the reply to what was sent."""
        try:
            answer = self.head()
            while self.piece(answer):
                pass
            return answer
        finally:
            self.close()

    def chat(self, body: object, headers: Headers = ()) -> Answer:
        """A chat request."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", "/v1/chat/completions", [("content-type", "application/json"), *headers], raw)

    def head(self) -> Answer:
        """Reads a status line and headers."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        answer = Answer(status, headers)
        return self.head() if status == 100 else answer

    def piece(self, answer: Answer) -> bool:
        """Reads more of the body; false when there is no more."""
        if (answer.header("transfer-encoding") or "") == "chunked":
            return self._chunk(answer)
        length = answer.header("content-length")
        if length is None:
            answer.body += self.buffer
            self.buffer = b""
            return self._more()
        while len(self.buffer) < int(length) and self._more():
            pass
        answer.complete = len(self.buffer) == int(length)
        answer.body = self.buffer
        return False

    def _chunk(self, answer: Answer) -> bool:
        try:
            size = int(self._until(b"\r\n"), 16)
            while len(self.buffer) < size + 2:
                if not self._more():
                    raise EOFError
        except EOFError:
            answer.complete = False
            return False
        data, self.buffer = self.buffer[:size], self.buffer[size + 2 :]
        if size:
            answer.chunks.append((time.monotonic(), data))
            answer.body += data
        return size > 0

    def _until(self, end: bytes) -> bytes:
        while end not in self.buffer:
            if not self._more():
                raise EOFError(f"the server closed after {self.buffer[:200]!r}")
        data, self.buffer = self.buffer.split(end, 1)
        return data

    def _more(self) -> bool:
        assert self.sock
        try:
            data = self.sock.recv(1 << 16)
        except ConnectionResetError:
            return False
        self.buffer += data
        return bool(data)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
