"""Sites, products in use and billing accounts from sheets: tried dry, then once however often."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from adapters.commands.bootstrap import lay
from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.settings import Settings
from api.imports.files.import_file import ImportFile, Wish
from api.imports.on_behalf import SYSTEM
from api.imports.result import Result
from domain.kernel.aggregate import Origin

SHEETS = {
    "sites": (
        ["客户", "客户点名称", "单位", "类型", "地址", "城乡", "注"],
        ["启明银行", "总部", "group", "head-office", "东风中路 300 号", "town", "x"],
        ["启明银行", "仓库", "group", "castle", "黄埔大道 1 号", "town", "x"],
        "castle",
    ),
    "products-in-use": (
        [
            "customer",
            "unit",
            "product_name",
            "service_number",
            "quantity",
            "monthly fee",
            "attributes.bandwidth",
        ],
        ["启明银行", "group", "专线", "GZ-1001", "2", "12,000.00", "100"],
        ["无名公司", "group", "专线", "GZ-1002", "1", "1.00", ""],
        "无名公司",
    ),
    "billing-accounts": (
        ["账户号码", "unit", "customer", "currency"],
        ["ZH-1001", "group", "启明银行", "CNY"],
        ["ZH-1001", "group", "", "USD"],
        "A billing account number is given once.",
    ),
}
"""By what is imported: the columns, a row, one that is wrong, and what is told of that."""


class Desk:
    """A house with one customer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = replace(Settings.read(), data=folder / "data")
        self.settings.data.mkdir(mode=0o700)
        self.journal = Journal(self.settings.journal_url)
        self.journal.create()
        executor = Executor(self.journal)
        executor.start()
        lay(executor)
        body = {"name": "启明银行", "unit": "group"}
        origin = Origin("e1", "group", "register")
        executor.submit(Call("customer.register", None, body, origin)).result()
        executor.stop()

    def bring(self, kind: str, rows: list[list[str]], suffix: str, dry_run: bool) -> Result:
        file = self.folder / f"{kind}{suffix}"
        if suffix == ".csv":
            quoted = (",".join(f'"{cell}"' for cell in row) for row in rows)
            file.write_text("\n".join(quoted) + "\n", encoding="utf-8")
        else:
            book = openpyxl.Workbook()
            sheet = book.create_sheet(kind, 0)
            for row in rows:
                sheet.append(row)
            book.save(file)
        found = ImportFile(self.settings, file, Wish(kind, dry_run=dry_run))
        self.notes = [*found.notes()]
        return found.run(lambda *_: SYSTEM)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.journal.close()


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("kind", SHEETS)
def test_a_sheet_is_tried_dry_and_comes_in_once(desk: Desk, kind: str, suffix: str) -> None:
    columns, good, wrong, told = SHEETS[kind]
    rows, before = [columns, good, wrong], desk.journal.head().position
    dry = desk.bring(kind, rows, suffix, dry_run=True)
    assert (dry.imported, dry.unchanged, desk.journal.head().position) == (1, 0, before)
    assert any(note.startswith("Mapped by their names: ") for note in desk.notes)
    assert [fault.line for fault in dry.faults] == [3]
    found = desk.bring(kind, rows, suffix, dry_run=False)
    assert (found.imported, [fault.line for fault in found.faults]) == (1, [3])
    assert told in found.faults[0].reason
    head = desk.journal.head().position
    assert head == before + 1
    again = desk.bring(kind, rows, suffix, dry_run=False)
    assert (again.imported, again.unchanged, desk.journal.head().position) == (0, 1, head)
