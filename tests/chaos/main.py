"""Runs the scenarios and adds them up. `tests/chaos.sh` sets up what this needs."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from pathlib import Path

from harness.result import Result, guarded, verdict
from harness.run import Harness, started

HERE = Path(__file__).parent


def parts(only: str) -> list[str]:
    """The modules that have scenarios: each has `run(harness) -> list[Result]`; `QUICK = True` where it has quick ones."""
    found = ["matrix", *sorted(path.stem for path in HERE.glob("timeline*.py"))]
    return [name for name in found if re.search(only, name)]


def run(harness: Harness, names: list[str]) -> list[Result]:
    """The results of all parts."""
    results: list[Result] = []
    for name in names:
        module = importlib.import_module(name)
        if not hasattr(module, "run") or (harness.quick and not getattr(module, "QUICK", False)):
            continue
        harness.say(name)
        found = guarded(name, lambda: module.run(harness))
        for result in found:
            if not result.passed:
                print(f"FAILED {result.line()}", flush=True)
        results += found
    return results


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="tests/chaos.sh", description="Failover under load.")
    parser.add_argument("--quick", action="store_true", help="the subset that takes less than a minute")
    parser.add_argument("--only", default="", metavar="REGEX", help="modules to run: matrix, timeline…")
    parser.add_argument("--keep", metavar="FOLDER", help="where to leave configurations, logs and k6's lines")
    ours, rest = parser.parse_known_args()
    with started(ours.keep, ours.quick, rest) as harness:
        results = run(harness, parts(ours.only))
    line, passed = verdict(results)
    print(line)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
