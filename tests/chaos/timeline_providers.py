"""Providers that come and go, all at once, half of the time, or slowly, under load."""

from __future__ import annotations

from harness import scene
from harness.result import Result
from harness.run import Harness
from harness.scene import Scene, Seen, during

RATE = 40
# A change of a provider takes effect within so long.
SLACK_MS = 50


def run(harness: Harness) -> list[Result]:
    """The results of all of them."""
    return scene.run(harness, (restarts, all_down, one_back, half, slow))


def restarts(harness: Harness) -> list[Result]:
    """The first provider goes down hard and comes back, four times."""
    times, away, apart = 4, 1.5, 4.5
    play = Scene(harness, "restarts", own_port=True, events=8, gap_ms=50)
    play.start()
    with play.load(RATE, 1 + times * apart) as load:
        served = [play.counts(ids=False)]
        for number in range(times):
            load.until(1 + number * apart)
            with load.does("down"):
                play.turn(play.firsts, "down")
            load.until(1 + number * apart + away)
            play.turn(play.firsts, "up")
            load.until((number + 1) * apart + 0.8)
            served.append(play.counts(ids=False))

    def excuse(line: dict) -> str | None:
        if line["stream"] and line["outcome"] == "broken" and during(line, load.marks["down"]):
            return None
        return "only a stream that had begun may be cut"

    def check(result: Result, seen: Seen) -> None:
        first = seen.pair.first
        result.check(seen.ejections(first) == times, f"ejected {seen.ejections(first)} times, it went down {times} times")
        result.check(not seen.ejections(seen.pair.second), "the second provider was ejected")
        broken = sum(line["outcome"] == "broken" for line in seen.lines)
        aborted = seen.counts[first]["aborted"]
        result.check(broken <= aborted, f"{broken} clients saw a broken stream, the provider broke off {aborted} replies")
        for number, (before, after) in enumerate(zip(served, served[1:], strict=False)):
            result.check(after[first]["served"] > before[first]["served"] + 3, f"it did not come back after it was down the {number + 1}. time")

    results = scene.judge(play, load, excuse, check)
    results[0].check(any(line["outcome"] == "broken" for line in load.lines), "no stream was cut: the load shows nothing")
    return results


def all_down(harness: Harness) -> list[Result]:
    """All providers fail, then are gone, and are back each time."""
    play = Scene(harness, "all-down", own_port=True)
    everybody = play.firsts + play.seconds
    play.start(outlier={**scene.OUTLIER, "ejection": "1s", "max_ejection": "1s"})
    with play.load(RATE, 10) as load:
        load.until(1)
        with load.does("gone"):
            play.change(everybody, fault="status:503")
        load.until(3.5)
        with load.does("back"):
            play.change(everybody, fault="none")
        load.until(5)
        with load.does("gone"):
            play.turn(everybody, "down")
        load.until(7.5)
        with load.does("back"):
            play.turn(everybody, "up")
        load.until(9)

    times = list(zip(load.marks["gone"], load.marks["back"], strict=True))

    def excuse(line: dict) -> str | None:
        if not any(gone[0] <= line["at"] + line["ms"] and line["at"] <= back[1] + SLACK_MS for gone, back in times):
            return "providers were there"
        if line["stream"] and line["outcome"] == "broken" and during(line, [gone for gone, _ in times]):
            return None
        if line["outcome"] != "error" or not 500 <= line["status"] < 600:
            return "an error of the 5xx was due"
        return None if line["told"].get("x-should-retry") == "true" else "it was to say that a second try is worth it"

    def check(result: Result, seen: Seen) -> None:
        # In the moments when only one of them is ejected, the other may be asked twice for a request; never are both.
        asked, due = [seen.asked(name) for name in (seen.pair.first, seen.pair.second)], len(seen.lines)
        result.check(sum(asked) <= 2 * due and max(asked) <= 1.1 * due, f"the two were asked {asked} times in {due} requests")
        sent = max(sum(seen.counts[name]["seen"].get(line["id"], 0) for name in (seen.pair.first, seen.pair.second)) for line in seen.lines)
        result.check(sent == 2, f"a request was sent {sent} times to two providers")
        result.check(seen.ejections(seen.pair.first) > 0, "the first provider was never ejected")
        for gone, back in times:
            inside = [line for line in seen.lines if gone[1] < line["at"] and line["at"] + line["ms"] < back[0]]
            result.check(len(inside) > 10, f"only {len(inside)} requests while nobody was there")
            served = [line["id"] for line in inside if line["outcome"] == "answer"]
            result.check(not served, f"{len(served)} answers while nobody was there")

    return scene.judge(play, load, excuse, check)


def one_back(harness: Harness) -> list[Result]:
    """All providers are gone and left out; then only the second is back, and then only the first."""
    play = Scene(harness, "one-back", own_port=True)
    play.start(outlier={**scene.OUTLIER, "ejection": "60s", "max_ejection": "60s"})
    with play.load(RATE, 9) as load:
        load.until(1)
        with load.does("gone"):
            play.turn(play.firsts + play.seconds, "down")
        load.until(3)
        with load.does("back"):
            play.turn(play.seconds, "up")
        load.until(6)
        with load.does("swap"):
            play.turn(play.firsts, "up")
            load.until(6.3)
            play.turn(play.seconds, "down")
        load.until(9)
    (gone, _), (_, back) = load.marks["gone"][0], load.marks["back"][0]

    def excuse(line: dict) -> str | None:
        inside = gone <= line["at"] + line["ms"] and line["at"] <= back + SLACK_MS
        return None if inside and line["outcome"] in ("error", "broken") else "a provider was there"

    def check(result: Result, seen: Seen) -> None:
        for name in (seen.pair.first, seen.pair.second):
            result.check(seen.ejections(name) == 1, f"{name} was ejected {seen.ejections(name)} times")
        later = [line for line in seen.lines if line["at"] > load.marks["swap"][0][1]]
        result.check({line.get("by") for line in later} == {seen.pair.first}, "the first provider was not found again")

    return scene.judge(play, load, excuse, check)


def half(harness: Harness) -> list[Result]:
    """The first provider fails each second time."""
    play = Scene(harness, "half")
    play.change(play.firsts, fault="status:503", every=2)
    play.start()
    with play.load(RATE, 8) as load:
        load.until(8)

    def check(result: Result, seen: Seen) -> None:
        first, second = (seen.counts[name] for name in (seen.pair.first, seen.pair.second))
        sent = len(seen.lines)
        result.check(first["requests"] == sent, f"the first provider was asked {first['requests']} times in {sent} requests")
        result.check(first["faulted"] == sent // 2, f"it failed {first['faulted']} times in {sent}")
        result.check(second["requests"] == first["faulted"], f"the second was asked {second['requests']} times")
        again = seen.stat(seen.pair.pool, "upstream_rq_retry")
        result.check(again == first["faulted"], f"{again} attempts followed {first['faulted']} failures")
        result.check(not seen.ejections(seen.pair.first), "ejected, although no failure followed another")

    return scene.judge(play, load, scene.answered, check)


def slow(harness: Harness) -> list[Result]:
    """The first provider is slower than the second, and then slower than the time it has."""
    play = Scene(harness, "slow")
    play.change(play.firsts, delay_ms=400)
    play.start(outlier={**scene.OUTLIER, "ejection": "900s", "max_ejection": "900s"})
    with play.load(RATE, 9) as load:
        load.until(3)
        with load.does("too slow"):
            play.change(play.firsts, delay_ms=5000)
        load.until(9)
    ((start, end),) = load.marks["too slow"]

    def check(result: Result, seen: Seen) -> None:
        first = seen.counts[seen.pair.first]
        before = [line for line in seen.lines if line["at"] < start - SLACK_MS]
        after = [line for line in seen.lines if line["at"] > end]
        result.check(len(before) > 10 and all(line.get("by") == seen.pair.first for line in before), "slow, but in time: another one served it")
        result.check(all(line["ms"] >= 400 for line in before), "a reply came before it was sent")
        result.check(all(line.get("by") == seen.pair.second for line in after), "too slow, and it served")
        late = sum(line["ms"] >= 1500 for line in after)
        result.check(first["cancelled"] == seen.stat(seen.pair.pool, "upstream_rq_per_try_timeout") and first["cancelled"] >= late > 0,
                     f"{late} clients waited for it, it was told of {first['cancelled']} that went away")
        result.check(any(line["ms"] < 500 for line in after), "it was never left out")
        result.check(seen.ejections(seen.pair.first) == 1, f"ejected {seen.ejections(seen.pair.first)} times")

    return scene.judge(play, load, scene.answered, check)
