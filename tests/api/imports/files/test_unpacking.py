"""A file that would take more memory than an import may is refused before it is read."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from api.imports.files.delimited import LONGEST
from api.imports.files.sheets import SheetError, read_sheet
from api.imports.files.unpacking import Bounds

STRINGS = "xl/sharedStrings.xml"
DECLARED = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/'
    b'vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)
SHEET = "xl/worksheets/sheet1.xml"
SHEET_OF_CELLS = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    f"<sheetData><row>{'<c/>' * 200_000}</row></sheetData></worksheet>"
)
"""More cells than a table may have here, in one row."""


def book(path: Path, rows: int = 3) -> Path:
    """Write an ordinary XLSX file."""
    made = openpyxl.Workbook()
    assert made.active is not None
    made.active.append(["name", "unit"])
    for number in range(rows):
        made.active.append([f"Customer {number}", "group"])
    made.save(path)
    return path


def altered(path: Path, part: str, content: bytes, packed: int = zipfile.ZIP_DEFLATED) -> Path:
    """Put other content into one part of an XLSX file, or add it."""
    with zipfile.ZipFile(path) as file:
        parts = {each.filename: file.read(each) for each in file.infolist()}
    if part == STRINGS:  # without this a reader leaves them alone
        types = parts["[Content_Types].xml"]
        parts["[Content_Types].xml"] = types.replace(b"</Types>", DECLARED)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, each in (parts | {part: content}).items():
            file.writestr(name, each, packed if name == part else None)
    return path


def of_one_text(path: Path) -> Path:
    """Return a file of some 80 kB with one shared string of 80 MB."""
    text = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
    return altered(book(path), STRINGS, text + b"A" * 80_000_000 + b"</t></si></sst>")


def of_entities(path: Path) -> Path:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    return altered(book(path), STRINGS, f'<!DOCTYPE s [<!ENTITY l0 "ha">{lol}]><sst/>'.encode())


def of_entities_in_utf16(path: Path) -> Path:
    return altered(book(path), STRINGS, '<!DOCTYPE s [<!ENTITY a "b">]><sst/>'.encode("utf-16"))


def of_cells_in_utf16(path: Path) -> Path:
    return altered(book(path), SHEET, SHEET_OF_CELLS.encode("utf-16"))


def of_cells_in_utf16_without_a_mark(path: Path) -> Path:
    declared = f'<?xml version="1.0" encoding="UTF-16"?>{SHEET_OF_CELLS}'
    return altered(book(path), SHEET, declared.encode("utf-16-be"))


def of_cells_in_ebcdic(path: Path) -> Path:
    declared = b"<?xml version='1.0' encoding='cp037'?>"
    return altered(book(path), SHEET, declared + SHEET_OF_CELLS.encode("cp037"))


def of_entities_by_another_name(path: Path) -> Path:
    made = altered(book(path), "xl/picture.png", b'<!DOCTYPE s [<!ENTITY a "b">]><sst/>')
    with zipfile.ZipFile(made) as file:
        types = file.read("[Content_Types].xml").replace(b"</Types>", DECLARED)
    types = types.replace(STRINGS.encode(), b"xl/picture.png")
    return altered(made, "[Content_Types].xml", types)


def of_entities_far_down(path: Path) -> Path:
    start = b"<!--" + b"x" * 70_000 + b"-->"
    return altered(book(path), STRINGS, start + b'<!DOCTYPE s [<!ENTITY a "b">]><sst/>')


def of_bzip2(path: Path) -> Path:
    return altered(book(path), STRINGS, b"<sst/>", zipfile.ZIP_BZIP2)


def of_many_parts(path: Path) -> Path:
    with zipfile.ZipFile(book(path), "a") as file:
        for number in range(2001):
            file.writestr(f"part{number}", b"")
    return path


def of_a_far_cell(path: Path) -> Path:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    row = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>name</t></is></c></row>'
    rows = row.format(1) + row.format(900_000_000)
    content = f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'
    return altered(book(path), SHEET, content.encode())


def of_one_row(path: Path) -> Path:
    return altered(book(path), SHEET, SHEET_OF_CELLS.encode())


def of_one_line(path: Path) -> Path:
    path = path.with_suffix(".csv")
    path.write_bytes(b"name,unit\n" + b"," * (LONGEST + 1))
    return path


def of_one_row_in_lines(path: Path) -> Path:
    path = path.with_suffix(".csv")
    path.write_bytes(b"name,unit\n" + b',"\n"' * (LONGEST // 3))
    return path


def of_a_header_in_lines(path: Path) -> Path:
    path = path.with_suffix(".csv")
    path.write_bytes(b',"\r"' * (LONGEST // 4 + 1))
    return path


BOMBS: dict[Callable[[Path], Path], str] = {
    of_one_text: "has texts and styles of 80,0",
    of_entities: "has declarations",
    of_entities_in_utf16: "is not UTF-8, as XLSX files are",
    of_cells_in_utf16: "is not UTF-8, as XLSX files are",
    of_cells_in_utf16_without_a_mark: "is not UTF-8, as XLSX files are",
    of_cells_in_ebcdic: "is not UTF-8, as XLSX files are",
    of_entities_by_another_name: "picture.png has declarations",
    of_entities_far_down: "has declarations",
    of_bzip2: "is packed in a way that XLSX files are not",
    of_many_parts: "an XLSX file has 2,000 at most",
    of_a_far_cell: "a table has 100,000 cells at most",
    of_one_row: "has 200,000 cells; a table has 100,000 at most",
    of_one_line: "has a row of more than 1,000,000 characters",
    of_one_row_in_lines: "has a row of more than 1,000,000 characters",
    of_a_header_in_lines: "has a row of more than 1,000,000 characters",
}


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
def test_what_would_take_too_much_is_refused_in_words(
    tmp_path: Path, bomb: Callable[[Path], Path]
) -> None:
    with pytest.raises(SheetError, match=BOMBS[bomb]):
        read_sheet(bomb(tmp_path / "bomb.xlsx"), bounds=Bounds(cells=100_000))


def test_each_bound_can_be_set(tmp_path: Path) -> None:
    path = book(tmp_path / "book.xlsx", rows=100)
    assert len(read_sheet(path).rows) == 100
    for bounds, words in {
        Bounds(file=1000): "a file has 1,000 at most",
        Bounds(unpacked=10_000): "10,000 are taken",
        Bounds(cells=150): "a table has 150 at most",
    }.items():
        with pytest.raises(SheetError, match=words):
            read_sheet(path, bounds=bounds)


def test_a_directory_that_lies_about_a_size_gets_no_more_read_than_it_says(tmp_path: Path) -> None:
    path = altered(book(tmp_path / "book.xlsx"), STRINGS, b"<sst>" + b" " * 3_000_000 + b"</sst>")
    content = path.read_bytes()
    told, lie = (3_000_011).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert content.count(told) >= 2
    path.write_bytes(content.replace(told, lie))
    with pytest.raises(SheetError, match="is not an XLSX file"):
        read_sheet(path)


def grown(path: Path, before: str = "") -> tuple[int, str]:
    """Return by how many kB a process grows that reads a file, and what it says."""
    program = (
        "import sys; from pathlib import Path; from api.imports.files import sheets, workbooks\n"
        "def most():\n"
        "    status = Path('/proc/self/status').read_text()\n"
        "    return int(status.split('VmHWM:')[1].split()[0])\n"
        f"{before}\n"
        "start, words = most(), ''\n"
        "try: sheets.read_sheet(Path(sys.argv[1]))\n"
        "except sheets.SheetError as error: words = error\n"
        "print(most() - start, words)"
    )
    command = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    kilobytes, _, words = done.stdout.partition(" ")
    return int(kilobytes), words


def test_a_shared_string_of_80_mb_takes_next_to_no_memory(tmp_path: Path) -> None:
    path = of_one_text(tmp_path / "bomb.xlsx")
    assert path.stat().st_size < 100_000
    kilobytes, words = grown(path)
    assert "texts and styles of 80,0" in words
    assert kilobytes < 10_000


def test_without_the_look_it_takes_more_than_itself(tmp_path: Path) -> None:
    path = of_one_text(tmp_path / "bomb.xlsx")
    kilobytes, _ = grown(path, "sheets.require_bounded = lambda *_: None")
    assert kilobytes > 80_000
