"""A line of NDJSON is one line to every reader, whatever was recorded before texts were checked."""

from __future__ import annotations

from pathlib import Path

import orjson

import api
from api.kernel.reading.ndjson import escaped, line, lines

OLD = "a\u2028b\u2029c\x85d\u202ee\u200ff\u2066g\u061ch\x0bi\x1cj“引号”"


def test_lines_are_split_alike_by_all_and_say_what_was_recorded() -> None:
    values = [{"name": OLD, "position": n} for n in range(3)]
    text = lines(values)
    assert len(text.splitlines()) == len(text.decode().splitlines()) == 3
    assert [orjson.loads(each) for each in text.decode().splitlines()] == values
    assert rb"\u202e" in line(values[0])
    assert "“引号”".encode() in text


def test_only_what_misleads_is_escaped() -> None:
    directions = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    for code in (*range(0x20, 0xD800), 0x1F600, 0xE0001):
        text = f"甲{chr(code)}乙"
        misleads = len(text.splitlines()) > 1 or chr(code) in directions
        assert (escaped(text.encode()).decode() != text) is misleads, hex(code)


def test_lines_are_written_in_one_place() -> None:
    files = Path(api.__file__).parent.glob("**/*.py")
    writers = {file.name for file in files if "OPT_APPEND_NEWLINE" in file.read_text()}
    assert writers == {"ndjson.py", "change_log.py"}  # these write a document
