"""What a scenario found, and the last line that adds them up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

# So much of what is wrong with one scenario is printed; the rest is more of the same.
SHOWN = 4


@dataclass
class Result:
    """One scenario. It passed when no request was lost or answered twice, and nothing else was wrong."""

    name: str
    requests: int = 0
    """Requests that the load generator sent."""
    lost: int = 0
    """Those that got no answer that the contract allows."""
    duplicated: int = 0
    """Those that more than one provider served whole, or that one provider served more than once."""
    wrong: list[str] = field(default_factory=list)
    """What else differed from the contract, for a person."""

    @property
    def passed(self) -> bool:
        """Whether all was as the contract says."""
        return not (self.lost or self.duplicated or self.wrong or not self.requests)

    def lose(self, why: str, count: int = 1) -> None:
        """Requests without an allowed answer, with the reason."""
        self.lost += count
        self.wrong.append(why)

    def duplicate(self, why: str, count: int = 1) -> None:
        """Requests that were served more than once, with the reason."""
        self.duplicated += count
        self.wrong.append(why)

    def check(self, holds: bool, why: str) -> None:
        """Notes `why` unless it holds."""
        if not holds:
            self.wrong.append(why)

    def line(self) -> str:
        """What is wrong, in one line."""
        wrong = list(self.wrong) if self.requests else ["no request was sent", *self.wrong]
        more = [f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else []
        return f"{self.name}: " + "; ".join([*wrong[:SHOWN], *more])


def guarded(name: str, part: Callable[[], list[Result]]) -> list[Result]:
    """The results of a part of a run. One that fails to run is a scenario that failed, and the others are still run."""
    try:
        return part()
    except Exception as error:  # noqa: BLE001: whatever it was, it is told in the result
        return [Result(name, wrong=[f"it did not run: {type(error).__name__}: {error}"])]


def verdict(results: Iterable[Result]) -> tuple[str, bool]:
    """The last line of a run, and whether all passed. No scenario at all is no success."""
    found = list(results)
    passed = sum(result.passed for result in found)
    total = {name: sum(getattr(result, name) for result in found) for name in ("requests", "lost", "duplicated")}
    line = (
        f"chaos: {len(found)} scenarios, {passed} passed; "
        f"{total['requests']} requests, {total['lost']} lost, {total['duplicated']} duplicated"
    )
    return line, bool(found) and passed == len(found)
