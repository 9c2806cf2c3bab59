"""Import results: what became of the rows of a sheet, and why nothing did of some."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from adapters.refusals import KeyReused, Refusal
from api.imports.control_totals import ControlTotal
from api.imports.files.sheets import Row
from api.imports.rows import Work
from api.imports.steps import Step
from api.imports.update import Difference


class Stopped(Exception):
    """An import is to end before all of its rows were looked at; the text says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """A row of which nothing was imported, and why."""

    line: int
    key: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Alike:
    """A row that was imported although there are records whose names look like its own."""

    line: int
    name: str
    names: Sequence[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Updated:
    """A row whose record was changed, or would be, and how."""

    line: int
    id: str
    differences: Sequence[Difference]


@dataclasses.dataclass
class Result:
    """What became of the rows: newly imported, already there, changed, refused; likely duplicates.

    `runs` are the control totals of the runs that bills are of.
    `position` is the last one that any of them was answered: what they did can be read from there.
    """

    imported: int = 0
    unchanged: int = 0
    faults: list[Fault] = dataclasses.field(default_factory=list)
    alike: list[Alike] = dataclasses.field(default_factory=list)
    updated: list[Updated] = dataclasses.field(default_factory=list)
    runs: list[ControlTotal] = dataclasses.field(default_factory=list)
    position: int = dataclasses.field(default=0, compare=False)

    def note(self, work: Sequence[Work]) -> None:
        """Note what became of all rows, each that failed by its line."""
        made = {each.id: each.row.line for each in work if each.new and each.id}
        for each in work:
            if each.fault is not None:
                reason, holder = each.fault, each.holder
                if holder in made:  # its line in this file tells more than its id
                    reason = reason.replace(holder, f"line {made[holder]}")
                at = each.at or each.row.line
                for row in each.rows:
                    told = (
                        reason if row.line == at else f"is one record with line {at}, which failed"
                    )
                    self.faults.append(Fault(row.line, each.text, told))
            elif each.changed:
                self.updated.append(Updated(each.row.line, each.id or "", each.differences))
            elif each.new:
                self.imported += len(each.rows)
                if each.alike:
                    self.alike.append(Alike(each.row.line, each.name, each.alike))
            else:
                self.unchanged += len(each.rows)
        self.faults.sort(key=lambda fault: fault.line)


def reason_of(step: Step, row_at: Callable[[str], Row], refusal: Refusal) -> str:
    """Say why the commands of a row were refused, by its cells.

    `row_at` gives the row that a place of the body is of.
    """
    if isinstance(refusal, KeyReused):
        return f"{step.command.name}: was imported before with other values; --update changes them"
    places = []
    for error in refusal.errors:
        source, detail = step.source(error["pointer"]), error["detail"]
        place = error["pointer"].strip("/").replace("/", ".")
        if source is not None:
            form = source.field.form
            if "pattern" in detail and form is not None:
                detail = f"is not {form}"
            place = f"column {source.column!r}" if source.column else f"--set {place}"
            if text := source.text(row_at(error["pointer"])):
                place += f": {text!r}"
        places.append(f"{place}: {detail}")
    return f"{step.command.name}: {'; '.join(places) or refusal.detail}"
