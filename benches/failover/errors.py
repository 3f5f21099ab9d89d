"""Errors that clients see while the first provider goes down hard and comes back, again and again."""

from __future__ import annotations

from harness import scene
from harness.run import Harness
from harness.scene import Load, Scene, during
from table import Figure, table

DEFAULT_TIMEOUTS = {"connect": "5s", "first_event": "60s", "reply": "300s", "idle": "120s"}
# Back soon, so that it goes down often. Each time down is longer than an ejection: it is found still down once.
OUTLIER = {"consecutive_failures": 3, "ejection": "5s", "max_ejection": "5s", "interval": "1s"}
AWAY, APART = 6, 15


def whole(harness: Harness) -> Figure:
    """Whole replies."""
    rate, total = 500, 10_000 if harness.quick else 100_000
    play = Scene(harness, "whole", own_port=True)
    load, downs = _up_and_down(play, rate, total, streams=False, vus=1000)
    figure = _figure("whole", play, load, downs)
    figure.requests = len(load.lines)
    text = f"""{figure.requests:,} whole replies, {rate} a second, for four models whose first providers went down hard
(connections reset, new ones refused) for {AWAY} s and came back, {downs} times. So that they are asked again soon,
`outlier.ejection` was {OUTLIER["ejection"]}:"""
    figure.text = f"{text}\n\n{_table(figure, play, load)}"
    return figure


def streams(harness: Harness) -> Figure:
    """Streams of ten seconds, a thousand at a time."""
    rate, total = 100, 2_500 if harness.quick else 12_000
    play = Scene(harness, "streams", own_port=True, events=20, gap_ms=500)
    load, downs = _up_and_down(play, rate, total, streams=True, vus=2000)
    figure = _figure("streams", play, load, downs)
    figure.streams = len(load.lines)
    peak = _concurrent(load)
    text = f"""{figure.streams:,} streams of 10 s, {peak:,} at a time, the same way, {downs} times down:"""
    figure.text = f"{text}\n\n{_table(figure, play, load)}"
    return figure


def _up_and_down(play: Scene, rate: int, total: int, **options: object) -> tuple[Load, int]:
    play.start(timeouts=DEFAULT_TIMEOUTS, outlier=OUTLIER)
    seconds, downs = total / rate, 0
    with play.load(rate, seconds, **options) as load:
        start = 3 if seconds < 40 else APART
        while start + AWAY + 2 < seconds:
            load.until(start)
            with load.does("down"):
                play.turn(play.firsts, "down")
            load.until(start + AWAY)
            play.turn(play.firsts, "up")
            downs, start = downs + 1, start + APART
    return load, downs


def _figure(name: str, play: Scene, load: Load, downs: int) -> Figure:
    """Counts errors: what the judge of the chaos scenarios calls lost, answered twice or wrong."""

    def excuse(line: dict) -> str | None:
        cut = line["stream"] and line["outcome"] == "broken" and during(line, load.marks["down"], slack=500)
        return None if cut else "an answer was due"

    def check(result, seen) -> None:
        ejections = seen.ejections(seen.pair.first)
        result.check(ejections >= downs, f"ejected {ejections} times, it was down {downs} times")

    results = scene.judge(play, load, excuse, check)
    results[0].check(downs > 0, "nothing went down")
    errors = sum(result.lost + result.duplicated for result in results)
    wrong = [f"{result.line()}" for result in results if not result.passed]
    cut = sum(line["outcome"] == "broken" for line in load.lines)
    play.gateway.stop()
    return Figure(name, errors=max(errors, len(wrong)), cut=cut, seen=wrong)


def _table(figure: Figure, play: Scene, load: Load) -> str:
    by = [line.get("by", "")[-2:] for line in load.lines]
    head = ["", "requests"]
    rows = [
        ("answered by the first provider", f"{by.count('-1'):,}"),
        ("answered by the second", f"{by.count('-2'):,}"),
        ("**errors that clients saw**", f"**{figure.errors}**"),
    ]
    if figure.streams or figure.cut:
        rows.insert(2, ("cut: the stream had begun when its provider went down", f"{figure.cut:,}"))
    return table(head, rows)


def _concurrent(load: Load) -> int:
    """How many were under way at a time, in the middle of the run."""
    at = sorted(line["at"] for line in load.lines)
    middle = at[len(at) // 2]
    return sum(line["at"] <= middle < line["at"] + line["ms"] for line in load.lines)
