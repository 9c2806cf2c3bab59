"""Importing: rows of a sheet become commands, each row whole, once however often it is run."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from copy import deepcopy
from typing import Any, Protocol

import sqlalchemy as sa

from adapters.databases import in_parts
from adapters.executor import Answer, Call
from adapters.journal import Journal
from adapters.journal_tables import operations
from adapters.refusals import KeyReused, Refusal
from api.import_rows import Rows, Work
from api.names import Names, NotFound
from api.plan import Plan, Step, creating
from api.sheets import Row, Sheet
from domain.actors import IMPORT, Actor
from domain.commands import Command
from domain.kernel import Origin
from domain.values import Reference
from projections.sight import Party

AT_ONCE = 512
"""Rows whose commands share commits."""


class Commands(Protocol):
    """What takes the commands of a row: an executor, or a rehearsal."""

    def submit_together(self, calls: Sequence[Call]) -> Future[list[Answer]]:
        """Take commands that are done together; their future has the answers or a refusal."""


@dataclasses.dataclass(frozen=True, slots=True)
class Behalf:
    """Who imports what: the actor, whose permissions decide, and the file that it comes from.

    `digest` is that of the file; it is in the trace of each command, with the line. `sees` tells
    whether the party may see a record of a kind; without a party everything is seen.
    """

    actor: Actor = IMPORT
    unit: str = "group"
    party: Party | None = None
    credential: str | None = None
    digest: str = ""
    sees: Callable[[str, str], bool] | None = None

    def trace(self, line: int) -> str:
        """Return what the operation log says of where a command comes from."""
        return f"import/{self.digest[:32]}/{line}"


SYSTEM = Behalf()
"""Nobody's behalf: it is the system that imports."""


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


@dataclasses.dataclass
class Result:
    """What became of the rows: newly imported, already there, refused; and likely duplicates.

    `position` is the last one that any of them was answered: what they did can be read from there.
    """

    imported: int = 0
    unchanged: int = 0
    faults: list[Fault] = dataclasses.field(default_factory=list)
    alike: list[Alike] = dataclasses.field(default_factory=list)
    position: int = dataclasses.field(default=0, compare=False)


class Importer:
    """Imports the rows of sheets that follow one plan."""

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        executor: Commands,
        *,
        behalf: Behalf = SYSTEM,
        source: str = "",
        rows: sa.Engine | None = None,
    ) -> None:
        """Import on somebody's behalf; `source` tells files apart whose keys clash.

        From `rows`, the row database, records are known sooner than from the journal.
        """
        self._plan = plan
        self._executor = executor
        self._journal = journal
        self._behalf = behalf
        self._source = source
        wanted = {each.kind for step in plan.steps for each in _references(step.command)}
        wanted |= {plan.kind} if self._known_by_name else set()
        self._names = {kind: Names(journal, kind, rows, self._seen(kind)) for kind in wanted}

    def _seen(self, kind: str) -> Callable[[str], bool] | None:
        sees = self._behalf.sees
        return None if sees is None else lambda id_: sees(kind, id_)

    @property
    def _known_by_name(self) -> bool:
        return "name" in self._plan.create.body.model_fields

    def run(self, sheet: Sheet, advance: Callable[[int], None] = lambda _: None) -> Result:
        """Import all rows; `advance` is told how many more are done. Never raises for a row."""
        rows = Rows(self._plan, sheet, self._digest, self._former)
        result = Result()
        for wave in rows.waves():
            for start in range(0, len(wave), AT_ONCE):
                part = wave[start : start + AT_ONCE]
                self._do([each for each in part if each.fault is None], result)
                advance(len(part))
        for each in rows.work:
            if each.fault is not None:
                result.faults.append(Fault(each.row.line, each.text, each.fault))
            elif each.new:
                result.imported += 1
                if each.alike:
                    result.alike.append(Alike(each.row.line, each.name, each.alike))
            else:
                result.unchanged += 1
        return result

    def _do(self, part: Sequence[Work], result: Result) -> None:
        """Give the commands of these rows, each row all or nothing, and note how it went."""
        waiting = []
        for each in part:
            try:
                calls = [self._call(step, each, body) for step, body in self._resolved(each)]
            except NotFound as missing:
                each.fault = str(missing)
                continue
            waiting.append((each, self._executor.submit_together(calls)))
        answered = []
        for each, future in waiting:
            try:
                answers = future.result()
            except Refusal as refusal:
                step = each.bodies[refusal.call][0]
                each.fault = _reason(step, each.row, refusal)
                continue
            each.id = answers[0].id
            each.new = not all(answer.repeated for answer in answers)
            result.position = max(result.position, *(answer.position for answer in answers))
            if self._known_by_name and not answers[0].repeated:
                answered.append((each, answers[0]))
        if answered:
            self._look_around(answered)

    def _look_around(self, answered: Sequence[tuple[Work, Answer]]) -> None:
        """Note what looks like these new records, of those that were there before each of them."""
        names = self._names[self._plan.kind]
        for each, answer in answered:
            names.add(answer.id, each.name, answer.position)
        names.follow()
        for each, answer in answered:
            each.alike = names.alike(each.name, answer.id, answer.position)

    def _call(self, step: Step, each: Work, body: Mapping[str, Any]) -> Call:
        behalf = self._behalf
        command_id = self._command_id(step.command, each.key)
        origin = Origin(behalf.actor.id, behalf.unit, command_id, actor_kind=behalf.actor.kind)
        return Call(
            step.command.name,
            None,
            body,
            origin,
            anybody=True,
            trace=behalf.trace(each.row.line),
            credential=behalf.credential,
            party=behalf.party,
        )

    def _former(self, keys: Sequence[str]) -> set[str]:
        ids = {self._command_id(self._plan.create, key): key for key in keys}
        found: set[str] = set()
        with self._journal.engine.connect() as connection:
            for part in in_parts(list(ids)):
                column = operations.c.command_id
                ours = sa.and_(operations.c.accepted, operations.c.address.is_(None))
                query = sa.select(column).where(column.in_(part), ours)
                found.update(ids[each] for each in connection.scalars(query))
        return found

    def _command_id(self, command: Command, key: str) -> str:
        """Return the id that makes a command of a row the same one in every run."""
        return _bounded(f"import/{self._source}/{command.name}/{key}")

    def _digest(self, cells: Mapping[str, str]) -> str:
        """Return what tells a row from others; it is recorded, and does not tell of a person."""
        text = json.dumps(cells, ensure_ascii=False, sort_keys=True)
        key = self._journal.digest_key
        return hashlib.blake2b(text.encode(), digest_size=16, key=key).hexdigest()

    def _resolved(self, each: Work) -> list[tuple[Step, dict[str, Any]]]:
        """Return the bodies of a row with names in place of ids and codes looked up."""
        return [(step, self._named(step, each, deepcopy(body))) for step, body in each.bodies]

    def _named(self, step: Step, each: Work, body: dict[str, Any]) -> dict[str, Any]:
        for parameter, reference in step.command.references.items():
            if step.command.creates and each.parent and reference.kind == self._plan.kind:
                body[parameter] = _parent(each.parent, reference)
            elif parameter in body:
                body[parameter] = self._find(step, f"/{parameter}", reference, body[parameter])
        for parameter, fields in step.command.nested.items():
            for part in body.get(parameter, ()):
                for name in fields.keys() & part.keys():
                    place = f"/{parameter}/{name}"
                    part[name] = self._find(step, place, fields[name], part[name])
        return body

    def _find(self, step: Step, place: str, reference: Reference, text: Any) -> Any:
        if isinstance(text, list):
            return [self._find(step, place, reference, one) for one in text]
        key = self._command_id(creating(reference.kind), text)
        try:
            return self._names[reference.kind].find(text, key)
        except NotFound as missing:
            source = step.source(place)
            column = None if source is None else source.column
            raise NotFound(f"column {column!r}: {missing}" if column else str(missing)) from missing


def _references(command: Command) -> Iterator[Reference]:
    yield from command.references.values()
    for fields in command.nested.values():
        yield from fields.values()


def _parent(parent: Work, reference: Reference) -> str:
    if parent.id is None:
        raise NotFound(f"line {parent.row.line}, above it, was not imported")
    return parent.id if reference.claim is None else str(parent.first["code"])


def _reason(step: Step, row: Row, refusal: Refusal) -> str:
    if isinstance(refusal, KeyReused):
        return f"{step.command.name}: was imported before with other values"
    places = []
    for error in refusal.errors:
        source, detail = step.source(error["pointer"]), error["detail"]
        place = error["pointer"].strip("/").replace("/", ".")
        if source is not None:
            form = source.field.form
            if "pattern" in detail and form is not None:
                detail = f"is not {form}"
            place = f"column {source.column!r}" if source.column else f"--set {place}"
            if text := source.text(row):
                place += f": {text!r}"
        places.append(f"{place}: {detail}")
    return f"{step.command.name}: {'; '.join(places) or refusal.detail}"


def _bounded(command_id: str) -> str:
    """Return a command id that the journal can hold."""
    if len(command_id) <= 200:
        return command_id
    return f"{command_id[:150]}/{hashlib.blake2b(command_id.encode(), digest_size=16).hexdigest()}"
