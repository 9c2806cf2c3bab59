"""Sheets are read as people make them: CSV of many kinds, and XLSX."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart
from openpyxl.worksheet.worksheet import Worksheet

from api.imports.files.sheets import Reading, Sheet, SheetError, read_sheet


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
    assert cells(read_sheet(path, Reading(encoding="gb18030"))) == [{"名称": "广州银行"}]


def test_rows_know_the_line_where_they_begin(tmp_path: Path) -> None:
    path = write(tmp_path, b'name,note\nA,"two\nlines"\n\nB,\n')
    assert [row.line for row in read_sheet(path).rows] == [2, 5]


def test_rows_that_are_not_of_the_header_s_shape_are_at_fault_and_the_others_are_not(
    tmp_path: Path,
) -> None:
    sheet = read_sheet(write(tmp_path, b"name,unit,,\nA,gd,x\nB\nC,gd\nD,gd,,,,\n"))
    assert [row.fault for row in sheet.rows] == [
        "3 cells, but 2 columns",
        "1 cells, but 2 columns",
        None,
        None,
    ]
    assert sheet.rows[2].cells == {"name": "C", "unit": "gd"}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no first row"),
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
            "vip": "TRUE",
        }
    ]
    assert read_sheet(path, Reading(sheet="second")).columns == ["other"]
    with pytest.raises(SheetError, match="no sheet 'third' with cells, but Sheet, second"):
        read_sheet(path, Reading(sheet="third"))


def test_a_file_that_only_pretends_to_be_a_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"name\nA\n")
    with pytest.raises(SheetError, match="not an XLSX file"):
        read_sheet(path)


def book(folder: Path, fill: Callable[[Worksheet], object]) -> Path:
    """Write a workbook of one sheet."""
    made = openpyxl.Workbook()
    fill(made["Sheet"])
    made.save(path := folder / "book.xlsx")
    return path


def table(*rows: list[object]) -> Callable[[Worksheet], object]:
    def fill(sheet: Worksheet) -> None:
        for row in rows:
            sheet.append(row)

    return fill


@pytest.mark.parametrize(
    ("value", "form", "text", "wrong"),
    [
        (914401012312345, "General", "914401012312345", None),
        (914401012312345678, "0", "914401012312346000", "than the 15 digits that Excel keeps"),
        (9.14401012312345e17, "General", "914401012312345000", "more than the 15 digits"),
        (12345, "000000", "012345", None),
        (12345, '"GZ-"00000', "12345", 'which its format "GZ-"00000 shows otherwise'),
        (5710012, "000-0000", "5710012", "shows otherwise: make it text"),
        (1234.5, "#,##0.00", "1234.5", None),
        (1234.5, '[$¥-804]#,##0.00"元"', "1234.5", None),
        (0.1 + 0.2, "General", "0.3", None),
        (0.25, "0%", "25%", None),
        ("=1+1", "General", "", "is a formula whose value is not in the file"),
        ("#NAME?", "General", "#NAME?", "is an error of the spreadsheet, #NAME?"),
        ("'#N/A is text", "General", "'#N/A is text", None),
    ],
)
def test_a_cell_is_what_a_person_sees_or_says_why_not(
    tmp_path: Path, value: object, form: str, text: str, wrong: str | None
) -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.append(["name", "number"])
        sheet.append(["A", value])
        sheet["B2"].number_format = form

    (row,) = read_sheet(book(tmp_path, fill)).rows
    assert row.cells["number"] == text
    assert (wrong or "") in row.wrong.get("number", "")
    assert bool(row.wrong) is (wrong is not None)


def test_a_merged_cell_counts_for_each_row_that_it_covers(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        for row in (["unit", "name", "post"], ["gd", "A", "p"], [None, "B", "q"], ["bj", "C", "r"]):
            sheet.append(row)
        sheet.merge_cells("A2:A3")
        sheet.merge_cells("B4:C4")

    first, second, third = read_sheet(book(tmp_path, fill)).rows
    assert (first.cells["unit"], second.cells["unit"], third.cells["unit"]) == ("gd", "gd", "bj")
    assert (third.cells["name"], dict(third.wrong)) == (
        "C",
        {"post": "is merged with the cell to its left"},
    )


def test_the_first_sheet_that_a_person_sees_is_read_and_named(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made["Sheet"].append(["secret"])
    made["Sheet"].sheet_state = "hidden"
    made.create_sheet("data").append(["name"])
    made.create_chartsheet("chart", 0).add_chart(BarChart())
    made.active = 2
    made.save(path := tmp_path / "book.xlsx")
    sheet = read_sheet(path)
    assert (sheet.columns, sheet.notes) == (
        ["name"],
        ("Read is the sheet 'data'; there are Sheet, too.",),
    )
    assert read_sheet(path, Reading(sheet="Sheet")).columns == ["secret"]
    with pytest.raises(SheetError, match="no sheet 'chart' with cells"):
        read_sheet(path, Reading(sheet="chart"))


def test_rows_that_are_hidden_are_read_and_told(tmp_path: Path) -> None:
    def fill(sheet: Worksheet) -> None:
        table(["name"], ["A"], ["B"])(sheet)
        sheet.row_dimensions[2].hidden = True

    sheet = read_sheet(book(tmp_path, fill))
    assert len(sheet.rows) == 2
    assert sheet.notes == ("1 rows that are hidden are read as well.",)


def test_an_old_or_protected_workbook_is_told_apart(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(SheetError, match="old or protected Excel file"):
        read_sheet(path)


def test_a_broken_workbook_is_refused_in_one_line(tmp_path: Path) -> None:
    whole = book(tmp_path, table(["name"], ["A"])).read_bytes()
    path = tmp_path / "broken.xlsx"
    for cut in (10, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:cut])
        with pytest.raises(SheetError, match="XLSX file that can be read"):
            read_sheet(path)


def test_a_workbook_is_known_by_its_content(tmp_path: Path) -> None:
    path = write(tmp_path, book(tmp_path, table(["name"], ["A"])).read_bytes())
    assert cells(read_sheet(path)) == [{"name": "A"}]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
@pytest.mark.parametrize("said", [None, "gb18030"])
def test_a_byte_order_mark_says_for_certain_what_the_encoding_is(
    tmp_path: Path, encoding: str, said: str | None
) -> None:
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    path = write(tmp_path, f"{mark}名称\t单位\r\n广州银行\tgd\r\n".encode(encoding))
    sheet = read_sheet(path, Reading(encoding=said))
    assert cells(sheet) == [{"名称": "广州银行", "单位": "gd"}]
    assert bool(sheet.notes) is (said is not None)


@pytest.mark.parametrize(
    ("content", "said", "complaint"),
    [
        ("名称\n广州银行\n".encode(), "gb18030", "is UTF-8, not gb18030: leave --encoding away"),
        ("名称\n广州银行\n".encode("gb18030"), "ascii", "is not ASCII text; Without --encoding"),
        (b"name\nA\n", "klingon", "There is no encoding 'klingon'"),
        (b"name\nA\n", "base64", "'base64' is no encoding of text"),
        (b"name\nA\n", "\0", "There is no encoding"),
        ("name\nA\n".encode("utf-16-le"), None, "characters of code 0"),
        (b"name\nA\n", "utf-16", "characters of code 0|is not UTF-16 text"),
    ],
)
def test_an_encoding_that_does_not_fit_is_refused_in_one_line(
    tmp_path: Path, content: bytes, said: str | None, complaint: str
) -> None:
    with pytest.raises(SheetError, match=complaint) as caught:
        read_sheet(write(tmp_path, content), Reading(encoding=said))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said", "columns"),
    [
        ('"name, short; or long";unit\nA;gd\n', None, ["name, short; or long", "unit"]),
        ("name|unit\nA|gd\n", None, ["name", "unit"]),
        ("sep=;\nname;unit,of\nA;gd\n", None, ["name", "unit,of"]),
        ("name,unit;of;all\nA,gd\n", ",", ["name", "unit;of;all"]),
        ("name\tunit, of, all\nA\tgd\n", "tab", ["name", "unit, of, all"]),
    ],
)
def test_separators_are_found_behind_quotes_or_as_named(
    tmp_path: Path, text: str, said: str | None, columns: list[str]
) -> None:
    sheet = read_sheet(write(tmp_path, text.encode()), Reading(separator=said))
    assert (sheet.columns, list(sheet.rows[0].cells.values())) == (columns, ["A", "gd"])


@pytest.mark.parametrize("separator", ["", ";;", '"', "\n"])
def test_what_is_no_separator_is_refused(tmp_path: Path, separator: str) -> None:
    with pytest.raises(SheetError, match="A separator is one character"):
        read_sheet(write(tmp_path, b"name\nA\n"), Reading(separator=separator))


def test_the_header_may_stand_further_down(tmp_path: Path) -> None:
    path = write(tmp_path, "客户清单,,\n2026年,,\nname,unit,\nA,gd,\n".encode())
    sheet = read_sheet(path, Reading(header_row=3))
    assert cells(sheet) == [{"name": "A", "unit": "gd"}]
    assert sheet.rows[0].line == 4
    with pytest.raises(SheetError, match="has no row 9 that names the columns"):
        read_sheet(path, Reading(header_row=9))


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path, b"name,phone,phone\nA,1,2\n"))
    assert cells(sheet) == [{"name": "A", "phone (1)": "1", "phone (2)": "2"}]
    assert sheet.twice == {"phone"}
