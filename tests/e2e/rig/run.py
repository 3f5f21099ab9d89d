"""The command `switchyard run`, as a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import yaml

from .client import Client
from .envoy import WASM, envoy_binary, free_port, refused, switchyard_binary, wait_for


class Run:
    """The running command."""

    def __init__(self, folder: Path, file: dict | None, env: dict[str, str], *more: str, workers: int = 1):
        self.port = free_port()
        self.path = folder / "gateway.yaml"
        self.log = folder / "run.log"
        arguments = [switchyard_binary(), "run", "--wasm", str(WASM), "--envoy", envoy_binary()]
        arguments += ["--concurrency", str(workers), *more]
        if file is None:
            arguments += ["--listen", f"127.0.0.1:{self.port}"]
        else:
            self.file = {"listen": f"127.0.0.1:{self.port}", "admin": f"127.0.0.1:{free_port()}", **file}
            self.write(self.file)
            arguments.append(str(self.path))
        clean = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(arguments, env={**clean, **env}, stdout=out, stderr=out, cwd=folder)

    def write(self, file: dict) -> None:
        """Replaces the file as editors do: at once."""
        beside = self.path.with_suffix(".new")
        beside.write_text(yaml.safe_dump(file, sort_keys=False))
        beside.rename(self.path)

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def ready(self) -> Run:
        """Waits until it serves."""

        def up() -> bool:
            if self.process.poll() is not None:
                refused(self.output)
            assert self.process.poll() is None, self.output
            try:
                return Client(self.port, 2).request("GET", "/v1/models").status in (200, 401)
            except OSError:
                return False

        wait_for("the gateway serves", up, 30)
        return self

    def says(self, pattern: str, seconds: float = 15) -> None:
        """Waits for a line of its output."""
        try:
            wait_for(f"{pattern!r} is said", lambda: bool(re.search(pattern, self.output)), seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it said:\n{self.output}") from None

    def children(self) -> list[int]:
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in found]

    def stop(self, how: int = signal.SIGINT) -> None:
        """Ctrl-C; whatever it started must be gone with it."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
