"""What one measurement found, as it is published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Figure:
    """One measurement."""

    name: str
    text: str = ""
    """As it stands in the page."""
    requests: int = 0
    streams: int = 0
    errors: int = 0
    """What clients saw that they should not have."""
    cut: int = 0
    """Streams that had begun when their provider went down."""
    seen: list[str] = field(default_factory=list)
    """The errors, some of them in words."""


def table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """A table of the page; all but the first column are numbers."""
    names = [str(name) for name in head]
    lines = [f"| {' | '.join(names)} |", "|---|" + "---:|" * (len(names) - 1)]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)
