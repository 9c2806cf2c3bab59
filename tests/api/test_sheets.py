"""Sheets are read as people make them: CSV of many kinds, and XLSX."""

from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from api.sheets import Sheet, SheetError, read_sheet


def cells(sheet: Sheet) -> list[dict[str, str]]:
    return [row.cells for row in sheet.rows]


def write(folder: Path, content: bytes) -> Path:
    path = folder / "some.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("mark", ",;\t")
def test_the_separator_is_found_out(tmp_path: Path, mark: str) -> None:
    path = write(tmp_path, f"name{mark}unit\n广州银行{mark}gd-gz\n".encode())
    assert cells(read_sheet(path)) == [{"name": "广州银行", "unit": "gd-gz"}]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeffname\nAcme\n".encode())
    assert read_sheet(path).columns == ["name"]


def test_older_chinese_files_are_read_when_their_encoding_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "名称\n广州银行\n".encode("gb18030"))
    with pytest.raises(SheetError, match="--encoding gb18030"):
        read_sheet(path)
    assert cells(read_sheet(path, "gb18030")) == [{"名称": "广州银行"}]


def test_rows_know_the_line_where_they_begin(tmp_path: Path) -> None:
    path = write(tmp_path, b'name,note\nA,"two\nlines"\n\nB,\n')
    assert [row.line for row in read_sheet(path).rows] == [2, 5]


def test_a_row_with_too_many_cells_is_at_fault_and_the_others_are_not(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path, b"name,unit\nA,gd,x\nB\n"))
    assert [row.fault for row in sheet.rows] == ["3 cells, but 2 columns", None]
    assert sheet.rows[1].cells == {"name": "B", "unit": ""}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no first row"),
        (b"name,name\nA,B\n", "more than one column 'name'"),
        (b'name\n"A', "line 2"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    with pytest.raises(SheetError, match=complaint):
        read_sheet(write(tmp_path, content))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="cannot be read"):
        read_sheet(tmp_path / "none.csv")


def test_a_workbook_gives_its_cells_as_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("second").append(["other"])
    sheet = book["Sheet"]
    sheet.append(["name", "opened", "at", "count", "share", "vip", None])
    moment = datetime(2025, 3, 1, 9, 30, tzinfo=UTC).replace(tzinfo=None)
    sheet.append(["广州银行", date(2025, 3, 1), moment, 12.0, 0.5, True, None])
    book.save(path := tmp_path / "book.xlsx")

    assert cells(read_sheet(path)) == [
        {
            "name": "广州银行",
            "opened": "2025-03-01",
            "at": "2025-03-01T09:30:00",
            "count": "12",
            "share": "0.5",
            "vip": "true",
        }
    ]
    assert read_sheet(path, name="second").columns == ["other"]
    with pytest.raises(SheetError, match="no sheet 'third', but Sheet, second"):
        read_sheet(path, name="third")


def test_a_file_that_only_pretends_to_be_a_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"name\nA\n")
    with pytest.raises(SheetError, match="not an XLSX file"):
        read_sheet(path)
