"""A client in a terminal: what a person would type, and what would be on the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from pathlib import Path

CODES = re.compile(rb"\x1b\[[0-9;?>=<]*[a-zA-Z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()=>78][B0]?")


class Terminal:
    """One process with a terminal of its own. Ends with the `with` that it stands in."""

    def __init__(self, command: list[str], env: dict[str, str], work: Path):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(work)
            os.execvpe(command[0], command, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        self.written = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)

    def wait_for(self, words: str, seconds: float = 60) -> None:
        """Reads until these words have been on the screen. Terminals move instead of writing spaces, so these do not count."""
        end = time.monotonic() + seconds
        while "".join(words.split()) not in self.screen:
            assert time.monotonic() < end, f"not within {seconds} s: {words!r} in {self.screen[-3000:]}"
            if select.select([self.fd], [], [], 0.2)[0]:
                self.written += os.read(self.fd, 1 << 16)

    @property
    def screen(self) -> str:
        """All that was written so far, without spaces."""
        return "".join(CODES.sub(b"", self.written).decode(errors="replace").split())

    def type(self, words: str) -> None:
        """Types a line and presses return, as two strokes: together they would count as pasted."""
        os.write(self.fd, words.encode())
        self.wait_for(words)
        time.sleep(0.3)
        os.write(self.fd, b"\r")
