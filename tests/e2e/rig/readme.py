"""The README of an example, done as it says: its blocks of shell, line by line, in one terminal."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import uuid
from pathlib import Path

from .envoy import ROOT, WASM, envoy_binary, switchyard_binary, wait_for

BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def blocks(text: str, heading: str = "", language: str = "sh") -> list[str]:
    """The fenced blocks below a heading, down to the next of its level or above; of the whole text without one."""
    if heading:
        level = heading.split(" ")[0]
        assert f"\n{heading}\n" in text, f"no heading {heading!r}"
        text = re.split(rf"^#{{1,{len(level)}}} ", text.split(f"\n{heading}\n", 1)[1], flags=re.MULTILINE)[0]
    found = [(match[1], match[3]) for match in BLOCK.finditer(text) if match[2] == language]
    return ["".join(line.removeprefix(indent) for line in code.splitlines(keepends=True)) for indent, code in found]


def repository(folder: Path, rewrite=lambda text: text) -> Path:
    """The root of a repository in which everything is built: the examples through `rewrite`, the module, the command."""
    root = folder / "repository"
    for path in sorted((ROOT / "examples").rglob("*")):
        if path.is_file():
            target = root / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(rewrite(path.read_text()))
    (root / "dist").symlink_to(WASM.parent)
    (root / "target" / "release").mkdir(parents=True)
    (root / "target" / "release" / "switchyard").symlink_to(switchyard_binary())
    return root


class Terminal:
    """A shell in which a reader types. What it starts is gone with it."""

    def __init__(self, folder: Path, tools: Path):
        self.folder = folder
        tools.mkdir()
        (tools / "envoy").symlink_to(envoy_binary())
        # Loopback is asked without a proxy, whatever this machine's environment names.
        clean = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/"), "no_proxy": "*"}
        self.log = tools / "terminal.log"
        self.log.touch()
        self.shell = subprocess.Popen(
            ["bash", "--norc"], cwd=folder, env=clean, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log.open("a"),
        )
        # Each command counts, not only a block's last.
        self.shell.stdin.write("trap 'failed=$?' ERR\n")

    def type(self, code: str) -> str:
        """Runs it, and says what it printed; it must succeed."""
        mark = uuid.uuid4().hex
        # Jobs in the background must not hold the pipe that is read.
        code = re.sub(r" &$", f" >>{shlex.quote(str(self.log))} 2>&1 &", code.rstrip("\n"), flags=re.MULTILINE)
        self.shell.stdin.write(f"failed=0\n{code}\necho {mark} $failed\n")
        self.shell.stdin.flush()
        printed = []
        while not (line := self.shell.stdout.readline()).startswith(mark):
            assert line, f"the shell ended in:\n{code}\n{self.log.read_text()[-3000:]}"
            # Curl's answers end without a line's end.
            if mark in line:
                printed.append(line.split(mark)[0])
                line = line[line.index(mark):]
                break
            printed.append(line)
        status = line.split()[1]
        assert status == "0", f"{status} from:\n{code}\n{''.join(printed)}{self.log.read_text()[-3000:]}"
        return "".join(printed)

    def serve(self, code: str, ready) -> None:
        """Runs what stays in the foreground until Ctrl-C, and waits for it."""
        self.type(f"{code.strip()} --disable-hot-restart &")
        wait_for(f"{code.strip()} serves", ready, 30)

    def interrupt(self) -> None:
        """Ctrl-C for what [Terminal.serve] started; the prompt comes back when it has ended."""
        self.type("kill -INT $!; wait $!")

    def close(self) -> None:
        """Closes the window: all that was started in it ends."""
        self.shell.stdin.close()
        os.killpg(self.shell.pid, signal.SIGKILL)
        self.shell.wait(10)
        wait_for("all of the terminal has ended", self._is_empty)

    def _is_empty(self) -> bool:
        try:
            os.killpg(self.shell.pid, 0)
        except ProcessLookupError:
            return True
        return False
