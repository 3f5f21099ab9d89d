"""A provider that is told how to answer, and that writes down everything it receives.

It is a plain socket server: libraries would tidy up what these tests are about, such as the order of headers,
a connection reset in the middle of a line, or a body that ends too early.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Received:
    """One request, as it came over the wire."""

    method: str
    target: str
    version: str
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    at: float = field(default_factory=time.monotonic)

    def all(self, name: str) -> list[bytes]:
        """The values of every header of this name, in order."""
        return [value for key, value in self.headers if key.lower() == name.encode()]

    def header(self, name: str) -> str | None:
        """The one value of a header; the test fails where it came twice."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0].decode() if values else None

    @property
    def names(self) -> set[str]:
        """The names of all headers, in lower case."""
        return {key.decode("latin-1").lower() for key, _ in self.headers}

    @property
    def json(self) -> dict:
        """The body, which must be one JSON object."""
        value = json.loads(self.body)
        assert isinstance(value, dict), self.body[:200]
        return value

    @property
    def raw(self) -> bytes:
        """Everything, for searches of what must not be there."""
        lines = [f"{self.method} {self.target} {self.version}".encode()]
        lines += [key + b": " + value for key, value in self.headers]
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body


class Gone(Exception):
    """The peer closed the connection, or the provider is being closed."""


class Conn:
    """One connection of a peer."""

    def __init__(self, sock: socket.socket, provider: Provider):
        self.sock = sock
        self.provider = provider
        self.buffer = b""
        self.alive = True

    def _more(self) -> None:
        try:
            data = self.sock.recv(1 << 18)
        except OSError as error:
            raise Gone from error
        if not data:
            raise Gone
        self.buffer += data

    def line(self) -> bytes:
        """The next line without its CRLF."""
        while b"\r\n" not in self.buffer:
            self._more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def exactly(self, count: int) -> bytes:
        """The next `count` bytes."""
        parts, have = [self.buffer], len(self.buffer)
        while have < count:
            self.buffer = b""
            self._more()
            parts.append(self.buffer)
            have += len(self.buffer)
        data = b"".join(parts)
        self.buffer = data[count:]
        return data[:count]

    def request(self) -> Received:
        """The next request with its whole body."""
        method, target, version = self.line().decode("latin-1").split(" ", 2)
        headers = []
        while line := self.line():
            name, _, value = line.partition(b":")
            headers.append((name, value.strip()))
        received = Received(method, target, version, headers)
        if (received.header("transfer-encoding") or "").lower() == "chunked":
            received.body = self._chunks()
        elif length := received.header("content-length"):
            received.body = self.exactly(int(length))
        return received

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.line().split(b";")[0], 16):
            parts.append(self.exactly(size))
            assert self.line() == b""
        while self.line():
            pass
        return b"".join(parts)

    def send(self, data: bytes) -> None:
        """Writes bytes as they are."""
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Gone from error

    def head(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Writes a status line and headers."""
        lines = [f"HTTP/1.1 {status} Status"] + [f"{name}: {value}" for name, value in headers]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def chunk(self, data: bytes) -> None:
        """Writes one chunk of a chunked body; an empty one would end it, so it is left out."""
        if data:
            self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self) -> None:
        """Ends a chunked body properly."""
        self.send(b"0\r\n\r\n")

    def close(self) -> None:
        """Closes the connection in good order (FIN)."""
        self.alive = False
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def reset(self) -> None:
        """Drops the connection at once (RST)."""
        self.alive = False
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def hang(self) -> None:
        """Says nothing until the peer gives up."""
        with contextlib.suppress(Gone):
            while not self.provider.closing:
                self._more()
        self.close()


Reply = Callable[[Conn, Received], None]
"""How one request is answered."""


class Provider:
    """A provider at a port of its own. `default` answers, unless `script` holds replies: those go first."""

    def __init__(self, name: str, default: Reply, check: Callable[[Received], list[str]] | None = None):
        self.name = name
        self.default = default
        self.check = check
        self.script: deque[Reply] = deque()
        self.requests: list[Received] = []
        self.violations: list[str] = []
        self.closing = False
        self._conns: set[Conn] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.port = 0
        self.open()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def authority(self) -> str:
        """What the Host header of its requests must say."""
        return f"127.0.0.1:{self.port}"

    def open(self) -> None:
        """Listens, on the same port as before if there was one."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self.closing = False
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def refuse(self) -> None:
        """From now on connections are refused: the port is closed, and so is every open connection."""
        self.closing = True
        if self._listener:
            # A blocked accept keeps the port open until it returns, so it is woken first.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        with self._lock:
            conns = list(self._conns)
        for conn in conns:
            conn.close()

    close = refuse

    def fresh(self) -> None:
        """Forgets what was received and scripted, and listens again if it did not."""
        self.script.clear()
        self.requests.clear()
        self.violations.clear()
        if self._listener is None:
            self.open()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            conn = Conn(sock, self)
            with self._lock:
                self._conns.add(conn)
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn: Conn) -> None:
        try:
            while conn.alive and not self.closing:
                received = conn.request()
                with self._lock:
                    self.requests.append(received)
                    reply = self.script.popleft() if self.script else self.default
                    if self.check:
                        self.violations += [f"{self.name}: {what}" for what in self.check(received)]
                reply(conn, received)
        except Gone:
            pass
        except Exception as error:  # a broken script must fail the test, not a thread
            self.violations.append(f"{self.name}: the simulator failed: {error!r}")
        finally:
            conn.close()
            with self._lock:
                self._conns.discard(conn)
