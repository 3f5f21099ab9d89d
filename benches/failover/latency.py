"""What a failover adds to the time of a reply, by the formats of the two providers."""

from __future__ import annotations

from statistics import median, quantiles

from cells import PAIRS
from errors import DEFAULT_TIMEOUTS
from harness.run import Harness
from harness.scene import Scene
from table import Figure, table

# More failures in a row than there are requests: nobody is left out, and each request fails over.
OUTLIER = {"consecutive_failures": 1000}
FORMATS = [*PAIRS.items(), ("openai", "openai")]
EACH, RATE = 600, 80


def latency(harness: Harness) -> Figure:
    """Requests that fail over, among ones that the second provider's format serves at once."""
    each = 60 if harness.quick else EACH
    pairs = {}
    for first, second in FORMATS:
        pairs[f"{first}-{second}-over"] = (first, second)
        pairs[f"{first}-{second}-direct"] = (second, second)
    play = Scene(harness, "latency", pairs)
    play.change([pair.first for pair in play.pairs if pair.model.endswith("over")], fault="status:503")
    play.start(timeouts=DEFAULT_TIMEOUTS, outlier=OUTLIER)
    with play.load(RATE, each * len(pairs) / RATE, streams=False) as load:
        pass
    wrong = [line for line in load.lines if not _right(line)]
    took = {model: [line["ms"] for line in load.lines if line["model"] == model] for model in pairs}
    rows = [_row(first, second, took) for first, second in FORMATS]
    play.gateway.stop()
    head = ["first → second", "direct: median", "p99", "failed over: median", "p99", "added: median", "p99"]
    text = f"""Time of a whole reply in ms, {RATE} requests a second, {each} of each kind: served by the second provider directly,
and after the first one's 503:"""
    of_page, seen = f"{text}\n\n{table(head, rows)}", [str(line) for line in wrong[:5]]
    return Figure("latency", of_page, requests=len(load.lines), errors=len(wrong), seen=seen)


def _right(line: dict) -> bool:
    """Whether it was answered by whom it was to be."""
    return line["outcome"] == "answer" and line["by"].endswith("over-2" if line["model"].endswith("over") else "direct-1")


def _row(first: str, second: str, took: dict[str, list[float]]) -> list[str]:
    direct, over = (took[f"{first}-{second}-{way}"] for way in ("direct", "over"))
    found = [median(direct), _p99(direct), median(over), _p99(over)]
    found += [found[2] - found[0], found[3] - found[1]]
    return [f"{first} → {second}", *(f"{value:.1f}" for value in found)]


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]
