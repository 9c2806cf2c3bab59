"""Rows of an import: their commands and keys, and the order in which they can be done."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from api.imports.files.sheets import Row, Sheet
from api.imports.row_commands import Plan
from api.imports.steps import CellFault, Step, require_right
from api.imports.update import Difference


@dataclasses.dataclass
class Work:
    """A row on its way, or several that make one record together.

    `items` says of the lists to which its rows give a thing each from which row each thing is, `at`
    the line that its fault is about, if it is about one of several.
    """

    rows: list[Row]
    key: str = ""
    text: str = ""
    name: str = ""
    bodies: list[tuple[Step, dict[str, Any]]] = dataclasses.field(default_factory=list)
    items: dict[str, list[Row]] = dataclasses.field(default_factory=dict)
    parent: Work | None = None
    id: str | None = None
    new: bool = False
    fault: str | None = None
    at: int | None = None
    holder: str | None = None
    alike: Sequence[str] = ()
    differences: Sequence[Difference] = ()
    changed: bool = False

    @property
    def row(self) -> Row:
        """The row with which it begins."""
        return self.rows[0]

    def row_at(self, pointer: str) -> Row:
        """Return the row that gives a place in the body of its first command."""
        name, _, rest = pointer.strip("/").partition("/")
        number, rows = rest.partition("/")[0], self.items.get(name, [])
        return rows[int(number)] if number.isdigit() and int(number) < len(rows) else self.row

    @property
    def outcome(self) -> Literal["refused", "updated", "imported", "unchanged"]:
        """What became of it."""
        if self.fault is not None:
            return "refused"
        return "updated" if self.changed else "imported" if self.new else "unchanged"

    @property
    def first(self) -> Mapping[str, Any]:
        """The body of the command that makes the record."""
        return self.bodies[0][1] if self.bodies else {}


Digest = Callable[[Mapping[Any, str]], str]
"""Returns what tells cells from others."""

Former = Callable[[Sequence[str]], set[str]]
"""Returns those of some keys by which rows came in before."""


class Rows:
    """The rows of a sheet on their way."""

    def __init__(self, plan: Plan, sheet: Sheet, digest: Digest, former: Former) -> None:
        """Give every row its commands, its key, and that of its parent, or its fault.

        Without a column for it the key of a row is the digest of the cells that are mapped; that
        of all its cells, if it came in when this was the key.
        """
        self._plan = plan
        self._digest = digest
        self.work = [self._read(rows) for rows in self._together(sheet.rows)]
        if not plan.key:
            self._keep_former(former)
        self._tell_apart()
        own = [p for p, r in plan.create.references.items() if r.kind == plan.kind]
        if own:
            self._find_parents(own[0])

    def waves(self) -> Iterator[list[Work]]:
        """Yield the rows so that parents come in an earlier wave than what is below them."""
        waves: dict[int, list[Work]] = {}
        for each in self.work:
            above = [each]
            while (parent := above[-1].parent) is not None:
                if parent in above:
                    each.fault = each.fault or "stands above itself"
                    break
                above.append(parent)
            waves.setdefault(len(above), []).append(each)
        for depth in sorted(waves):
            yield waves[depth]

    def _together(self, rows: Sequence[Row]) -> Iterator[list[Row]]:
        """Yield the rows of each record: one, or those that say the same of what makes its id."""
        if not self._plan.repeats:
            yield from ([row] for row in rows)
            return
        found: dict[Any, list[Row]] = {}
        for row in rows:
            found.setdefault(self._plan.identity(row) or row.line, []).append(row)
        yield from found.values()

    def _read(self, rows: list[Row]) -> Work:
        each = Work(rows)
        each.key = "" if self._plan.key else self.told(each)
        for row in rows:
            try:
                self._take(each, row)
            except CellFault as fault:
                each.fault, each.at = row.fault or str(fault), row.line
                break
        return each

    def _take(self, each: Work, row: Row) -> None:
        """Have a record made of one more row. Raises `CellFault`."""
        if key := self._plan.key:
            require_right(row, key)
            each.key = each.text = each.key or row.cells[key]
            if row.cells[key] != each.key:
                raise CellFault(f"column {key!r} says another key than line {each.row.line}")
        if row.fault is not None:
            raise CellFault(row.fault)
        each.name = each.name or self._plan.name(row)
        told = self._plan.bodies(row)
        for name in self._plan.repeats:
            each.items.setdefault(name, []).extend([row] * len(told[0][1].get(name, ())))
        if not each.bodies:
            each.bodies = told
            return
        self._plan.join(each.bodies, told, row, each.row.line)

    def told(self, each: Work) -> str:
        """Return what tells those cells of its rows that are mapped from others."""
        digests = [self._digest(self._plan.mapped(row)) for row in each.rows]
        return digests[0] if len(digests) == 1 else self._digest(dict(enumerate(digests)))

    def _keep_former(self, former: Former) -> None:
        alone = (each for each in self.work if len(each.rows) == 1)
        digests = {self._digest(each.row.cells): each for each in alone}
        for digest in former([key for key, each in digests.items() if key != each.key]):
            digests[digest].key = digest

    def _tell_apart(self) -> None:
        key, seen = self._plan.key, dict[str, int]()
        for each in self.work:
            if not each.key:
                each.fault = each.fault or f"column {key!r} is empty"
            elif each.key in seen:
                same = "key" if key else "row"
                each.fault = each.fault or f"the same {same} as in line {seen[each.key]}"
            seen.setdefault(each.key, each.row.line)

    def _find_parents(self, parameter: str) -> None:
        by_text: dict[str, list[Work]] = {}
        for each in self.work:
            for text in {each.text, each.name, str(each.first.get("code", ""))} - {""}:
                by_text.setdefault(text, []).append(each)
        for each in self.work:
            found = by_text.get(str(each.first.get(parameter, "")), [])
            if len(found) > 1:
                lines = ", ".join(str(one.row.line) for one in found)
                text = each.first[parameter]
                each.fault = each.fault or f"{text!r} may be any of the lines {lines}"
            elif found:
                each.parent = found[0]
