"""A whole gateway: gateway.yaml, rendered by the binary under test, run by a real Envoy."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import yaml

from .client import Client
from .envoy import WASM, Envoy, envoy_version, free_port, get, refused, switchyard_binary
from .older import ANOTHER_ATTEMPT

# Short times, so that tests take seconds; no ejection, and no target that cools for long, so that they stay apart.
TIMEOUTS = {"connect": "1s", "first_event": "1s", "reply": "1s"}
OUTLIER = {"consecutive_failures": 1000, "ejection": "1ms", "max_ejection": "1ms"}



def render(folder: Path, file: dict, wasm: Path = WASM, *flags: str) -> dict:
    """What `switchyard render envoy` prints for this gateway.yaml and the Envoy under test, read back."""
    path = folder / "gateway.yaml"
    path.write_text(yaml.safe_dump(file, sort_keys=False))
    version = "{}.{}".format(*envoy_version())
    command = [switchyard_binary(), "render", "envoy", str(path), "--wasm", str(wasm), "--envoy-version", version, *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        refused(done.stderr)
    assert done.returncode == 0, f"render failed:\n{done.stdout}{done.stderr}"
    return yaml.load(done.stdout, yaml.CSafeLoader)


class Gateway:
    """Envoy with the filter in it."""

    def __init__(self, folder: Path, file: dict, env: dict[str, str] | None = None, workers: int = 1, wasm: Path = WASM,
                 change: Callable[[dict], None] | None = None):
        assert wasm.exists(), f"{wasm.name} is missing: run `make wasm`"
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        ours = {"listen": f"127.0.0.1:{self.port}", "admin": f"127.0.0.1:{free_port()}"}
        retries = {} if envoy_version() >= ANOTHER_ATTEMPT else {"retries": {"attempts": 1}}
        self.file = {**ours, "timeouts": TIMEOUTS, "outlier": OUTLIER, **retries, **file}
        self.config = render(folder, self.file, wasm)
        if change:
            change(self.config)
        self.envoy = Envoy(folder, self.config, env or {}, workers=workers)
        self.known: list[str] = []

    @property
    def url(self) -> str:
        """What a client calls its base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def client(self, timeout: float = 15) -> Client:
        """A client of this gateway."""
        return Client(self.port, timeout)

    def admin(self, path: str) -> str:
        """What Envoy's admin interface answers."""
        return get(self.envoy.admin_port, path)

    def new_problems(self) -> list[str]:
        """What went wrong in Envoy since the last call."""
        found = self.envoy.problems()
        fresh = found[len(self.known):] if found[: len(self.known)] == self.known else found
        self.known = found
        return fresh

    def stop(self) -> None:
        """Ends Envoy."""
        self.envoy.stop()
