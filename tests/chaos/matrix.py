"""Every fault, for every format: real Envoy, open-loop load over all cells at a time, and a verdict for each cell."""

from __future__ import annotations

import argparse
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cells
from cells import Cell
from harness.nobody import Dead, Untrusted
from harness.result import Result, guarded
from harness.run import Harness
from judge import Evidence, judge
from rig import prompts, referee
from rig.gateway import Gateway

QUICK = True
SCRIPT = Path(__file__).with_name("matrix.js")

# Requests a second. So many cells that two requests to the same one are seconds apart.
RATE = 25
# In the quick run a cell gets a request every two seconds: longer than the slowest fault.
QUICK_SECONDS = 2
# Clients at a time: a request that fails over from a silent provider takes two seconds, one to a lone silent one four.
VUS = 120
AFTERWARDS = 6
# What is looked at of Envoy's stats; all of those of a thousand clusters are many.
STATS = r"^cluster\..*\.(upstream_rq_(total|pending_failure_eject|retry)|outlier_detection\.ejections_enforced_total)$"


def run(harness: Harness) -> list[Result]:
    """The results of all cells."""
    parser = argparse.ArgumentParser(prog="tests/chaos.sh")
    parser.add_argument("--format", default="openai" if harness.quick else "", help="one of the formats")
    parser.add_argument("--cell", default="", metavar="REGEX", help="cells whose names match")
    parser.add_argument("--rate", type=int, help="requests a second")
    told, _ = parser.parse_known_args(harness.options)
    dead, untrusted = Dead(), Untrusted(harness.folder)
    places = cells.Places(harness.simulator.port, dead.port, untrusted.port)
    try:
        results = []
        for form in cells.PAIRS:
            found = [cell for cell in cells.cells(form, harness.quick) if re.search(told.cell, cell.name)]
            if found and told.format in ("", form):
                results += guarded(form, lambda: _format(harness, form, found, places, told.rate))
        return results
    finally:
        dead.close()
        untrusted.close()


def _format(harness: Harness, form: str, found: list[Cell], places: cells.Places, rate: int | None) -> list[Result]:
    harness.simulator.cells(cells.settings(form, found))
    gateway = harness.gateway(form, cells.gateway(form, found, places))
    try:
        order = list(_order(found))
        rate = rate or (max(len(found) // QUICK_SECONDS, 1) if harness.quick else RATE)
        harness.say(f"{form}, then {cells.PAIRS[form]}: {len(found)} cells, {len(order)} requests, {rate} a second")
        lines = harness.load(SCRIPT, form, _options(gateway, found, order, rate), 60 + 3 * len(order) / rate)
        after = _afterwards(form, gateway)
        return [*_judge(harness, found, lines, gateway, len(found) / rate), after]
    finally:
        gateway.stop()


def _order(found: list[Cell]) -> Iterator[tuple[str, str]]:
    """All requests: a round over all cells, then the next."""
    for turn in range(max(cell.requests for cell in found)):
        for cell in found:
            if turn < cell.requests:
                yield cell.name, hashlib.sha256(f"{cell.name}/{turn}".encode()).hexdigest()[:16]


def _options(gateway: Gateway, found: list[Cell], order: list[tuple[str, str]], rate: int) -> dict:
    of_cells = {cell.name: {"stream": cell.stream, "size": cells.BIG if cell.big else 0} for cell in found}
    return {"url": gateway.url, "rate": rate, "vus": VUS, "cells": of_cells, "order": order}


def _judge(harness: Harness, found: list[Cell], lines: list[dict], gateway: Gateway, apart: float) -> list[Result]:
    """`apart`: seconds between two requests to the same cell."""
    counts, stats = harness.simulator.counts(), gateway.envoy.stats(STATS)
    of_cell = defaultdict(list)
    for line in lines:
        of_cell[line["cell"]].append(line)
    # A silent provider is given up after a second and a half.
    slack = 1 if apart >= QUICK_SECONDS else 1 + int(QUICK_SECONDS / apart)
    return [
        judge(cell, Evidence(of_cell[cell.name], counts[cell.name], counts[cell.second], stats, slack))
        for cell in found
    ]


def _afterwards(form: str, gateway: Gateway) -> Result:
    """The gateway is as well as it was: the filter never crashed, and the second provider was never to blame."""
    result = Result(f"{form}-afterwards", requests=AFTERWARDS)
    for index in range(AFTERWARDS):
        try:
            _ask(gateway, form, stream=index % 2 == 1)
        except (AssertionError, OSError, EOFError) as error:
            result.lose(f"{type(error).__name__}: {str(error)[:200]}")
    for problem in gateway.new_problems()[:3]:
        result.check(False, f"Envoy: {problem[:300]}")
    second = gateway.envoy.stats(rf"^cluster\.{cells.second(form)}\.(upstream_rq_retry|outlier_detection\.ejections_enforced_total)$")
    result.check(not any(second.values()), f"the second provider: {second}")
    return result


def _ask(gateway: Gateway, form: str, stream: bool) -> None:
    """A request that only the second provider serves; fails where the answer is not as it should be."""
    body = prompts.chat("id:0123456789abcdef;", model=cells.AFTERWARDS, stream=stream)
    answer = gateway.client().chat(body, [("authorization", f"Bearer {cells.CLIENT_KEY}")])
    told = referee.stream(answer) if stream else referee.completion(answer)["choices"][0]["message"]["content"]
    assert told.startswith(f"served-by:{cells.second(form)} "), told
