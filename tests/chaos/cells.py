"""The cells of the matrix: a fault, streamed or not, with a small or a 2 MB prompt, with a second provider or alone.

Each has a provider of its own, and so a cluster of its own: what one cell's faults lead to touches no other.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from email.utils import formatdate

import contract
from contract import Fate, Fault

# Who is asked first, and who answers where that one does not.
PAIRS = {"openai": "anthropic", "anthropic": "gemini", "gemini": "bedrock", "bedrock": "openai"}
MODELS = {
    "openai": "gpt-4.1",
    "anthropic": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "bedrock": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
}
# A model that only the second provider serves.
AFTERWARDS = "afterwards"
CLIENT_KEY = "sk-client-key-of-the-gateway"

BIG = 2 << 20
# Requests a cell. Three failures eject: a cell goes on for a while after that.
SMALL_REQUESTS, BIG_REQUESTS, ALONE_REQUESTS = 8, 5, 4
HUGE_REQUESTS = {False: 4, True: 2}

# What is left of a format's parts in `--quick`.
QUICK = (
    "none", "400", "429-seconds", "503", "refused", "reset-before", "silent", "cut-mid", "end-early", "error-first",
    "error-200", "malformed",
)


@dataclass(frozen=True)
class Cell:
    """One scenario."""

    form: str
    """The format of its provider."""
    fault: Fault
    stream: bool
    big: bool
    alone: bool
    requests: int

    @property
    def name(self) -> str:
        """Also that of its provider, of its model and of its cell in the simulator."""
        parts = [self.form, self.fault.name, "stream" if self.stream else "whole", "2mb" if self.big else "small"]
        return "-".join([*parts, "alone"] if self.alone else parts)

    @property
    def fate(self) -> Fate:
        """What the contract says."""
        fate = self.fault.fate(self.stream)
        assert fate
        return fate

    @property
    def second(self) -> str:
        """Who answers where its provider does not."""
        return second(self.form)

    @property
    def wasted(self) -> bool:
        """Whether what the provider serves cannot be used."""
        return self.stream in self.fault.wasted


def cells(form: str, quick: bool = False) -> list[Cell]:
    """All cells of a format."""
    found = []
    for fault in contract.FAULTS:
        if (fault.formats and form not in fault.formats) or (quick and fault.name not in QUICK):
            continue
        for stream in (False, True):
            if fault.fate(stream):
                found += _of(form, fault, stream, quick)
    return found


def second(form: str) -> str:
    """The second provider of a format's cells."""
    return f"{form}-second"


def _of(form: str, fault: Fault, stream: bool, quick: bool) -> list[Cell]:
    few = HUGE_REQUESTS[stream] if fault.name == "huge" else None
    found = [Cell(form, fault, stream, False, False, few or SMALL_REQUESTS)]
    if not quick:
        found.append(Cell(form, fault, stream, True, False, few or BIG_REQUESTS))
    if not few:
        found.append(Cell(form, fault, stream, False, True, ALONE_REQUESTS))
    return found


def key(name: str) -> str:
    """The credential of a provider; none holds another."""
    return "key-" + hashlib.sha256(name.encode()).hexdigest()[:40]


def settings(form: str, found: list[Cell]) -> dict[str, dict]:
    """How the simulator is told to play them, and the second provider."""
    told = {second(form): {"format": PAIRS[form], "key": key(second(form))}}
    date = formatdate(time.time() + contract.WAIT, usegmt=True)
    for cell in found:
        of_fault = dict(cell.fault.cell)
        of_fault["headers"] = [[name, value.replace(contract.DATE, date)] for name, value in of_fault.get("headers", [])]
        # Events one by one: an error that comes with the first event is one that comes first.
        gap = {"gap_ms": GAP_MS} if cell.fate.client == contract.BROKEN else {}
        told[cell.name] = {"format": form, "key": key(cell.name), **of_fault, **gap}
    return told


GAP_MS = 60


@dataclass(frozen=True)
class Places:
    """Where the providers are."""

    port: int
    """The simulator."""
    dead: int
    """Nothing listens here."""
    untrusted: int
    """A certificate that nobody knows."""

    def url(self, cell: Cell) -> str:
        """The base URL of a cell's provider."""
        bases = {
            "refused": f"http://127.0.0.1:{self.dead}",
            "dns": "http://provider.invalid",
            "tls-plain": f"https://127.0.0.1:{self.port}",
            "tls-untrusted": f"https://127.0.0.1:{self.untrusted}",
        }
        return _base(bases.get(cell.fault.name, f"http://127.0.0.1:{self.port}"), cell.name, cell.form)

    def second(self, form: str) -> str:
        """That of the second provider."""
        return _base(f"http://127.0.0.1:{self.port}", second(form), PAIRS[form])


def _base(url: str, name: str, form: str) -> str:
    return f"{url}/{name}" + ("/v1" if form == "openai" else "")


def gateway(form: str, found: list[Cell], places: Places) -> dict:
    """gateway.yaml: a provider and a model for each cell."""
    target = {"provider": second(form), "model": MODELS[PAIRS[form]]}
    providers = [_provider(second(form), PAIRS[form], places.second(form))]
    models = [{"name": AFTERWARDS, "targets": [target]}]
    for cell in found:
        providers.append(_provider(cell.name, form, places.url(cell)))
        first = {"provider": cell.name, "model": MODELS[form]}
        more = {"retries": cell.fault.retries} if cell.fault.retries else {}
        models.append({"name": cell.name, "targets": [first] if cell.alone else [first, target], **more})
        if cell.fault.name == "429-of-several":
            models.append({"name": f"{cell.name}.other", "targets": [{"provider": cell.name, "model": "another-model"}]})
    return {
        "providers": providers,
        "models": models,
        "keys": [{"name": "client", "sha256": hashlib.sha256(CLIENT_KEY.encode()).hexdigest()}],
        "timeouts": {"connect": "1s", "first_event": "1500ms", "reply": "1500ms", "idle": "1500ms"},
        "outlier": {"consecutive_failures": FAILURES, "ejection": "900s", "max_ejection": "1800s", "interval": "1s"},
    }


FAILURES = 3


def _provider(name: str, speaks: str, url: str) -> dict:
    return {"name": name, "type": speaks, "base_url": url, "api_key": {"value": key(name)}}
