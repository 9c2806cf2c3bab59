"""Bills from a sheet: a row a bill, or a row a line; once however often it is sent."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal as D
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.refusals import InvalidBody
from adapters.settings import Settings
from api.imports.files.import_file import ImportFile, Unfit, Wish
from api.imports.jobs.asked import Asked
from api.imports.mapping import SheetMapping
from api.imports.on_behalf import SYSTEM
from api.imports.result import Result
from domain.kernel.aggregate import Origin
from domain.kernel.tally import Tally

HEAD = "account_number,issued_on,due_on,amount," + ",".join(
    f"lines.{n}.{field}" for n in range(2) for field in ("kind", "product", "amount")
)
GOOD = "ZH-1,2026-04-05,2026-04-25,100.00,recurring,专线,110.00,discount,优惠,-10.00"
SHORT = "ZH-2,2026-04-05,2026-04-25,5.00,recurring,专线,5.00,,,"


class Desk:
    """A folder with a journal, to which sheets are brought."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "bills.csv"
        self.settings = replace(Settings.read(), data=folder / "data")
        self.settings.data.mkdir(mode=0o700)
        self.journal = Journal(self.settings.journal_url)
        self.journal.create()

    def bring(
        self, rows: Sequence[str], head: str = HEAD, run: str | None = None, dry_run: bool = False
    ) -> Result:
        """Import rows below a head, of March unless they have a month or the run has."""
        self.file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        mapping = SheetMapping()
        if run is None and "month" not in head:
            mapping.add(constants=["month=2026-03"])
        return self.run(self.file, Wish("bills", mapping, run=run, dry_run=dry_run))

    def run(self, file: Path, wish: Wish) -> Result:
        return ImportFile(self.settings, file, wish).run(lambda *_: SYSTEM)

    def announce(self, **told: Any) -> None:
        """Announce the run of March."""
        executor = Executor(self.journal)
        executor.start()
        try:
            body = {"month": "2026-03", "unit": "group", **told}
            origin = Origin("admin", "group", "announce")
            executor.submit(Call("bill-run.announce", None, body, origin)).result()
        finally:
            executor.stop()

    def bills(self) -> list[dict[str, Any]]:
        """Return what the bills are that were received."""
        return [e.data for e in self.journal.read(0) if e.type == "bill.received"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
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


LINES = "account_number,month,issued_on,due_on,amount,lines.kind,lines.product,lines.amount"
OF_ONE = (
    "ZH-1,2026-03,2026-04-05,2026-04-25,100.00,recurring,专线,110.00",
    "ZH-2,2026-03,2026-04-05,2026-04-25,5.00,recurring,专线,5.00",
    "ZH-1,2026-03,,,,discount,优惠,-10.00",
)


def test_rows_of_one_account_and_month_are_the_lines_of_one_bill(desk: Desk) -> None:
    found = desk.bring(OF_ONE, LINES)
    assert (found.imported, found.faults) == (3, [])
    bills = {bill["account_number"]: bill for bill in desk.bills()}
    assert {number: bill["amount"] for number, bill in bills.items()} == {
        "ZH-1": "100.00",
        "ZH-2": "5.00",
    }
    told = [(line["kind"], line["amount"]) for line in bills["ZH-1"]["lines"]]
    assert told == [("recurring", "110.00"), ("discount", "-10.00")]
    head = desk.journal.head().position
    again = desk.bring(OF_ONE, LINES)
    assert (again.imported, again.unchanged, again.faults) == (0, 3, [])
    assert desk.journal.head().position == head


def test_rows_of_two_months_are_two_bills(desk: Desk) -> None:
    other = OF_ONE[0].replace("2026-03", "2026-02").replace(",100.00,", ",110.00,")
    alone = OF_ONE[0].replace(",100.00,", ",110.00,")
    assert desk.bring([alone, other], LINES).imported == 2
    assert sorted(bill["month"] for bill in desk.bills()) == ["2026-02", "2026-03"]


@pytest.mark.parametrize(
    ("wrong", "line", "told"),
    [
        (OF_ONE[2].replace("-10.00", "-10.005"), 4, "column 'lines.amount': '-10.005'"),
        (OF_ONE[2].replace("discount", "gift"), 4, "column 'lines.kind': 'gift'"),
        (OF_ONE[2].replace("-10.00", "ten"), 4, "column 'lines.amount': 'ten' is no number"),
        (OF_ONE[2].replace("-10.00", "-11.00"), 2, "The lines of a bill come to its amount."),
        (OF_ONE[2].replace(",,,,", ",,,90.00,"), 4, "column 'amount': '90.00' is not what line 2"),
        (f"{OF_ONE[2]},more", 4, "9 cells, but 8 columns"),
    ],
)
def test_a_bill_is_all_or_nothing_and_its_fault_names_the_row(
    desk: Desk, wrong: str, line: int, told: str
) -> None:
    found = desk.bring([*OF_ONE[:2], wrong], LINES)
    assert found.imported == 1
    assert [bill["account_number"] for bill in desk.bills()] == ["ZH-2"]
    reasons = {fault.line: fault.reason for fault in found.faults}
    assert sorted(reasons) == [2, 4]
    assert told in reasons.pop(line)
    assert [*reasons.values()] == [f"is one record with line {line}, which failed"]


def test_a_sheet_is_of_the_month_of_its_run(desk: Desk) -> None:
    found = desk.bring(OF_ONE, LINES, run="2026-02")
    assert found.imported == 0
    assert "month: '2026-03' is not '2026-02'" in found.faults[0].reason
    assert desk.bring([GOOD], HEAD, run="2026-03").imported == 1
    for run, kind in (("2026-13", "bills"), ("2199-01", "bills"), ("2026-03", "customers")):
        with pytest.raises(Unfit) as refused:
            Wish(kind, run=run).check()
        assert refused.value.field == "run"


def test_a_dry_run_tells_what_would_be_missing_of_the_run(desk: Desk) -> None:
    tell = partial(desk.bring, OF_ONE, LINES, run="2026-03")
    assert "none is announced" in str(*tell(dry_run=True).runs)
    desk.announce(bills=3, total="108.00")
    before = desk.journal.head().position
    found = tell(dry_run=True)
    (run,) = found.runs
    assert (found.imported, desk.journal.head().position) == (3, before)
    assert (run.announced, run.received) == (Tally(3, D("108.00")), Tally(2, D("105.00")))
    assert str(run) == (
        "Run 2026-03 of billing: 3 of 108.00 announced, 2 of 105.00 in; 1 of 3.00 missing."
    )
    for _ in range(2):
        assert tell().runs == [run]
    last = "ZH-3,2026-03,2026-04-05,2026-04-25,3.00,usage,语音,3.00"
    (whole,) = desk.bring([last], LINES, run="2026-03").runs
    assert whole.missing == Tally()
    assert str(whole).endswith("all bills are in, 3 of 108.00; it can be balanced.")


def test_a_workbook_has_bills_of_several_rows(desk: Desk) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("明细", 0)
    for row in [LINES, *OF_ONE]:
        sheet.append(row.split(","))
    book.save(desk.file.with_suffix(".xlsx"))
    found = desk.run(desk.file.with_suffix(".xlsx"), Wish("bills", run="2026-03"))
    assert (found.imported, found.faults) == (3, [])
    assert len(desk.bills()) == 2


def test_a_form_says_the_run_and_is_told_what_of_it_is_wrong() -> None:
    assert Asked.of([("kind", "bills"), ("run", "2026-03")]).wish().run == "2026-03"
    for kind, run in (("bills", "2026-3"), ("bills", "2199-01"), ("customers", "2026-03")):
        with pytest.raises(InvalidBody) as refused:
            Asked.of([("kind", kind), ("run", run)])
        assert [each["pointer"] for each in refused.value.errors] == ["/run"]
