"""Importing: the rows of a sheet become commands, in order, once however often they are run."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from adapters.executor import Answer, Call
from adapters.journal import Journal
from adapters.refusals import KeyReused, Refusal
from api.names import Names, NotFound
from api.plan import Plan, Step, creating
from api.sheets import Row, Sheet
from domain.actors import IMPORT, Actor
from domain.commands import Command
from domain.kernel import Origin

AT_ONCE = 512
"""Rows whose commands share commits."""


class Commands(Protocol):
    """What takes commands: an executor, or a rehearsal."""

    def submit(self, call: Call) -> Future[Answer]:
        """Take a command; its future has the answer or a refusal."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """A row that was not imported, or only in part, and why."""

    line: int
    key: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Alike:
    """A row that was imported although there are records whose names look like its own."""

    line: int
    name: str
    names: Sequence[str]


@dataclasses.dataclass
class Result:
    """What became of the rows: newly imported, already there, refused; and likely duplicates."""

    imported: int = 0
    unchanged: int = 0
    faults: list[Fault] = dataclasses.field(default_factory=list)
    alike: list[Alike] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class _Work:
    """A row on its way."""

    row: Row
    key: str
    name: str
    parent: _Work | None = None
    id: str | None = None
    new: bool = False
    fault: str | None = None
    alike: Sequence[str] = ()


class Importer:
    """Imports the rows of sheets that follow one plan."""

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        executor: Commands,
        *,
        actor: Actor = IMPORT,
        unit: str = "group",
        source: str = "",
    ) -> None:
        """Import on behalf of an actor in a unit; `source` tells files apart whose keys clash."""
        self._plan = plan
        self._executor = executor
        self._digest_key = journal.digest_key
        self._actor = actor
        self._unit = unit
        self._source = source
        named = [r for step in plan.steps for r in step.command.references.values()]
        references = {reference.kind for reference in named if reference.claim is None}
        wanted = references | ({plan.kind} if self._known_by_name else set())
        self._names = {kind: Names(journal, kind) for kind in wanted}

    @property
    def _known_by_name(self) -> bool:
        return "name" in self._plan.create.body.model_fields

    def run(self, sheet: Sheet, advance: Callable[[int], None] = lambda _: None) -> Result:
        """Import all rows; `advance` is told how many more are done. Never raises for a row."""
        work = self._take_in(sheet)
        for wave in self._waves(work):
            for start in range(0, len(wave), AT_ONCE):
                part = wave[start : start + AT_ONCE]
                for step in self._plan.steps:
                    self._do(step, [each for each in part if each.fault is None])
                advance(len(part))
        result = Result()
        for each in work:
            if each.fault is not None:
                result.faults.append(Fault(each.row.line, each.key, each.fault))
            elif each.new:
                result.imported += 1
                if each.alike:
                    result.alike.append(Alike(each.row.line, each.name, each.alike))
            else:
                result.unchanged += 1
        return result

    def _take_in(self, sheet: Sheet) -> list[_Work]:
        """Give every row its key, its fault as a row, and the row of its parent."""
        key, seen = self._plan.key, dict[str, int]()
        work = []
        for row in sheet.rows:
            text = row.cells[key] if key else self._digest(row.cells)
            each = _Work(row, text if key else "", self._plan.name(row), fault=row.fault)
            if not text:
                each.fault = f"column {key!r} is empty"
            elif text in seen:
                each.fault = f"the same {'key' if key else 'row'} as in line {seen[text]}"
            seen.setdefault(text, row.line)
            work.append(each)
        own = [p for p, r in self._plan.create.references.items() if r.kind == self._plan.kind]
        if own:
            self._find_parents(work, own[0])
        return work

    def _find_parents(self, work: list[_Work], parameter: str) -> None:
        by_text: dict[str, list[_Work]] = {}
        for each in work:
            for text in {each.key, each.name} - {""}:
                by_text.setdefault(text, []).append(each)
        for each in work:
            text = self._plan.steps[0].body(each.row).get(parameter, "")
            found = by_text.get(text, [])
            if len(found) > 1:
                lines = ", ".join(str(one.row.line) for one in found)
                each.fault = each.fault or f"{text!r} may be any of the lines {lines}"
            elif found:
                each.parent = found[0]

    def _waves(self, work: list[_Work]) -> Iterator[list[_Work]]:
        """Yield the rows so that parents come in an earlier wave than what is below them."""
        waves: dict[int, list[_Work]] = {}
        for each in work:
            above = [each]
            while (parent := above[-1].parent) is not None:
                if parent in above:
                    each.fault = each.fault or "stands above itself"
                    break
                above.append(parent)
            waves.setdefault(len(above), []).append(each)
        for depth in sorted(waves):
            yield waves[depth]

    def _do(self, step: Step, part: Sequence[_Work]) -> None:
        """Give one command for each of these rows, all at once, and note how it went."""
        waiting = []
        first = step.command.creates
        for each in part:
            if not first and not step.wanted(each.row):
                continue
            try:
                body = self._resolved(step, each)
            except NotFound as missing:
                each.fault = str(missing)
                continue
            waiting.append((each, self._executor.submit(self._call(step, each, body))))
        for each, future in waiting:
            try:
                answer = future.result()
            except Refusal as refusal:
                each.fault = _reason(step, refusal)
                continue
            each.id = answer.id
            each.new = each.new or not answer.repeated
            if first and self._known_by_name and not answer.repeated:
                names = self._names[self._plan.kind]
                each.alike = names.alike(each.name)
                names.add(answer.id, each.name)

    def _call(self, step: Step, each: _Work, body: Mapping[str, Any]) -> Call:
        key = each.key or self._digest(each.row.cells)
        origin = Origin(
            self._actor.id,
            self._unit,
            self._command_id(step.command, key),
            actor_kind=self._actor.kind,
        )
        return Call(step.command.name, each.id, body, origin)

    def _command_id(self, command: Command, key: str) -> str:
        """Return the id that makes a command of a row the same one in every run."""
        return _bounded(f"import/{self._source}/{command.name}/{key}")

    def _digest(self, cells: Mapping[str, str]) -> str:
        """Return what tells a row from others; it is recorded, and does not tell of a person."""
        text = json.dumps(cells, ensure_ascii=False, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16, key=self._digest_key).hexdigest()

    def _resolved(self, step: Step, each: _Work) -> dict[str, Any]:
        """Return the body of a step with names in place of ids looked up."""
        body = step.body(each.row)
        for parameter, reference in step.command.references.items():
            value = body.get(parameter)
            if reference.claim is not None:
                continue  # named by its code, which the sheet has
            if isinstance(value, list):
                body[parameter] = [self._find(reference.kind, one) for one in value]
            elif step.command.creates and each.parent is not None:
                if reference.kind == self._plan.kind:
                    if each.parent.id is None:
                        raise NotFound(f"line {each.parent.row.line}, above it, was not imported")
                    body[parameter] = each.parent.id
            elif value is not None:
                body[parameter] = self._find(reference.kind, value)
        return body

    def _find(self, kind: str, text: str) -> str:
        return self._names[kind].find(text, self._command_id(creating(kind), text))


def _reason(step: Step, refusal: Refusal) -> str:
    if isinstance(refusal, KeyReused):
        return f"{step.command.name}: was imported before with other values"
    places = []
    for error in refusal.errors:
        column = step.column(error["pointer"])
        place = f"column {column!r}" if column else error["pointer"].strip("/").replace("/", ".")
        places.append(f"{place}: {error['detail']}")
    return f"{step.command.name}: {'; '.join(places) or refusal.detail}"


def _bounded(command_id: str) -> str:
    """Return a command id that the journal can hold."""
    if len(command_id) <= 200:
        return command_id
    return f"{command_id[:150]}/{hashlib.blake2b(command_id.encode(), digest_size=16).hexdigest()}"
