"""Notes of an import: what a person should know of how a file will be understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from api.imports.files.sheets import Row, Sheet
from api.imports.row_commands import Plan, begun
from api.imports.steps import CellFault, Source

SHOWN = 10
"""Values that are named of one column."""


def import_notes(plan: Plan, sheet: Sheet) -> Iterator[str]:
    """Yield what the mapping leaves open, column by column."""
    yield from sheet.notes
    if plan.by_name:
        named = ", ".join(f"{column} \u2192 {field}" for column, field in plan.by_name)
        yield f"Mapped by their names: {named}."
    if plan.unmapped:
        yield f"Not mapped, so nothing is made of them: {', '.join(plan.unmapped)}."
    if plan.repeats:
        lists, same = (" and ".join(sorted(each)) for each in (plan.repeats, plan.identity_fields))
        yield f"Rows of the same {same} are one {plan.kind}; each gives one of its {lists}."
    yield from _without_command(plan, sheet)
    yield from _without_day(plan, sheet)


def _without_command(plan: Plan, sheet: Sheet) -> Iterator[str]:
    """Name the values of columns on which commands depend that ask for none."""
    meant: dict[str, set[str]] = {}
    for step in plan.steps:
        if step.when is not None:
            meant.setdefault(step.when[0], set()).update(step.when[1])
    for column, values in meant.items():
        counts = Counter(row.cells[column] for row in sheet.rows)
        left = [(value, count) for value, count in counts.most_common() if value not in values]
        if left:
            told = ", ".join(f"{value!r} ({count:,} rows)" for value, count in left[:SHOWN])
            more = f" and {len(left) - SHOWN:,} more" if len(left) > SHOWN else ""
            yield f"No command depends on these values of {column!r}: {told}{more}."


def _without_day(plan: Plan, sheet: Sheet) -> Iterator[str]:
    """Say of how many records it is not known since when they are there."""
    field = plan.create.dated
    if field is None or not sheet.rows:
        return
    sources = [each for each in plan.steps[0].sources if each.field.name == field]
    if not any(each.column is None for each in sources):
        without = (row for row in sheet.rows if not any(_filled(s, row.cells) for s in sources))
        empty = sum(not _tells_of_a_day(plan, row) for row in without)
        if empty:
            whose = "Nothing gives" if empty == len(sheet.rows) else f"{empty:,} rows do not give"
            yield (
                f"{whose} {field}: these records begin today, and what reports of earlier days "
                "say of them is empty."
            )


def _filled(source: Source, cells: dict[str, str]) -> bool:
    text = cells.get(source.column or "", "")
    return bool(source.values.get(text, text))


def _tells_of_a_day(plan: Plan, row: Row) -> bool:
    """Whether what follows the making of a record has a day, with which the record begins."""
    if not any(step.source(f"/{step.command.dated}") for step in plan.steps[1:]):
        return False
    try:
        (_, making), *_ = begun(plan.bodies(row))
    except CellFault:
        return False
    return plan.create.dated in making
