"""Bills from a sheet: a row a bill with its lines beside one another, once however often."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from adapters.commands.executor import Executor
from adapters.journal.journal import Journal
from api.imports.files.sheets import read_sheet
from api.imports.importer import Importer
from api.imports.mapping import SheetMapping
from api.imports.result import Result
from api.imports.row_commands import Plan

HEAD = "account_number,issued_on,due_on,amount," + ",".join(
    f"lines.{n}.{field}" for n in range(2) for field in ("kind", "product", "amount")
)
GOOD = "ZH-1,2026-04-05,2026-04-25,100.00,recurring,专线,110.00,discount,优惠,-10.00"
SHORT = "ZH-2,2026-04-05,2026-04-25,5.00,recurring,专线,5.00,,,"


class Desk:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "bills.csv"
        self.journal = Journal(f"sqlite:///{folder / 'journal.db'}")
        self.journal.create()
        self.executor = Executor(self.journal)
        self.executor.start()

    def bring(self, rows: Sequence[str]) -> Result:
        self.file.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
        mapping = SheetMapping()
        mapping.add(columns=[], constants=["month=2026-03"], key=None)
        sheet = read_sheet(self.file)
        return Importer(Plan("bill", mapping, sheet), self.journal, self.executor).run(sheet)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.executor.stop()
    desk.journal.close()


def test_a_file_again_changes_nothing_and_another_bill_of_the_month_is_told(desk: Desk) -> None:
    first = desk.bring([GOOD, SHORT])
    assert (first.imported, first.unchanged, first.faults) == (2, 0, [])
    head = desk.journal.head().position
    again = desk.bring([GOOD, SHORT])
    assert (again.imported, again.unchanged, again.faults) == (0, 2, [])
    (fault,) = desk.bring([GOOD.replace("110.00", "120.00").replace(",100.00,", ",110.00,")]).faults
    assert "An account has one bill a month; what comes again is a correction." in fault.reason
    assert desk.journal.head().position == head


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (SHORT.replace(",5.00,,,", ",5.005,,,"), "lines.0.amount"),
        (SHORT.replace(",5.00,,,", ",4.00,,,"), "The lines of a bill come to its amount."),
        (SHORT.replace("2026-04-25", "2026-04-01"), "due no earlier than it is issued"),
    ],
)
def test_a_row_that_is_wrong_is_told_by_its_line_and_the_rest_goes_on(
    desk: Desk, wrong: str, told: str
) -> None:
    found = desk.bring([wrong, GOOD])
    assert found.imported == 1
    (fault,) = found.faults
    assert (fault.line, told in fault.reason) == (2, True)
