"""Odd values as JSON text, and bodies to put them into: what a client may send by mistake."""

from __future__ import annotations

import json
from typing import Any

from domain.kernel.commands import Command
from tests.domain.fields import Leaf, leaves

TEXTS = [
    *("", " ", "  x  ", "x", "a\nb", "a\r\nb", "a\tb", "a\x00b", "a\x1bb", "a\x7fb"),
    *("a\u2028b", "a\x85b", "a\u202eb", "a\u200bb", "a\u200db", "\ufeffa", "\ufffe", "ad\u200dmin"),
    *(
        "é",
        "e\u0301",
        "ＡＢＣ",
        "ﬁ",
        "İ",
        "ß",
        "аdmin",
        "👨\u200d👩\u200d👧",
        "葛\U000e0100",
        "\ue000",
    ),
    *("x" * 201, "x" * 10_001, "=1+1", "<b>", "'; --", "../..", "%00", "\\", '"', "null", "true"),
    *("0", "-0", "1", "01", "+1", "-1", "1.", ".5", "1e3", "1E-2", "1_000", "1,000", "0x1", "١٢"),
    *("NaN", "Infinity", "-inf", "9999999999999999.99", "10000000000000000", "70368744177664.011"),
    *(
        "00",
        "86400",
        "1699920000",
        "20260301",
        "2025-06-30",
        "2026-02-30",
        "9999-12-31",
        "0001-01-01",
    ),
    *("9999-12-31", "0001-01-01"),
    *("2025-06-30T08:00:00Z", "2025-06-30T08:00:00", "2025-06-30 08:00:00+08:00", "2026-W01-1"),
    *("gd-gz", "GD", "nobody", "CNY", "cny", "A", "a", "01997E2B-0000-7000-8000-000000000001"),
    "01997e2b-0000-7000-8000-000000000001",
]
"""Texts as Python has them."""

NUMBERS = [
    *("0", "-0", "1", "-1", "1.0", "-0.0", "0.1", "0.005", "1.10", "1e2", "1E+2", "1e-2", "0e5"),
    *("70368744177664.01", "99999999999999.11", "9999999999999999.99", "10000000000000000.00"),
    *("9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551616"),
    *("-9223372036854775809", "123456789012345678901234567890", "12345678901234567.891"),
    *("1e400", "-1e400", "1e-400", "1e999999", "1E99999999999999999999", "0.1000000000000000055"),
    *("1699920000", "86400", "20260301", "2150", "1000000001"),
    *("NaN", "Infinity", "-Infinity", "01", "1.", ".5", "+1", "0x1", "1_000", "--1"),
]
OTHERS = [
    *("null", "true", "false", "[]", "{}", "[null]", "[[]]", '[""]', '{"a":1}', '{"a":1,"a":2}'),
    *('[{"a":1,"\\u0061":2}]', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\ud83d\\ude00"'),
    *("[" * 250 + "]" * 250, "[" * 150 + "]" * 150, "nul", "'x'", '"\\x41"', '"a', "1 2", "/**/1"),
]
ODD = [json.dumps(each, ensure_ascii=False) for each in TEXTS] + NUMBERS + OTHERS
"""Values as the text of JSON, and what only looks like it."""

_MARK = "\ue123 the odd value \ue123"


def good(command: Command) -> dict[str, Any]:
    """Return a body of the shape that a command asks for, with what it asks for and no more."""
    body: dict[str, Any] = {}
    schema = command.body.model_json_schema()
    for leaf in leaves():
        if leaf.command.name == command.name and leaf.place[0] in schema.get("required", ()):
            body = leaf.body(_good(leaf), body)
    return body


def put(leaf: Leaf, odd: str) -> str:
    """Return a good body with an odd value in one place, as text."""
    body = leaf.body(_MARK, good(leaf.command))
    return json.dumps(body, ensure_ascii=False).replace(f'"{_MARK}"', odd)


def _good(leaf: Leaf) -> Any:
    for kind in leaf.kinds:
        if found := kind.get("enum") or kind.get("examples"):
            return found[0]
        if "const" in kind:
            return kind["const"]
        if kind.get("type") in ("integer", "number"):
            return max(kind.get("minimum", 1), 1)
        if kind.get("format") == "date":
            return "2025-06-30"
        if kind.get("format") == "date-time":
            return "2025-06-30T08:00:00Z"
        if kind.get("type") == "boolean":
            return True
        if "[0-9a-f]{8}" in kind.get("pattern", ""):
            return "01997e2b-0000-7000-8000-000000000001"
    return "group"
