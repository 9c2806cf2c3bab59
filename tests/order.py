"""In which order tests run in several processes, and what runs together in one of them."""

import os
from collections.abc import Iterable
from typing import Any

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

FIRST = (
    "tests/chaos/",
    "tests/adapters/proofs/test_audit.py",
    "tests/adapters/warehouse/",
    "tests/api/cli/",
    "tests/api/reads/test_ways_out",
    "tests/streams/",
)
"""Where tests take longest, so that no process goes on alone when the others have done all."""

MEASURED = "tests/hostile/"
"""Where it is measured how long somebody waits: first of all, in the process that makes way for
none."""

UNHURRIED = 10
"""By how much the other processes are nicer: what is measured hardly notices them."""

_MEASURING = "gw0"


def make_way(process: str, nodeids: Iterable[str]) -> None:
    """Let this process of a run, and all that it starts, make way for the one that measures.

    `nodeids` is what the run has: nothing is to be measured in most runs of some tests.
    """
    if process != _MEASURING and any(each.startswith(MEASURED) for each in nodeids):
        os.nice(UNHURRIED)


def turn(nodeid: str) -> int:
    """Return when a test has its turn: the lower, the sooner."""
    if nodeid.startswith(MEASURED):
        return len(FIRST) + 1
    return next((n for n, place in enumerate(FIRST) if nodeid.startswith(place)), len(FIRST))


class Order(LoadFileScheduling):  # type: ignore[misc]
    """Gives each process the next file, of what kills servers the next test.

    What is measured is one piece, and that process begins with it.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(FIRST[0]):
            return nodeid
        return MEASURED if nodeid.startswith(MEASURED) else super()._split_scope(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        if node.gateway.id == _MEASURING and MEASURED in self.workqueue:
            self.workqueue.move_to_end(MEASURED, last=False)
        super()._assign_work_unit(node)
