"""The contract that `make chaos` runs is the one that docs/failover.md promises."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rig.envoy import ROOT

sys.path.append(str(ROOT / "tests" / "chaos"))

import contract  # noqa: E402: its folder is not a package

PAGE = Path(ROOT / "docs" / "failover.md")
BEGIN, END = "<!-- the contract: tests/chaos/contract.py -->\n", "<!-- end of the contract -->\n"


def test_the_page_has_the_contract() -> None:
    """`SWITCHYARD_WRITE=1` writes the page anew."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    table, _, after = rest.partition(END)
    assert rest and after, "the marks around the table are gone"
    if os.environ.get("SWITCHYARD_WRITE"):
        PAGE.write_text(before + BEGIN + contract.table() + END + after)
        return
    assert table == contract.table()


def test_the_contract_does_not_contradict_itself() -> None:
    """What is not tried elsewhere is the client's own, what is broken cannot be, and nothing is both."""
    names = [fault.name for fault in contract.FAULTS]
    assert len(set(names)) == len(names)
    for fault in contract.FAULTS:
        for fate in filter(None, (fault.whole, fault.stream)):
            if fate.client == contract.SECOND:
                assert isinstance(fate.alone, tuple) or fate.alone == contract.DECLINED, fault.name
                # Asking again at once is for what may pass, and then an SDK may try again too.
                assert fate.worth or fate.tries < 2, fault.name
            else:
                assert fate.health == contract.LEAVES and fate.tries == 1, fault.name
            if isinstance(fate.client, int):
                assert fate.alone == (fate.client,) and not fate.worth, fault.name
