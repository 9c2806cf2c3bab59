"""The day of a moment is taken in one place, and by everybody who opens a journal."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parents[1]
LAYERS = ("domain", "projections", "adapters", "streams", "api")

TAKEN_HERE = {
    "domain/kernel/time/business_day.py",
    "projections/kernel/warehouse/days.py",
    "api/imports/files/workbooks.py",  # a cell has the day that it shows, in no zone
}
"""Where a day is taken of a moment, or moments of a day."""

OF_DAYS = (
    *("strftime({on}", 'CAST(stay."from" AS DATE)', "CAST(NULL AS DATE)"),
    *("date_trunc('month', last + 1)", "CAST(month || '-01' AS DATE)"),
)
"""SQL that looks alike, of what is a day already or none."""

_METHODS = {"today", "utcnow", "combine", "utcfromtimestamp"}
_FIELDS = {"hour", "minute", "second"}
_SQL = re.compile(r"\bAS DATE\)|::\s*date\b|date_trunc|strftime\(\{|timezone\(|time zone '", re.I)


def trees() -> Iterator[tuple[str, ast.AST]]:
    """Yield each module of the product by its path."""
    for layer in LAYERS:
        for path in sorted((HERE / layer).rglob("*.py")):
            yield str(path.relative_to(HERE)), ast.parse(path.read_text())


def takes_day(node: ast.AST) -> bool:
    """Tell whether a piece of code takes the day of a moment, or the moment that a day begins."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        bare = not node.args and not node.keywords
        midnight = node.func.attr == "replace" and {each.arg for each in node.keywords} >= _FIELDS
        return (node.func.attr == "date" and bare) or node.func.attr in _METHODS or midnight
    if isinstance(node, ast.Subscript):
        called = isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute)
        return called and node.value.func.attr == "isoformat"  # type: ignore[attr-defined]
    return False


def test_the_day_of_a_moment_is_taken_in_one_place() -> None:
    found = {path for path, tree in trees() if any(map(takes_day, ast.walk(tree)))}
    assert found - TAKEN_HERE == set()


def test_sql_takes_days_in_one_place_too() -> None:
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
                for harmless in OF_DAYS:
                    text = text.replace(harmless, "")
                assert path in TAKEN_HERE or not _SQL.search(text), (path, text)


def test_what_takes_a_day_is_seen_by_this_test() -> None:
    for code in (
        "moment.date()",
        "date.today()",
        "datetime.utcnow()",
        "datetime.combine(day, time.min, UTC)",
        "now.replace(hour=0, minute=0, second=0)",
        "moment.isoformat()[:10]",
    ):
        assert any(map(takes_day, ast.walk(ast.parse(code)))), code
    for sql in ("CAST(at AS DATE)", "at::date", "date_trunc('day', at)", "timezone('UTC', at)"):
        assert _SQL.search(sql), sql


def test_whoever_opens_a_journal_for_work_counts_its_days_as_the_settings_say() -> None:
    opened = 0
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("journal.create"):
                assert [ast.unparse(each) for each in node.args] == ["settings.zone"], path
                opened += 1
    assert opened > 10


def test_no_test_takes_the_day_of_its_import_which_a_run_past_midnight_has_left() -> None:
    for path in sorted((HERE / "tests").rglob("*.py")):
        taken = [ast.unparse(node) for node in at_import(ast.parse(path.read_text()))]
        assert [code for code in taken if code.endswith("today()")] == [], path


def at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the calls that are made when a module is imported."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            if isinstance(node, ast.Call):
                yield node
            yield from at_import(node)
        else:
            for each in getattr(node, "decorator_list", ()):
                yield from at_import(ast.Expr(each))


def test_what_is_called_at_import_is_seen_by_this_test() -> None:
    code = (
        "class A:\n    day = [today()]\n\n@mark(today(), lambda: today())\ndef f():\n    today()\n"
    )
    seen = [ast.unparse(each) for each in at_import(ast.parse(code))]
    assert seen == ["today()", "mark(today(), lambda: today())", "today()"]
