"""Whether a cell went as the contract says: by what the clients saw, what the providers counted, and Envoy's stats."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import contract
from cells import FAILURES, Cell
from harness.result import Result

# Statuses that the SDKs of OpenAI and Anthropic try again when no header tells them otherwise.
SDK_RETRIES = {408, 409, 429, *range(500, 600)}


@dataclass
class Evidence:
    """What is known of a cell after a run."""

    lines: list[dict]
    """What k6 wrote of each request."""
    first: dict
    """The simulator's counts of the cell."""
    second: dict
    """Those of the second provider, which all cells share."""
    stats: dict[str, int]
    """Envoy's."""
    slack: int
    """Requests that may have been on their way to the cell when it was ejected or began to cool."""

    def of_lanes(self, cell: Cell, name: str) -> int:
        """One of the stats of the clusters that are the cell's provider."""
        return sum(self.stats.get(f"cluster.{lane}.{name}", 0) for lane in (cell.name, f"last/{cell.name}"))

    def of_pools(self, cell: Cell, name: str) -> int:
        """One of the stats of the clusters that the cell's routes name: pools, or the provider's own where it is alone."""
        pools = (key for key in self.stats if key.startswith(f"cluster.pool/{cell.name}") and key.endswith(f".{name}"))
        return self.of_lanes(cell, name) + sum(self.stats[key] for key in pools if key[len("cluster.pool/" + cell.name)] in "+.")


def judge(cell: Cell, seen: Evidence) -> Result:
    """The result of one cell."""
    result = Result(cell.name, requests=cell.requests)
    if len(seen.lines) != cell.requests:
        result.lose(f"{len(seen.lines)} of {cell.requests} requests came to an end", cell.requests - len(seen.lines))
    for line in seen.lines:
        if why := _line(cell, line):
            result.lose(why)
    if contract.BROKEN in (cell.fate.client, cell.fate.alone):
        result.check(any(line["outcome"] == "broken" for line in seen.lines), "no stream was broken")
    _served_once(cell, seen, result)
    _attempts(cell, seen, result)
    for what in seen.first.get("violations", [])[:2]:
        result.check(False, f"the provider saw: {what}")
    return result


def _line(cell: Cell, line: dict) -> str | None:
    """Why a client was not to see this."""
    if line["leaked"]:
        return f"headers that are not for clients: {line['leaked']}"
    wanted = cell.fate.alone if cell.alone else cell.fate.client
    outcome = line["outcome"]
    if wanted == contract.FIRST and outcome == "answer" and line["by"] == cell.name:
        return None
    # Where nothing had gone to the client yet, the second may answer after all.
    if wanted in (contract.SECOND, contract.BROKEN) and not cell.alone and outcome == "answer" and line["by"] == cell.second:
        return None
    if wanted in (contract.BROKEN, contract.DECLINED) and outcome == wanted:
        return None
    statuses = (wanted,) if isinstance(wanted, int) else wanted
    if isinstance(statuses, tuple) and outcome == "error" and line["status"] in statuses:
        return _advice(cell, line)
    told = {name: line[name] for name in ("status", "by", "why", "how", "code", "message", "error") if line.get(name)}
    return f"{wanted} was due, {outcome} came: {told}"


def _advice(cell: Cell, line: dict) -> str | None:
    """Why an error tells the client's SDK the wrong thing to do."""
    header = line["told"].get("x-should-retry")
    retries = line["status"] in SDK_RETRIES if header is None else header == "true"
    if retries != cell.fate.worth:
        return f"{line['status']} with x-should-retry {header}: an SDK {'tries' if retries else 'does not try'} again"
    wait = line["told"].get("retry-after")
    if cell.fate.health == contract.COOLS:
        holds = wait is not None and wait.isdigit() and 1 <= int(wait) <= contract.WAIT
        return None if holds else f"retry-after {wait} where the provider said {contract.WAIT} seconds"
    return f"retry-after {wait}, which no provider said" if wait else None


def _served_once(cell: Cell, seen: Evidence, result: Result) -> None:
    """Each request was served whole by one provider, and its answer is what the client got."""
    of_first = {} if cell.wasted else seen.first.get("ids", {})
    allowed = cell.fate.tries if cell.alone else 1
    for line in seen.lines:
        name = line["id"]
        served = Counter({cell.name: of_first.get(name, 0), cell.second: seen.second["ids"].get(name, 0)})
        if served.total() > 1:
            result.duplicate(f"{name} was served by {dict(+served)}")
        elif (line["outcome"] == "answer") != (served.total() == 1):
            result.check(False, f"{line['outcome']}, and it was served by {list(+served) or 'nobody'}")
        asked = {cell.name: seen.first.get("seen", {}).get(name, 0), cell.second: seen.second["seen"].get(name, 0)}
        if asked[cell.name] > allowed or asked[cell.second] > 1:
            result.check(False, f"{name} was sent {asked}")


def _attempts(cell: Cell, seen: Evidence, result: Result) -> None:
    """How often the provider was asked, what was tried again, and whether it was ejected."""
    reached = seen.of_lanes(cell, "upstream_rq_total")
    asked = reached + seen.of_lanes(cell, "upstream_rq_pending_failure_eject")
    least, most = _expected(cell, seen.slack)
    result.check(least <= asked <= most, f"the provider was asked {asked} times instead of {_range(least, most)}")
    received = seen.first.get("requests", 0)
    result.check(received == reached, f"the provider received {received} requests, Envoy sent {reached}")

    again = seen.of_pools(cell, "upstream_rq_retry")
    if cell.alone:
        due = max(asked - cell.requests, 0)
    elif cell.fate.client == contract.BROKEN:
        # Those whose streams could still be served elsewhere.
        due = sum(line["outcome"] == "answer" for line in seen.lines)
    else:
        due = asked if cell.fate.client == contract.SECOND else 0
    result.check(again == due, f"{again} attempts followed a failed one, {due} were due")

    ejected = seen.of_lanes(cell, "outlier_detection.ejections_enforced_total")
    unwell = cell.fate.health != contract.LEAVES and asked >= FAILURES
    result.check(bool(ejected) == unwell, f"ejected {ejected} times, after {asked} failures that {'do' if unwell else 'do not'} count")


def _expected(cell: Cell, slack: int) -> tuple[int, int]:
    """How often a cell's provider is asked, at least and at most."""
    if cell.alone or not cell.fate.tries:
        return (cell.requests * cell.fate.tries,) * 2
    failures = {contract.EJECTS: FAILURES, contract.COOLS: 1}.get(cell.fate.health, cell.requests)
    return min(failures, cell.requests), min(failures + (slack if failures < cell.requests else 0), cell.requests)


def _range(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} to {most}"
