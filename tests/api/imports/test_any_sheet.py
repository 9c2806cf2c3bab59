"""Any sheet of random cells is imported exactly, or refused by cell, nothing between."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError

from adapters.commands.executor import Executor
from adapters.journal.journal import Journal
from api.imports import written as written_numbers
from api.imports.files.sheets import SheetError, read_sheet
from api.imports.importer import Importer
from api.imports.mapping import SheetMapping
from api.imports.result import Result
from api.imports.row_commands import Plan
from domain.kernel.actors import IMPORT
from domain.kernel.aggregate import Recorded
from tests.adapters.keyring import keys_in
from tests.organisation import organise
from tests.volume import examples

COLUMNS = ("name", "annual_revenue", "employees", "registered_on", "manager", "note")

texts = st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=12
) | st.sampled_from(["广州银行", " A ", "=1+1", "a\nb", '"', "NULL", "，", "1E+17", "\u3000", "-"])
amounts = texts | st.decimals(0, 10**9, places=2).map(str)
amounts |= st.sampled_from(
    ["1,234.50", "￥5", "1.2万", "1,23", "１２", "-1", "1e5", "0.001", "5元"]
)
counts = texts | st.integers(-5, 10**12).map(str) | st.sampled_from(["1,200", "12.0", "1.5", "²"])
days = texts | st.dates().map(str)
days |= st.sampled_from(["2020/2/30", "20200301", "2020年3月1日", "0", "43000", "2020-03-01 00:00"])
people = st.sampled_from(["", "li.wei", "nobody", "li.wei "]) | texts
rows = st.tuples(texts, amounts, counts, days, people, texts)
sheets = st.lists(rows, max_size=6)


class Desk:
    """A journal into which sheets are imported one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(f"sqlite:///{folder / 'journal.db'}", keys=keys_in(folder))
        self.journal.create()
        self.executor = Executor(self.journal)
        self.executor.start()
        self.number = 0
        organise(self.executor, ["li.wei"])

    def run(self, file: Path) -> tuple[Result, list[Recorded]]:
        """Import a file; returns what became of it and the events that it made."""
        self.number += 1
        before = self.journal.head().position
        mapping = SheetMapping()
        mapping.add(columns=["manager=assign-manager.manager"], constants=["unit=gd"], key="key")
        sheet = read_sheet(file)
        plan = Plan("customer", mapping, sheet)
        importer = Importer(plan, self.journal, self.executor, source=str(self.number))
        result = importer.run(sheet)
        made = [event for event in self.journal.read(before) if event.who == IMPORT]
        return result, made


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(tmp_path_factory.mktemp("sheets"))
    yield desk
    desk.executor.stop()
    desk.journal.close()


modest = settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)


def written(cells: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=True))


def meant(row: dict[str, str], data: dict[str, Any]) -> bool:
    """Whether what was recorded is what the cells of a row say, by another reading of them."""
    if data["name"] != row["name"]:
        return False
    if (data["annual_revenue"] is None) != (row["annual_revenue"] == ""):
        return False
    if row["annual_revenue"] and Decimal(data["annual_revenue"]) != by_hand(row["annual_revenue"]):
        return False
    if (data["employees"] is None) != (row["employees"] == ""):
        return False
    if row["employees"] and data["employees"] != by_hand(row["employees"]):
        return False
    if (data["registered_on"] is None) != (row["registered_on"] == ""):
        return False
    return not row["registered_on"] or date.fromisoformat(data["registered_on"]) == day_by_hand(
        row["registered_on"]
    )


def by_hand(text: str) -> Decimal:
    factor = 10_000 if text.endswith("万") else 1
    digits = "".join(str(int(c)) if c.isdecimal() else c for c in text if c not in ",，￥¥元万 +")
    return Decimal(digits) * factor


def day_by_hand(text: str) -> date:
    digits = [c if c.isdecimal() else " " for c in text.split(" 00:00")[0]]
    parts = "".join(digits).split()
    if len(parts) == 1:
        parts = [parts[0][:4], parts[0][4:6], parts[0][6:]]
    return date(*map(int, parts))


def check(desk: Desk, file: Path, sheet: list[tuple[str, ...]], lines: list[int]) -> None:
    result, made = desk.run(file)
    refused = {fault.line: fault.reason for fault in result.faults}
    events: dict[str, list[Recorded]] = {}
    for event in made:
        events.setdefault(event.stream, []).append(event)
    whole = list(events.values())
    left = [
        (line, written(cells))
        for line, cells in zip(lines, sheet, strict=True)
        if line not in refused
    ]
    assert len(whole) == len(left) == result.imported
    assert all(reason for reason in refused.values())
    for (line, row), history in zip(left, whole, strict=True):
        assert meant(row, history[0].data), (line, row, history[0].data)
        wanted = ["customer.registered"] + (["customer.manager-assigned"] if row["manager"] else [])
        assert [event.type for event in history] == wanted
        if row["manager"]:
            assert history[1].data["manager"] == "li.wei"


@modest
@given(sheets)
def test_a_text_file_is_imported_exactly_or_refused_by_row(
    desk: Desk, sheet: list[tuple[str, ...]]
) -> None:
    file, text, lines = desk.folder / "any.csv", io.StringIO(newline=""), []
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("key", *COLUMNS))
    for number, cells in enumerate(sheet):
        before = next_line(text.getvalue())
        lines.append(before)
        writer.writerow((f"k{number}", *cells))
    file.write_text(text.getvalue(), encoding="utf-8", newline="")
    check(desk, file, sheet, lines)


def next_line(text: str) -> int:
    return len(list(io.StringIO(text, newline=""))) + 1


@modest
@given(sheets)
def test_a_workbook_is_imported_exactly_or_refused_by_row(
    desk: Desk, sheet: list[tuple[str, ...]]
) -> None:
    book = openpyxl.Workbook()
    page = book["Sheet"]
    page.append(["key", *COLUMNS])
    for number, cells in enumerate(sheet):
        try:
            page.append([f"k{number}", *cells])
        except IllegalCharacterError:
            return
        for cell in page[number + 2]:
            cell.data_type = "s"  # as typed, whatever it begins with
    book.save(file := desk.folder / "any.xlsx")
    try:
        check(desk, file, sheet, list(range(2, len(sheet) + 2)))
    except SheetError:
        pytest.fail("a workbook of texts could not be read")


def test_a_reading_that_alters_a_cell_would_be_caught(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = written_numbers.number
    monkeypatch.setattr(written_numbers, "number", lambda text: Decimal(int(exact(text))))
    file = desk.folder / "altered.csv"
    file.write_text("key," + ",".join(COLUMNS) + "\nk,A,1.5,,,,\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        check(desk, file, [("A", "1.5", "", "", "", "")], [2])
