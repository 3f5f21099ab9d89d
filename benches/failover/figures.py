"""Measures failover and prints tables. `benches/failover.sh` sets up what this needs."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable

import errors
import latency
import times
from harness.run import WORKERS, Harness, started
from rig.envoy import ROOT, envoy_binary
from table import Figure

PAGE = ROOT / "docs" / "failover.md"
BEGIN, END = "<!-- figure: {} -->", "<!-- end of figure -->"
PARTS = {"whole": errors.whole, "streams": errors.streams, "times": times.times, "latency": latency.latency}


def machine() -> str:
    """Where this was measured, in words."""
    version = subprocess.run([envoy_binary(), "--version"], capture_output=True, text=True, check=True).stdout
    (number,) = re.findall(r"/(\d+\.\d+\.\d+)(?:-\w+)?/", version)[:1]
    return (
        f"Measured by `benches/failover.sh` (`make figures`) with Envoy {number}, {WORKERS} workers, on {os.cpu_count()} cores\n"
        "that the load generator (k6) and the providers share."
    )


def write(name: str, text: str) -> None:
    """Puts a part into the page, in the place of what it has there."""
    begin = BEGIN.format(name)
    before, rest = PAGE.read_text().split(begin)
    _, after = rest.split(END, 1)
    PAGE.write_text(f"{before}{begin}\n{text}\n{END}{after}")


def verdict(figures: list[Figure]) -> tuple[str, bool]:
    """The last line, and whether no client saw an error."""
    requests, streams = (sum(getattr(figure, name) for figure in figures) for name in ("requests", "streams"))
    wrong, cut = (sum(getattr(figure, name) for figure in figures) for name in ("errors", "cut"))
    line = f"failover: {requests} requests and {streams} streams, {wrong} errors; {cut} streams that had begun were cut"
    return line, bool(requests + streams) and not wrong


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="benches/failover.sh", description="Figures of failover.")
    parser.add_argument("--only", default="", metavar="REGEX", help=f"which: {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the requests: to see that it works")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/failover.md")
    parser.add_argument("--keep", metavar="FOLDER", help="where to leave configurations, logs and k6's lines")
    told = parser.parse_args()
    with started(told.keep, told.quick) as harness:
        figures = [_run(part, harness, told.write) for name, part in PARTS.items() if re.search(told.only, name)]
    line, passed = verdict(figures)
    print(line)
    return 0 if passed else 1


def _run(part: Callable[[Harness], Figure], harness: Harness, keep: bool) -> Figure:
    figure = part(harness)
    print(figure.text, flush=True)
    for what in figure.seen:
        print(f"{figure.name}: {what}", flush=True)
    if keep and not figure.errors:
        write("machine", machine())
        write(figure.name, figure.text)
    return figure


if __name__ == "__main__":
    sys.exit(main())
