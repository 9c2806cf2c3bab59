"""Spreadsheets: what people open is what was meant, neither run nor altered."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import openpyxl
import pytest

from api.kernel.problems import InvalidParameter
from api.reads.spreadsheets import XLSX, csv_head, csv_lines, workbook
from tests.api.asking import problem, register
from tests.api.documented import committed

RUNNING = ["=1+1", "+86 20 1234", "-x", "@SUM(A1)", "\tx", "\rx", "＝1+1", "－x"]


def read(content: bytes) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.active is not None
    return list(book.active.iter_rows(values_only=True))


def test_csv_is_as_it_is_unless_it_is_for_excel() -> None:
    rows = [[text, Decimal("-5.00"), -3, None] for text in RUNNING]
    raw = (csv_head(["a", "b", "c", "d"]) + csv_lines(rows)).decode()
    assert [row[0] for row in csv.reader(io.StringIO(raw, newline=""))][1:] == RUNNING
    safe = csv_head(["a", "b", "c", "d"], "excel") + csv_lines(rows, "excel")
    assert safe.startswith(b"\xef\xbb\xbfa,b")
    found = list(csv.reader(io.StringIO(safe.decode("utf-8-sig"), newline="")))[1:]
    assert found == [[f"'{text}", "-5.00", "-3", ""] for text in RUNNING]


def test_a_workbook_has_texts_as_texts_and_all_digits() -> None:
    moment = datetime(2026, 3, 31, 1, 2, 3, tzinfo=UTC)
    row = ["=1+1", "0012", Decimal("12.50"), Decimal("9999999999999999.99"), 7, True, None]
    content = workbook(list("abcdefghij"), [[*row, date(2026, 3, 31), moment, ["x", {"y": 1}]]])
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    first, *_, nested = (cell := list(sheet.iter_rows())[1])
    assert (first.value, first.data_type) == ("=1+1", "s")
    assert [each.value for each in cell[1:7]] == ["0012", 12.5, str(row[3]), 7, True, None]
    assert cell[7].value == datetime(2026, 3, 31)  # noqa: DTZ001 (workbooks know no zone)
    assert cell[8].value == "2026-03-31T01:02:03Z"
    assert nested.value == '["x",{"y":1}]'


def test_what_a_workbook_would_cut_off_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="32,767 letters a cell; a note has more"):
        workbook(["note"], [["x" * 40_000]])


def test_all_that_comes_as_csv_comes_for_excel_and_as_workbook_too() -> None:
    ways = [
        operation
        for path in committed()["paths"].values()
        for operation in path.values()
        if "text/csv" in operation["responses"].get("200", {}).get("content", {})
        and operation["operationId"] != "import.errors"  # rows as they were, to be sent again
    ]
    assert len(ways) > 20
    for operation in ways:
        assert XLSX in operation["responses"]["200"]["content"], operation["operationId"]
        names = {each["name"] for each in operation["parameters"]}
        assert "for" in names, operation["operationId"]


def test_lists_reports_and_the_log_open_in_excel(client: httpx.Client) -> None:
    made = register(client, name="=1+1 华南电力")
    at = {"min_position": made["position"]}
    for path, asked in (
        ("/customers", {"fields": "name,unit", **at}),
        ("/reports/customers", {"by": "unit", **at}),
        ("/reports/customers/records", {"measures": "customers", **at}),
        ("/operations", {}),
        ("/system-log", {"event": "process.*"}),
    ):
        for_excel = client.get(path, params={**asked, "format": "csv", "for": "excel"})
        assert for_excel.status_code == 200, for_excel.text
        table = list(csv.reader(io.StringIO(for_excel.content.decode("utf-8-sig"), newline="")))
        assert for_excel.content.startswith(b"\xef\xbb\xbf")
        assert not any(cell.startswith("=") for row in table for cell in row)
        answer = client.get(path, params={**asked, "format": "xlsx"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX)
        assert read(answer.content)[0] == tuple(table[0])
        refused = client.get(path, params={**asked, "for": "excel"})
        assert problem(refused, 422, "invalid-parameter")["errors"][0]["parameter"] == "for"
    listed = client.get("/customers", params={"format": "xlsx", "fields": "name", **at})
    assert ("=1+1 华南电力",) in [row[:1] for row in read(listed.content)]
