"""Gateways that change while they serve: a configuration that is followed, and an Envoy that another one follows."""

from __future__ import annotations

import json
import os
from pathlib import Path

from rig.envoy import BAD_LOG, Admin, Envoy, free_port, get, wait_for
from rig.gateway import render
from rig.run import Run

from .run import WORKERS


class Following:
    """`switchyard run FILE`."""

    def __init__(self, folder: Path, file: dict):
        folder.mkdir(parents=True, exist_ok=True)
        self.run = Run(folder, file, {}, workers=WORKERS).ready()
        self.url = f"http://127.0.0.1:{self.run.port}/v1"
        self.envoy = Admin(int(self.run.file["admin"].rsplit(":", 1)[1]))

    def change(self, file: dict) -> None:
        """Writes the file anew, and waits until that is served."""
        said = self.run.output.count("\nreloaded")
        self.run.write({**self.run.file, **file})
        wait_for("the file is followed", lambda: self.run.output.count("\nreloaded") > said, 30)

    def new_problems(self) -> list[str]:
        """Signs that the filter crashed."""
        return [line for line in self.run.output.splitlines() if BAD_LOG.search(line)] + self.envoy.reloads()

    def stop(self) -> None:
        """Ends the command and what it started."""
        self.run.stop()


class Restarting:
    """Envoys of which each takes over from the one before: hot restart."""

    DRAIN, SHUTDOWN = 2, 10
    """Seconds after which the old one asks all its clients to come anew, and after which it ends. k6's clients are idle for
    up to five: until then the old one gets requests on connections that it had."""

    def __init__(self, folder: Path, file: dict):
        self.folder = folder
        port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        ours = {"listen": f"127.0.0.1:{port}", "admin": f"127.0.0.1:{free_port()}"}
        self.config = render(folder, {**ours, **file})
        self.url = f"http://127.0.0.1:{port}/v1"
        self.base = str(os.getpid())
        self.envoys: list[Envoy] = []
        self.follow()

    @property
    def envoy(self) -> Envoy:
        """The newest."""
        return self.envoys[-1]

    def follow(self) -> None:
        """Starts the next one, which takes over when it is ready."""
        epoch = len(self.envoys)
        folder = self.folder / f"epoch-{epoch}"
        folder.mkdir(exist_ok=True)
        options = ("--base-id", self.base, "--restart-epoch", str(epoch), "--drain-time-s", str(self.DRAIN),
                   "--parent-shutdown-time-s", str(self.SHUTDOWN))
        self.envoys.append(Envoy(folder, self.config, {}, workers=WORKERS, options=options))
        wait_for("the new Envoy has taken over", lambda: self._epoch() == epoch, 30)

    def _epoch(self) -> int:
        """Of the one that answers at the admin address."""
        try:
            return json.loads(get(self.envoy.admin_port, "/server_info"))["command_line_options"]["restart_epoch"]
        except OSError:
            return -1

    def gone(self, epoch: int) -> bool:
        """Whether one of them has ended."""
        return self.envoys[epoch].process.poll() is not None

    def new_problems(self) -> list[str]:
        """Signs that the filter crashed in any of them, or that an old one did not end well."""
        logs = [line for envoy in self.envoys for line in envoy.log.splitlines() if BAD_LOG.search(line)]
        ends = [f"Envoy {epoch} ended with {envoy.process.poll()}" for epoch, envoy in enumerate(self.envoys[:-1]) if envoy.process.poll()]
        return logs + ends + self.envoy.problems()

    def stop(self) -> None:
        """Ends all."""
        for envoy in reversed(self.envoys):
            envoy.stop()
