"""The page about security: what it names is there, and no item of its lists is missing."""

import re
from collections import Counter

from tests.test_house import ROOT

PAGE = (ROOT / "api" / "SECURITY.md").read_text(encoding="utf-8")

STATES = {"met", "n/a", "open", "operator"}

ITEMS = 253
"""Requirements of OWASP ASVS 5.0 at the levels 1 and 2 (70 and 183)."""


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, without the first two lines."""
    section = PAGE.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`([\w/]*test_\w+\.py)`", PAGE)
    assert len(named) > 40
    assert [name for name in named if not (ROOT / "tests" / name).is_file()] == []


def test_every_promise_names_a_test() -> None:
    assert [row[0] for row in rows("What is promised") if "test_" not in row[-1]] == []


def test_each_item_of_the_standard_has_one_state_and_a_reason() -> None:
    listed = rows("ASVS 5.0, levels 1 and 2")
    items = Counter(item.strip() for row in listed for item in row[0].split(","))
    assert [item for item in items if not re.fullmatch(r"\d+\.\d+\.\d+", item)] == []
    assert max(items.values()) == 1
    assert len(items) == ITEMS
    assert [row for row in listed if row[1] not in STATES or not row[2]] == []


def test_the_ten_of_interfaces_have_a_state_and_a_reason() -> None:
    listed = rows("OWASP API Security Top 10 (2023)")
    assert [row[0].split()[0] for row in listed] == [f"API{number}" for number in range(1, 11)]
    assert [row for row in listed if row[1] not in STATES or not row[2]] == []
