"""Files as people make them: read as they are meant, or refused by cell in words."""

from __future__ import annotations

import io

import openpyxl
from openpyxl.chart import BarChart

from tests.faults.fresh import Fresh, faults


def workbook() -> bytes:
    """Return a workbook whose first sheets are none, and whose cells are not what they seem."""
    book = openpyxl.Workbook()
    book["Sheet"].append(["secret"])
    book["Sheet"].sheet_state = "hidden"
    book.create_chartsheet("chart", 0).add_chart(BarChart())
    sheet = book.create_sheet("data")
    for row in (
        ["name", "unit", "registration_number"],
        ["Eighteen", "group", 914401012345678901],
        ["Zeros", "group", 12345],
        ["Formula", "group", "=1+1"],
        ["#NAME?", "group", "x1"],
        ["Upper", "gd", "x2"],
        ["Lower", None, "x3"],
    ):
        sheet.append(row)
    sheet["C3"].number_format = "000000"
    sheet.merge_cells("B6:B7")
    book.active = 2
    book.save(file := io.BytesIO())
    return file.getvalue()


def test_a_cell_of_a_workbook_is_read_right_or_refused(keyline: Fresh) -> None:
    done = keyline.bring("customers", workbook())
    assert "3 imported, 0 were there already, 3 failed" in done.stdout, done.stderr
    assert "Read is the sheet 'data'; there are Sheet, too." in done.stderr
    eighteen, formula, error = faults(done)
    assert eighteen.startswith("line 2: column 'registration_number' ")
    assert "more than the 15 digits that Excel keeps" in eighteen
    assert formula.startswith("line 4: column 'registration_number' ")
    assert "is a formula whose value is not in the file" in formula
    assert error.startswith("line 5: column 'name' ")
    assert "is an error of the spreadsheet, #NAME?" in error
    rows = keyline.ask("/customers", sort="name")["items"]
    assert [(row["name"], row["unit"], row["registration_number"]) for row in rows] == [
        ("Lower", "gd", "x3"),
        ("Upper", "gd", "x2"),
        ("Zeros", "group", "012345"),
    ]


def test_a_csv_file_is_read_as_it_was_meant(keyline: Fresh) -> None:
    text = '客户清单;;;;;\n"name; short, or long";unit;phone;phone;;\n广州轮船;group;1;2;;\n'
    done = keyline.bring(
        "customers",
        text.encode("utf-16"),
        *("--header-row", "2", "--map", "name; short, or long=name"),
    )
    assert "1 imported, 0 were there already, 0 failed" in done.stdout, done.stderr
    assert len(keyline.ask("/customers", name="广州轮船")["items"]) == 1


def test_the_separator_is_the_one_that_is_named(keyline: Fresh) -> None:
    text = "name|unit,of;all\n桥梁;一|group\n"
    done = keyline.bring("customers", text, "--separator", "|", "--map", "unit,of;all=unit")
    assert "1 imported, 0 were there already, 0 failed" in done.stdout, done.stderr
    assert len(keyline.ask("/customers", name="桥梁;一")["items"]) == 1


def test_a_byte_order_mark_counts_whatever_encoding_is_said(keyline: Fresh) -> None:
    marked = "name,unit\n广州灯塔,group\n".encode("utf-8-sig")
    done = keyline.bring("customers", marked, "--encoding", "gb18030")
    assert "1 imported, 0 were there already, 0 failed" in done.stdout, done.stderr
    assert len(keyline.ask("/customers", name="广州灯塔")["items"]) == 1


def test_an_encoding_that_does_not_fit_is_refused_in_one_line(keyline: Fresh) -> None:
    done = keyline.bring("customers", "name,unit\n广州,group\n".encode("gb18030"))
    assert (done.returncode, done.stdout) == (2, "")
    (told,) = (line for line in done.stderr.splitlines() if line.startswith("keyline: "))
    assert "--encoding gb18030" in told
    assert "Traceback" not in done.stderr


def test_days_and_amounts_that_people_write_are_read_or_refused_with_the_value(
    keyline: Fresh,
) -> None:
    days = ("2026-03-05 00:00:00", "20260305", "２０２６－０３－０５", "2026年3月5日", "3/5/2026")
    amounts = ("￥1234.50", "1234.5元", "１２３４．５０", "¥1234.5", "1234")
    told = [f"D{n},group,{day},{amounts[n]}\n" for n, day in enumerate(days)]
    done = keyline.bring("customers", "name,unit,registered_on,annual_revenue\n" + "".join(told))
    (refused,) = faults(done)
    assert refused.startswith("line 6: column 'registered_on': '3/5/2026' is no day")
    rows = keyline.ask("/customers", sort="name", registered_on="2026-03-05")["items"]
    assert [(row["name"], row["annual_revenue"]) for row in rows] == [
        (f"D{number}", "1234.50") for number in range(4)
    ]


def test_telephone_numbers_that_people_write_are_read(keyline: Fresh) -> None:
    people = "code,name,unit,phone\np1,甲,group,(020) 88881234\np2,乙,group,020-88881234转8001\n"
    done = keyline.bring("employees", people)
    assert "2 imported, 0 were there already, 0 failed" in done.stdout, done.stderr
    rows = keyline.ask("/employees", code="p1,p2", sort="code")["items"]
    assert [row["phone"] for row in rows] == ["020-88881234", "020-88881234x8001"]
