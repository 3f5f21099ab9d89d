"""One run of scenarios: its folder, its providers, the gateways that it started."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rig.gateway import Gateway

from .load import k6
from .simulator import Simulator

WORKERS = 2


@contextmanager
def started(keep: str | None, quick: bool, options: Sequence[str] = ()) -> Iterator[Harness]:
    """A run in the folder `keep`, or in one that is removed in the end."""
    folder = Path(keep) if keep else Path(tempfile.mkdtemp(prefix="chaos-"))
    harness = Harness(folder, quick, options)
    try:
        yield harness
    finally:
        harness.stop()
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


class Harness:
    """What scenarios are given. `quick`: the subset that takes less than a minute. `options`: of the command line, for
    the modules."""

    def __init__(self, folder: Path, quick: bool = False, options: Sequence[str] = ()):
        self.folder = folder
        self.quick = quick
        self.options = list(options)
        self.simulator = Simulator(folder)
        self.gateways: list[Gateway] = []
        self.started = time.monotonic()

    def gateway(self, name: str, file: dict, env: dict[str, str] | None = None) -> Gateway:
        """A real Envoy with two workers that runs this gateway.yaml."""
        gateway = Gateway(self.folder / name, file, env, workers=WORKERS)
        self.gateways.append(gateway)
        return gateway

    def load(self, script: Path, name: str, options: dict, seconds: float) -> list[dict]:
        """Runs a k6 script; gives the line that it wrote for each request."""
        return k6(script, self.folder / name, options, seconds)

    def say(self, what: str) -> None:
        """A line of progress, with the seconds since the beginning."""
        print(f"[{time.monotonic() - self.started:5.0f} s] {what}", flush=True)

    def stop(self) -> None:
        """Ends every process that this run started."""
        for gateway in self.gateways:
            gateway.stop()
        self.simulator.stop()
