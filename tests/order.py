"""In which order tests run in several processes, and what runs together in one of them."""

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

FIRST = ("tests/chaos/", "tests/adapters/proofs/test_audit.py", "tests/api/cli/", "tests/streams/")
"""Where tests take longest, so that no process goes on alone when the others have done all."""

ALONE = "tests/hostile/"
"""Where it is measured how long somebody waits: last, in one process, while no other test runs."""


def turn(nodeid: str) -> int:
    """Return when a test has its turn: the lower, the sooner."""
    if nodeid.startswith(ALONE):
        return len(FIRST) + 1
    return next((n for n, place in enumerate(FIRST) if nodeid.startswith(place)), len(FIRST))


class Order(LoadFileScheduling):  # type: ignore[misc]
    """Gives each process the next file, of what kills servers the next test."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(FIRST[0]):
            return nodeid
        return ALONE if nodeid.startswith(ALONE) else super()._split_scope(nodeid)
