"""How long a provider that fails is still tried, and how long one that is well again is not."""

from __future__ import annotations

import json
import threading
import time

from errors import DEFAULT_TIMEOUTS
from harness.run import Harness
from harness.scene import Scene, now
from rig.envoy import get
from table import Figure, table

# The defaults of gateway.yaml, but for the time that a silent provider is given.
OUTLIER = {"consecutive_failures": 3, "ejection": "30s", "max_ejection": "300s", "interval": "5s"}
TIMEOUT = 2
KINDS = {"refused": "connection refused", "503": "status 503", "hang": f"no answer, with `timeouts.reply` of {TIMEOUT} s"}
TIMES, RATE_EACH = 3, 40
# Seconds: when it begins to fail, for how long, and when it must be back.
FAULT, FAILS, END = 3, 10, 43


class Samples:
    """How often Envoy has turned to each first provider, all 25 ms."""

    def __init__(self, play: Scene):
        self.play = play
        self.found: list[tuple[float, dict[str, int]]] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        names = r"^cluster\.times-.*-1\.upstream_rq_(total|pending_failure_eject)$"
        while not self.ended.wait(0.025):
            at = now()
            stats = json.loads(get(self.play.gateway.envoy.admin_port, f"/stats?format=json&filter={names}"))["stats"]
            asked: dict[str, int] = {}
            for stat in stats:
                name = stat["name"].split(".")[1]
                asked[name] = asked.get(name, 0) + stat["value"]
            self.found.append((at, asked))

    def last(self, name: str, start: float, end: float) -> float | None:
        """When a provider was tried for the last time between two moments."""
        within = [(at, asked.get(name, 0)) for at, asked in self.found if start <= at <= end]
        grew = [at for (_, before), (at, after) in zip(within, within[1:], strict=False) if after > before]
        return grew[-1] if grew else None

    def first(self, name: str, start: float) -> float | None:
        """When it was tried for the first time after a moment."""
        after = [(at, asked.get(name, 0)) for at, asked in self.found if at >= start]
        return next((at for at, asked in after if asked > after[0][1]), None)

    def stop(self) -> None:
        """Takes no more samples."""
        self.ended.set()
        self.thread.join()


def times(harness: Harness) -> Figure:
    """All kinds, three times each, side by side: each has a provider of its own."""
    repeats, ejection, end = (1, "9s", 20) if harness.quick else (TIMES, "30s", END)
    pairs = {f"{kind}-{number}": ("openai", "anthropic") for kind in KINDS for number in range(repeats)}
    play = Scene(harness, "times", pairs, own_port=True)
    play.start(timeouts={**DEFAULT_TIMEOUTS, "reply": f"{TIMEOUT}s"}, outlier={**OUTLIER, "ejection": ejection})
    samples = Samples(play)
    of = {kind: [pair.first for pair in play.pairs if pair.model.startswith(kind)] for kind in KINDS}
    with play.load(RATE_EACH * len(pairs), end, streams=False, vus=1000) as load:
        load.until(FAULT)
        for kind, names in of.items():
            with load.does(kind):
                _turn(play, kind, names, fails=True)
        load.until(FAULT + FAILS)
        for kind, names in of.items():
            with load.does(kind):
                _turn(play, kind, names, fails=False)
        load.until(end)
    samples.stop()
    refused, counts = play.gateway.envoy.stats(r"\.upstream_cx_connect_fail$"), play.counts(ids=False)
    wrong = [str(line) for line in load.lines if line["outcome"] != "answer"]
    rows = []
    for kind, names in of.items():
        # A refused connection is nothing that the provider sees.
        of_envoy = {name: refused[f"cluster.{name}.upstream_cx_connect_fail"] for name in names}
        tries = [of_envoy[name] if kind == "refused" else counts[name]["faulted"] for name in names]
        spans = [_spans(samples, name, *load.marks[kind]) for name in names]
        wrong += [f"{kind}: it was not tried, or not asked again" for span in spans if None in span]
        rows.append([KINDS[kind], *(_range(found) for found in (*zip(*spans, strict=True), tries))])
    play.gateway.stop()
    head = ["it fails by", "tried for the last time after, s", "asked again after its end, s", "requests that tried it in vain"]
    text = f"""A first provider fails for {FAILS} s, with {RATE_EACH} requests a second for it and the default settings of
`outlier`; {repeats} runs of each:"""
    return Figure("times", f"{text}\n\n{table(head, rows)}", requests=len(load.lines), errors=len(wrong), seen=wrong[:5])


def _turn(play: Scene, kind: str, names: list[str], fails: bool) -> None:
    """Makes providers fail in a way, or end that."""
    if kind == "refused":
        play.turn(names, "down" if fails else "up")
    else:
        play.change(names, fault={"503": "status:503", "hang": "silent"}[kind] if fails else "none")


def _spans(samples: Samples, name: str, fault: tuple[float, float], well: tuple[float, float]) -> tuple[float | None, float | None]:
    """Seconds from the fault to the last try, and from its end to the first request."""
    last, first = samples.last(name, fault[0], well[0]), samples.first(name, well[1])
    return last and (last - fault[0]) / 1000, first and (first - well[1]) / 1000


def _range(found: tuple[float | None, ...] | list[int]) -> str:
    least, most = min(value or 0 for value in found), max(value or 0 for value in found)
    if isinstance(least, int) and isinstance(most, int):
        return str(least) if least == most else f"{least} to {most}"
    return f"{least:.2f} to {most:.2f}"
