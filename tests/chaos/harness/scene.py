"""Timelines: a gateway of several models under steady load, what is done to it meanwhile, and what must hold in the end."""

from __future__ import annotations

import argparse
import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cells import CLIENT_KEY, MODELS, PAIRS, key

from .result import Result, guarded
from .run import Harness

SCRIPT = Path(__file__).parents[1] / "timeline.js"
# The first provider must be seen to fail within a second, and to come back within a few.
OUTLIER = {"consecutive_failures": 3, "ejection": "2s", "max_ejection": "2s", "interval": "250ms"}
TIMEOUTS = {"connect": "1s", "first_event": "1500ms", "reply": "1500ms", "idle": "5s"}
# Clients at a time: more than ever are.
VUS = 200


def now() -> float:
    """Milliseconds by the clock that k6 tells too."""
    return time.time() * 1000


@dataclass(frozen=True)
class Pair:
    """A model, and its two providers. They are cells and clusters too."""

    model: str
    forms: tuple[str, str]
    scene: str

    @property
    def first(self) -> str:
        """Who is asked first."""
        return f"{self.scene}-{self.model}-1"

    @property
    def second(self) -> str:
        """Who answers where the first does not."""
        return f"{self.scene}-{self.model}-2"

    @property
    def pool(self) -> str:
        """The cluster that the route names."""
        return f"pool/{self.first}+{self.second}"


@dataclass
class Load:
    """What k6 is sending."""

    begun: float = 0.0
    """When the first request had come to a provider, in milliseconds."""
    marks: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """When something was done: from when to when it took effect."""
    lines: list[dict] = field(default_factory=list)
    """What became of each request, once all have ended."""

    def until(self, seconds: float) -> None:
        """Waits until so long after the first request."""
        left = self.begun / 1000 + seconds - time.time()
        assert left > -2, f"too late by {-left:.1f} s: the machine is too slow for this"
        time.sleep(max(left, 0))

    @contextmanager
    def does(self, what: str) -> Iterator[None]:
        """Notes from when to when something is done."""
        start = now()
        yield
        self.marks.setdefault(what, []).append((start, now()))


class Scene:
    """A scenario: its providers, its gateway, its load."""

    def __init__(self, harness: Harness, name: str, pairs: dict[str, tuple[str, str]] | None = None, **options: object):
        """`options` are those of all cells."""
        self.harness = harness
        self.name = name
        found = pairs or {form: (form, second) for form, second in PAIRS.items()}
        self.pairs = [Pair(model, forms, name) for model, forms in found.items()]
        self.ports: dict[str, int] = {}
        self.gateway = None
        for pair in self.pairs:
            self.cell(pair.first, pair.forms[0], **options)
            self.cell(pair.second, pair.forms[1], **options)

    def cell(self, name: str, form: str, **options: object) -> None:
        """Makes a provider."""
        told = {"format": form, "key": key(name), **options}
        self.ports[name] = self.harness.simulator.call("PUT", "/_cells", {name: told})[name]["port"] or self.harness.simulator.port

    def provider(self, name: str, form: str, cell: str = "") -> dict:
        """An entry of `providers`."""
        cell = cell or name
        url = f"http://127.0.0.1:{self.ports[cell]}/{cell}" + ("/v1" if form == "openai" else "")
        return {"name": name, "type": form, "base_url": url, "api_key": {"value": key(cell)}}

    def file(self, **more: object) -> dict:
        """gateway.yaml."""
        providers, models = [], []
        for pair in self.pairs:
            names = (pair.first, pair.second)
            providers += [self.provider(name, form) for name, form in zip(names, pair.forms, strict=True)]
            targets = [{"provider": name, "model": MODELS[form]} for name, form in zip(names, pair.forms, strict=True)]
            models.append({"name": pair.model, "targets": targets})
        keys = [{"name": "client", "sha256": hashlib.sha256(CLIENT_KEY.encode()).hexdigest()}]
        return {"providers": providers, "models": models, "keys": keys, "timeouts": TIMEOUTS, "outlier": OUTLIER, **more}

    def start(self, **more: object) -> None:
        """Starts Envoy on it."""
        self.gateway = self.harness.gateway(self.name, self.file(**more))

    def counts(self, ids: bool = True) -> dict[str, dict]:
        """What the providers of this scene saw."""
        found = self.harness.simulator.call("GET", "/_cells" + ("" if ids else "?ids=false"))
        return {name: found[name] for name in self.ports}

    def change(self, names: Iterable[str], **options: object) -> None:
        """Changes the options of cells."""
        for name in names:
            self.harness.simulator.change(name, **options)

    def turn(self, names: Iterable[str], way: str) -> None:
        """Takes the listeners of cells `down` or `up`."""
        for name in names:
            self.harness.simulator.call("POST", f"/_cells/{name}/{way}")

    @property
    def firsts(self) -> list[str]:
        """All first providers."""
        return [pair.first for pair in self.pairs]

    @property
    def seconds(self) -> list[str]:
        """All second providers."""
        return [pair.second for pair in self.pairs]

    @contextmanager
    def load(self, rate: int, seconds: float, *, url: str = "", **options: object) -> Iterator[Load]:
        """Sends so many requests a second for so long, while the body of `with` runs; then waits for the last of them."""
        total = int(rate * seconds)
        told = {"url": url or self.gateway.url, "rate": rate, "total": total, "vus": VUS, "seed": len(self.name),
                "models": [pair.model for pair in self.pairs], "streams": None, "leave": 0, "patience": "", **options}
        self.harness.say(f"{self.name}: {total} requests, {rate} a second")
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(self.harness.load, SCRIPT, self.name, told, seconds + 120)
            load = Load()
            self._wait(future)
            load.begun = now()
            yield load
            load.lines = future.result()
        assert len(load.lines) == total, f"k6 told of {len(load.lines)} of {total} requests"

    def _wait(self, future: Future) -> None:
        """Until the first request has come."""
        end = time.monotonic() + 60
        while not any(cell["requests"] for cell in self.counts(ids=False).values()):
            assert not future.done() and time.monotonic() < end, f"no request came: {future.done() and future.result()[:3]}"
            time.sleep(0.02)


@dataclass
class Seen:
    """All that is known of a pair in the end."""

    pair: Pair
    lines: list[dict]
    counts: dict[str, dict]
    stats: dict[str, int]

    def stat(self, cluster: str, name: str) -> int:
        """One of a cluster's stats."""
        return self.stats.get(f"cluster.{cluster}.{name}", 0)

    def asked(self, name: str) -> int:
        """How often Envoy turned to a provider, also where all were left out."""
        of_both = ("upstream_rq_total", "upstream_rq_pending_failure_eject")
        return sum(self.stat(cluster, stat) for cluster in (name, f"last/{name}") for stat in of_both)

    def ejections(self, name: str) -> int:
        """How often Envoy left a provider out."""
        return self.stat(name, "outlier_detection.ejections_enforced_total")


def answered(_: dict) -> str | None:
    """What is allowed where nothing excuses anything else."""
    return "an answer was due"


def judge(scene: Scene, load: Load, excuse: Callable[[dict], str | None], check: Callable[[Result, Seen], None]) -> list[Result]:
    """A result for each pair. `excuse` tells of a request that was not answered why it had to be, or `None`; `check` looks
    at what else must hold of the pair."""
    counts, stats = scene.counts(), scene.gateway.envoy.stats(r"^cluster\.")
    problems = scene.gateway.new_problems()
    results = []
    for pair in scene.pairs:
        lines = [line for line in load.lines if line["model"] == pair.model]
        result = Result(f"timeline/{scene.name}/{pair.model}", requests=len(lines))
        for line in lines:
            _line(line, excuse, result)
        _once(lines, counts, result)
        for name, cell in counts.items():
            if name in (pair.first, pair.second) or pair is scene.pairs[0]:
                result.check(not cell["violation_count"], f"{name} saw: {cell['violations'][:2]}")
                result.check(not cell["concurrent"], f"{name} has {cell['concurrent']} requests under way")
        for problem in problems[:3]:
            result.check(False, f"Envoy: {problem[:300]}")
        check(result, Seen(pair, lines, counts, stats))
        results.append(result)
    return results


def _line(line: dict, excuse: Callable[[dict], str | None], result: Result) -> None:
    result.check(not line["leaked"], f"headers that are not for clients: {line['leaked']}")
    if line["outcome"] == "answer":
        return
    if why := excuse(line):
        told = {name: line[name] for name in ("at", "stream", "status", "outcome", "why", "how", "code", "message", "told") if line.get(name)}
        result.lose(f"{why}: {told}")


def _once(lines: list[dict], counts: dict[str, dict], result: Result) -> None:
    """Who answered served it, once, and nobody else did; what was not answered, nobody served."""
    for line in lines:
        served = Counter({name: cell["ids"].get(line["id"], 0) for name, cell in counts.items()})
        due = {line["by"]: 1} if line["outcome"] == "answer" else {}
        if served.total() > 1:
            result.duplicate(f"{line['id']} was served by {dict(+served)}")
        elif dict(+served) != due:
            result.check(False, f"{line['id']}: {line['outcome']} by {line.get('by')}, served by {dict(+served)}")


def during(line: dict, marks: Iterable[tuple[float, float]], slack: float = 100) -> bool:
    """Whether something was done while this request was under way."""
    return any(line["at"] - slack <= end and start <= line["at"] + line["ms"] + slack for start, end in marks)


def run(harness: Harness, scenarios: Iterable[Callable[[Harness], list[Result]]]) -> list[Result]:
    """Runs scenarios one after the other. One that fails to run is a scenario that failed."""
    parser = argparse.ArgumentParser(prog="tests/chaos.sh")
    parser.add_argument("--scenario", default="", metavar="REGEX", help="timelines whose names match")
    told, _ = parser.parse_known_args(harness.options)
    results: list[Result] = []
    for scenario in scenarios:
        if not re.search(told.scenario, scenario.__name__):
            continue
        results += guarded(f"timeline/{scenario.__name__}", lambda scenario=scenario: scenario(harness))
        while harness.gateways:
            harness.gateways.pop().stop()
    return results
