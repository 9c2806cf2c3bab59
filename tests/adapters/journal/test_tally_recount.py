"""Tallies are those of a recount; what is not is told, and mended by counting anew."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.commands.bootstrap import lay
from adapters.commands.executor import Call, Executor
from adapters.journal import tally_recount
from adapters.journal.journal import Journal
from adapters.journal.running_tallies import Tallies
from adapters.storage.databases import writing
from adapters.storage.journal_tables import tallies
from domain.kernel.aggregate import Origin, new_id


class Desk:
    """A journal to which bills come."""

    def __init__(self, url: str) -> None:
        self.journal = Journal(url)
        self.journal.create()
        self.executor = Executor(self.journal)
        self.executor.start()
        lay(self.executor)

    def close(self) -> None:
        self.executor.stop()
        self.journal.close()

    def do(self, command: str, id: str | None = None, **body: Any) -> str:
        origin = Origin("e1", "group", new_id())
        return self.executor.submit(Call(command, id, body, origin)).result().id

    def bill(self, number: str, amount: str, month: str = "2026-03") -> str:
        told: dict[str, Any] = {"account_number": number, "month": month}
        told |= {"lines": lines(amount), "amount": amount}
        return self.do("bill.receive", **told, issued_on="2026-04-05", due_on="2026-04-25")

    def month(self) -> str:
        """Bring a month with a correction and a cancellation; returns the id of one bill."""
        kept, changed, gone = (self.bill(f"ZH-{n}", "10.00") for n in range(3))
        self.bill("ZH-1", "7.00", "2026-02")
        self.do("bill.correct", changed, lines=lines("4.50"), amount="4.50", reason="误")
        self.do("bill.cancel", gone, reason="误")
        return kept

    def alter(self, statement: sa.Executable) -> None:
        with writing(self.journal.engine).begin() as connection:
            connection.execute(statement)

    def told(self) -> list[str]:
        report = tally_recount.check(self.journal)
        return [str(each) for table in report.tables for each in table.findings]


def lines(amount: str) -> list[dict[str, str]]:
    return [{"kind": "recurring", "product": "专线", "amount": amount}]


MARCH = '["billing","2026-03"]'


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    desk = Desk(database_url)
    yield desk
    desk.close()


def test_what_is_kept_is_what_a_recount_gives(desk: Desk) -> None:
    desk.month()
    report = tally_recount.check(desk.journal)
    assert (report.rows, report.differ, report.position) == (2, 0, desk.journal.head().position)


def test_what_was_altered_is_told_and_counted_anew(desk: Desk) -> None:
    desk.month()
    march = tallies.c.key == MARCH
    desk.alter(tallies.update().where(march).values(amount="14.51"))
    assert desk.told() == [f"tallies bill {MARCH}, amount: says 14.51, the journal 14.50"]
    desk.alter(tallies.delete().where(march))
    assert desk.told() == [f"tallies bill {MARCH}: is missing, and the journal knows of it"]
    desk.alter(tallies.insert().values(kind="bill", key="x", number=1, amount="1.00"))
    assert len(desk.told()) == 2
    assert tally_recount.rebuild(desk.journal) == 2
    assert desk.told() == []
    run = desk.do("bill-run.announce", month="2026-03", bills=2, total="14.50", unit="group")
    desk.do("bill-run.balance", run)


def test_tallies_that_forget_what_counted_before_are_found(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = Tallies.change

    def forgetful(
        self: Tallies, kind: str, _: Mapping[str, Decimal], now: Mapping[str, Decimal]
    ) -> None:
        change(self, kind, {}, now)

    monkeypatch.setattr(Tallies, "change", forgetful)
    desk.month()
    told = desk.told()
    assert f"tallies bill {MARCH}, number: says 4, the journal 2" in told
    assert f"tallies bill {MARCH}, amount: says 34.50, the journal 14.50" in told
