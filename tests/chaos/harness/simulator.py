"""The providers that misbehave: one process, many cells, told over HTTP what to do."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from pathlib import Path

from rig.envoy import ROOT


def binary() -> str:
    """$CHAOS_PROVIDER, or the newest of the two builds."""
    if named := os.environ.get("CHAOS_PROVIDER"):
        return named
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [path for path in (target / kind / "chaos-provider" for kind in ("debug", "release")) if path.exists()]
    if not built:
        raise FileNotFoundError("no chaos-provider: run `cargo build -p chaos-provider`")
    return str(max(built, key=lambda path: path.stat().st_mtime))


class Simulator:
    """One process that plays all providers of a run."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.log = (folder / "provider.log").open("wb")
        command = [binary(), "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith("listening "), f"the simulator did not start: {line!r}"
        self.port = int(line.rsplit(":", 1)[1])

    def base(self, cell: str) -> str:
        """Where a cell is, without the provider's own path."""
        return f"http://127.0.0.1:{self.port}/{cell}"

    def call(self, method: str, path: str, body: object = None) -> dict:
        """One call of the control API."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            raw = None if body is None else json.dumps(body).encode()
            connection.request(method, path, raw, {"content-type": "application/json"})
            reply = connection.getresponse()
            text = reply.read()
            assert reply.status < 300, f"{method} {path}: {reply.status} {text[:300]!r}"
            return json.loads(text) if text else {}
        finally:
            connection.close()

    def cells(self, wanted: dict[str, dict]) -> None:
        """Creates or replaces cells."""
        self.call("PUT", "/_cells", wanted)

    def change(self, cell: str, **options: object) -> None:
        """Changes some options of a cell."""
        self.call("PATCH", f"/_cells/{cell}", options)

    def counts(self) -> dict[str, dict]:
        """What each cell saw."""
        return self.call("GET", "/_cells")

    def stop(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.process.wait(5)
        self.log.close()
