"""Clients that leave, a configuration that changes, and an Envoy that takes over from another, under load."""

from __future__ import annotations

from collections.abc import Iterator

from cells import PAIRS
from harness import scene
from harness.gateways import Following, Restarting
from harness.result import Result
from harness.run import Harness
from harness.scene import Scene, Seen, during
from rig.envoy import wait_for

RATE = 40


def run(harness: Harness) -> list[Result]:
    """The results of all of them."""
    return scene.run(harness, (leaving, reloaded, restarted))


def leaving(harness: Harness) -> list[Result]:
    """A quarter of the clients leaves: in the middle of streams, and before whole replies."""
    play = Scene(harness, "leaving", events=15, gap_ms=100, delay_ms=400)
    play.start()
    with play.load(RATE, 8, leave=8, patience={"whole": "200ms", "stream": "1s"}) as load:
        load.until(8)

    # The admin page is asked by a request that is active itself: it has stats of its own.
    of_load = r"^(http\.(?!admin).*downstream_rq_active|cluster\..*upstream_rq_(active|pending_active))$"
    wait_for("no request is left", lambda: not any(play.gateway.envoy.stats(of_load).values()), 5)
    assert play.gateway.envoy.stats(of_load), "no such stats"

    def excuse(line: dict) -> str | None:
        return None if line["leaves"] and line["outcome"] == "bad" else "only clients that left go without an answer"

    def check(result: Result, seen: Seen) -> None:
        left = [line for line in seen.lines if line["leaves"]]
        result.check(not any(line["outcome"] == "answer" for line in left), "a client that was to leave got its answer")
        first, second = (seen.counts[name] for name in (seen.pair.first, seen.pair.second))
        result.check(first["cancelled"] == len(left) > 10, f"{len(left)} clients left, the provider was told of {first['cancelled']}")
        result.check(not second["requests"], f"the second provider was asked {second['requests']} times for clients who were gone")
        result.check(not seen.ejections(seen.pair.first), "the provider was blamed for clients who left")

    return scene.judge(play, load, excuse, check)


def reloaded(harness: Harness) -> list[Result]:
    """The file changes five times, while each fourth request fails over: a model and a provider more; another key and
    path; targets in another order; another target; a model less."""
    play = Scene(harness, "reloaded", events=10, gap_ms=60)
    for name, form in (("reloaded-more", "cohere"), ("reloaded-moved", "openai")):
        play.cell(name, form)
    play.change(play.firsts, fault="status:503", every=4)
    file = play.file()
    gateway = Following(harness.folder / play.name, file)
    play.gateway = gateway
    harness.gateways.append(gateway)
    with play.load(RATE, 32, vus=80) as load:
        for number, change in enumerate(_changes(play, file)):
            load.until(1 + 6 * number)
            with load.does("change"):
                gateway.change(change)
        load.until(31)

    def check(result: Result, seen: Seen) -> None:
        both = {seen.pair.first, seen.pair.second}
        number, after = CHANGED.get(seen.pair.model, (2, both))
        start, end = load.marks["change"][number]
        for names, lines in (
            (both, [line for line in seen.lines if line["at"] + line["ms"] < start]),
            # A connection from before serves one more request by the old file.
            (after, [line for line in seen.lines if line["at"] > end + 5500]),
        ):
            served = {line.get("by") for line in lines}
            result.check(served == names, f"served by {served}, not by {names}")
        result.check(not seen.ejections(seen.pair.first), "ejected, although no failure followed another")

    return scene.judge(play, load, scene.answered, check)


# By model: which change is for it, and who serves it after that.
CHANGED = {
    "openai": (1, {"reloaded-moved"}),
    "anthropic": (2, {"reloaded-anthropic-2"}),
    "bedrock": (3, {"reloaded-bedrock-1", "reloaded-more"}),
}


def _changes(play: Scene, file: dict) -> Iterator[dict]:
    """The file, changed once more each time."""
    more = {"provider": "reloaded-more", "model": "command-a"}
    file["providers"].append(play.provider("reloaded-more", "cohere"))
    file["models"].append({"name": "more", "targets": [more]})
    yield file
    file["providers"][0] = play.provider("reloaded-openai-1", "openai", "reloaded-moved")
    yield file
    of_model = {model["name"]: model["targets"] for model in file["models"]}
    of_model["anthropic"].reverse()
    yield file
    of_model["bedrock"][1] = more
    yield file
    file["models"].pop()
    yield file


def restarted(harness: Harness) -> list[Result]:
    """Envoy is followed by another one, twice. Streams that the old one has when it ends are cut."""
    pairs = {**{form: (form, second) for form, second in PAIRS.items()}, LONG: ("openai", "anthropic")}
    play = Scene(harness, "restarted", pairs, events=10, gap_ms=60)
    play.change([f"restarted-{LONG}-1"], events=50, gap_ms=240)
    gateway = Restarting(harness.folder / play.name, play.file())
    play.gateway = gateway
    harness.gateways.append(gateway)
    with play.load(RATE, 30, vus=110) as load:
        for number in range(2):
            load.until(2 + 15 * number)
            with load.does("restart"):
                gateway.follow()
            wait_for("the old Envoy ends", lambda epoch=number: gateway.gone(epoch), 2 * gateway.SHUTDOWN)
            with load.does("end"):
                pass

    def excuse(line: dict) -> str | None:
        cut = line["stream"] and line["outcome"] == "broken" and during(line, load.marks["end"])
        return None if cut else "only a stream that the old Envoy had when it ended may be cut"

    def check(result: Result, seen: Seen) -> None:
        asked = seen.counts[seen.pair.second]["requests"]
        result.check(not asked, f"the second provider was asked {asked} times, although nothing was wrong with the first")
        cut = sum(line["outcome"] == "broken" for line in seen.lines)
        # A client that was idle since before the restart may begin its next stream on the old one, just before the end.
        result.check(cut > 20 if seen.pair.model == LONG else cut <= 2, f"{cut} streams were cut")

    return scene.judge(play, load, excuse, check)


# Its streams take longer than an Envoy has that another one follows.
LONG = "long"
