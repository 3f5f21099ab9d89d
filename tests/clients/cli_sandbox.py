"""A command-line client in a home and a folder of its own: nothing of the machine's own settings, and no way out."""

from __future__ import annotations

import os
import re
import secrets
import signal
import struct
import subprocess
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from program import CACHE, node

ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
# Nothing listens there: whatever a client wants to tell the world fails at once.
NOWHERE = "http://127.0.0.1:9"


def png(size: int = 16) -> bytes:
    """A red square."""
    rows = b"".join(b"\0" + bytes([200, 30, 30]) * size for _ in range(size))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    packed = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@dataclass
class Ran:
    """How a run ended, and what it wrote."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"ended with {self.code}\n--- stdout\n{self.out[-3000:]}\n--- stderr\n{self.err[-3000:]}"


@dataclass
class Sandbox:
    """`home` and `work` are new; in `work` there are token.txt with a word that nobody can guess, and red.png."""

    folder: Path
    token: str = field(default_factory=lambda: f"token-{secrets.token_hex(8)}")

    def __post_init__(self) -> None:
        self.home, self.work = self.folder / "home", self.folder / "work"
        self.home.mkdir(parents=True, exist_ok=True)
        self.work.mkdir(parents=True)
        (self.work / "token.txt").write_text(self.token + "\n")
        (self.work / "red.png").write_bytes(png())

    @property
    def env(self) -> dict[str, str]:
        """The environment that a client is started with."""
        clean = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", "TERM": "dumb", "TMPDIR": str(self.folder)}
        return {**clean, "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1,localhost"}

    def run(self, *command: str, env: dict[str, str] | None = None, timeout: float = 120) -> Ran:
        """Runs a command to its end. It is killed where that does not come within `timeout` seconds."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, env={**self.env, **(env or {})}, cwd=self.work, start_new_session=True, **pipes)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise AssertionError(f"not within {timeout} s: {Ran(-9, out.decode(), err.decode())}") from None
        out, err = (ANSI.sub("", text.decode(errors="replace")) for text in (out, err))
        return Ran(process.returncode, out, err)


def script(group: str, path: str) -> list[str]:
    """The command of a package's own entry point."""
    return [node(), str(CACHE / group / "node_modules" / path)]
