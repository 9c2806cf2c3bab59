"""A service desk whose tickets wait until moments that have come, for the tests of deadlines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.commands.executor import Call
from adapters.storage.databases import in_parts
from domain.kernel.aggregate import Origin, Recorded, new_id
from streams.kernel.deadline_runner import Timekeeping
from tests.organisation import organise
from tests.streams.flow import until, working
from tests.streams.kernel.test_policy_runner import House

AT_ONCE = 1000
BEGUN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=10)
"""When all tickets were opened: what waits until a moment soon after is due."""

HOUR = timedelta(hours=1)


class Clock:
    """A clock that tests set."""

    def __init__(self, time: datetime) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time


class Desk(House):
    """A house with one who owns tickets."""

    def __init__(self, url: str, organised: bool = True) -> None:
        super().__init__(url, organised)
        if organised:
            organise(self.executor, ["e1"])
            self.customer_id, _ = self.customer(0)

    def tickets(self, count: int) -> list[str]:
        """Open tickets in progress; return their ids."""
        body = {"kind": "fault", "severity": "major", "channel": "web", "title": "Down"}
        body |= {"customer_id": self.customer_id, "unit": "gd-gz", "at": BEGUN.isoformat()}
        ids = self.do_all("service-ticket.open", [None] * count, [body] * count)
        at = {"at": BEGUN.isoformat()}
        self.do_all("service-ticket.assign", ids, [{"owner": "e1", **at}] * count)
        self.do_all("service-ticket.accept", ids, [at] * count)
        return ids

    def wait(self, until: Mapping[str, datetime], at: datetime = BEGUN) -> None:
        """Have tickets wait from one moment until others."""
        told = {"awaited": "a key", "at": at.isoformat()}
        bodies = [{**told, "until": each.isoformat()} for each in until.values()]
        self.do_all("service-ticket.wait", list(until), bodies)

    def do_all(
        self, command: str, ids: Sequence[str | None], bodies: Sequence[Mapping[str, Any]]
    ) -> list[str]:
        """Give a command to many records at once."""
        done: list[str] = []
        for part in in_parts(list(zip(ids, bodies, strict=True)), AT_ONCE):
            calls = [
                Call(command, id_, body, Origin("e-17", "gd-gz", new_id())) for id_, body in part
            ]
            done += [each.result().id for each in [self.executor.submit(call) for call in calls]]
        return done

    def timekeeping(self, **options: Any) -> Timekeeping:
        return Timekeeping(self.journal, self.executor, self.projector, **options)

    @contextmanager
    def projecting(self) -> Iterator[None]:
        """Let rows follow within a block, from when they have come to its beginning."""
        with working(self.projection()):
            self.projected()
            yield

    def projected(self) -> None:
        """Wait until the rows have all that is recorded."""
        until(lambda: self.projector.position() == self.journal.head().position)

    def idle(self) -> bool:
        """Tell whether nothing is due, and the rows have all that is recorded."""
        rows = self.timekeeping().rows
        return (
            rows.oldest(self.journal.now()) is None
            and self.projector.position() == self.journal.head().position
        )

    def ended(self) -> list[Recorded]:
        """Return the ends of waits that time has brought about, as recorded."""
        found = self.journal.read(0, 1_000_000)
        return [each for each in found if each.actor_kind == "deadline"]

    def astray(self, due: Sequence[tuple[str, datetime]]) -> list[tuple[str, datetime]]:
        """Return which of the waits that are over were not ended once, or others were."""
        ended = Counter(
            (each.stream, datetime.fromisoformat(each.data["due_at"])) for each in self.ended()
        )
        return sorted((ended - Counter(due)) + (Counter(due) - ended))
