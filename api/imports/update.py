"""Updates: what a row that was imported before says otherwise now, as commands on its record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from pydantic import BaseModel

from adapters.commands.body_validation import arguments_in, values_in
from api.imports.files.sheets import Row as SheetRow
from api.imports.row_commands import Plan
from api.imports.steps import Source, Step
from domain.kernel.aggregate import Aggregate, Recorded
from domain.kernel.codec import fields_of
from domain.kernel.commands import Command, commands
from projections.kernel.read_model import ReadModel, Row, fold, read_models

REASON = "Imported with other values"
"""The reason of commands that ask for one, unless the mapping says another."""


class Fixed(Exception):
    """A value differs that no command changes; the text names its cell."""


class Difference(NamedTuple):
    """A field of a record, its value there and the one that a row says."""

    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        """Say it for people."""
        return f"{self.field}: {_said(self.before)} → {_said(self.after)}"


class Update(NamedTuple):
    """What is different, and the commands, with their bodies, by which it becomes as a row says."""

    differences: list[Difference]
    commands: list[tuple[Step, dict[str, Any]]]


class Updates:
    """Finds updates of records of one kind."""

    def __init__(self, plan: Plan) -> None:
        """Find them for rows that follow a plan."""
        self._plan = plan
        self._model = next(m for m in read_models().values() if m.aggregate == plan.kind)
        self._others = [
            each
            for each in commands().values()
            if each.aggregate is plan.create.aggregate and not each.creates
        ]

    def of(
        self,
        row: SheetRow,
        history: Sequence[Recorded],
        said: Sequence[tuple[Step, dict[str, Any]]],
        masked: bool,
    ) -> Update:
        """Return the update of a record that has come to be by a `history`.

        `said` are the commands that the row was, or would have been, imported by, with what they
        name looked up. Empty cells say nothing. What is sensitive is told when it is not `masked`.
        Raises `Fixed`, and a `Refusal` for values that no command takes.
        """
        known = fold(self._model, {}, history, keep_versions=False).rows.get(history[0].stream)
        if known is None or known["version"] != history[-1].version:
            raise Fixed("its record has an event that cannot be read")
        wanted: dict[str, tuple[Step, Any]] = {}
        found: list[Difference] = []
        corrections: list[tuple[Step, dict[str, Any]]] = []
        for step, body in said:
            values = arguments_in(step.command, values_in(body))
            if (part := _part(step.command, body, known)) is not None:
                changes = {n: values[n] for n in body if not _same(part.now.get(n), values[n])}
                for name, value in changes.items():
                    hidden = self._hidden(part.column, masked)
                    before = "(masked)" if hidden else _plain(part.now.get(name))
                    found.append(Difference(f"{body['name']}: {name}", before, _plain(value)))
                if changes:
                    plain = {name: _plain(value) for name, value in changes.items()}
                    corrections.append((Step(part.command, step.sources), part.key | plain))
                continue
            for name in body:
                if self._shows(step.command, name, values[name], known):
                    wanted[name] = step, values[name]
                else:
                    _require_as_before(step, name, values[name], row, history)
        groups: dict[str, dict[str, Any]] = {}
        for name, (step, value) in wanted.items():
            if not _same(known[name], value):
                found.append(Difference(name, self._shown(known, name, masked), _plain(value)))
                command = self._setting(name, value, known, wanted)
                if command is None:
                    raise Fixed(f"{_cell(step, name, row)}: no command changes it")
                groups.setdefault(command.name, {})[name] = _plain(value)
        changing = [self._command(name, groups[name], known, wanted, row) for name in groups]
        return Update(found, changing + corrections)

    def _shows(self, command: Command, name: str, value: Any, known: Row) -> bool:
        """Tell whether a column of the record shows what the command says by a field."""
        if isinstance(value, list | tuple) and not _alike(known.get(name), value):
            return False  # the record has parts that the row does not tell of
        if command.creates:
            return name in known
        return any(_sets(self._model, fact, name, value, known) for fact in command.facts)

    def _shown(self, known: Row, name: str, masked: bool) -> Any:
        return "(masked)" if self._hidden(name, masked) else _plain(known[name])

    def _hidden(self, name: str, masked: bool) -> bool:
        return masked and "sensitive" in self._model.table.c[name].info

    def _setting(
        self, name: str, value: Any, known: Row, wanted: Mapping[str, Any]
    ) -> Command | None:
        """Return the command that gives a column a value, the one that asks for the least."""
        able = [
            each
            for each in self._others
            if name in each.body.model_fields
            and any(_sets(self._model, fact, name, value, known) for fact in each.facts)
            and all(
                n in {*wanted, "reason", name} or known.get(n) is not None for n in _asked(each)
            )
        ]
        return min(able, key=lambda each: len(_asked(each)), default=None)

    def _command(
        self,
        name: str,
        changes: dict[str, Any],
        known: Row,
        wanted: Mapping[str, tuple[Step, Any]],
        row: SheetRow,
    ) -> tuple[Step, dict[str, Any]]:
        """Return a command with the changes, and what else it asks for."""
        command = commands()[name]
        body: dict[str, Any] = {}
        for each in _asked(command):
            if each in wanted or known.get(each) is not None:
                body[each] = _plain(wanted[each][1] if each in wanted else known[each])
            else:
                body[each] = REASON
        for step in self._plan.steps:  # as in --set regrade.reason=…
            if step.command is command:
                body |= step.body(row, "")
        given = [(each, wanted[each][0]) for each in changes]
        sources = [s for each, step in given for s in step.sources if s.field.name == each]
        return Step(command, sources), body | changes


class _Part(NamedTuple):
    """A part of a record, as a contact is: what corrects it, by which key, its column, itself."""

    command: Command
    key: dict[str, str]
    column: str
    now: Mapping[str, Any]


def _part(adding: Command, body: Mapping[str, Any], known: Row) -> _Part | None:
    """Return the part that a command would add, if the record has one of that name already."""
    kind, _, verb = adding.name.partition(".")
    correcting = commands().get(f"{kind}.{verb.replace('add-', 'correct-', 1)}")
    if not verb.startswith("add-") or correcting is None or "name" not in body:
        return None
    (key,) = (name for name in _asked(correcting) if name.endswith("_id"))
    column = key.removesuffix("_id") + "s"
    parts = ((id_, part) for id_, part in known[column].items() if part["name"] == body["name"])
    found = [_Part(correcting, {key: id_}, column, part) for id_, part in parts]
    return found[0] if len(found) == 1 else None


def _alike(told: Any, values: Sequence[Any]) -> bool:
    """Tell whether a record has just the parts that a list has, by the first field of each."""
    parts = [vars(value) for value in values if isinstance(value, BaseModel)]
    if not isinstance(told, list) or not len(told) == len(values) == len(parts):
        return False
    firsts = [next(iter(part.items())) for part in parts]
    both = zip(told, firsts, strict=True)
    return all(each.get(name) == _plain(value) for each, (name, value) in both)


def _require_as_before(
    step: Step, name: str, value: Any, row: SheetRow, history: Sequence[Recorded]
) -> None:
    """Require that what no column of the record shows was said before. Raises `Fixed`."""
    if name in ("reason", step.command.dated):
        return
    types = {fact.type for fact in step.command.facts}
    told = (event.data.get(name) for event in history if event.type in types)
    if not any(_same(each, value) for each in told):
        raise Fixed(f"{_cell(step, name, row)}: no command changes it")


def _asked(command: Command) -> list[str]:
    """Return the fields without which a command is not taken."""
    fields = command.body.model_fields
    return [name for name, field in fields.items() if field.is_required()]


def _sets(model: ReadModel, fact: type[Aggregate.Event], name: str, value: Any, known: Row) -> bool:
    """Tell whether a fact that states a value gives it to the column of that name."""
    if name not in fields_of(fact) or (fold_ := model.folds[fact.type]) is None:
        return False
    data = dict.fromkeys(fields_of(fact)) | {name: _plain(value)}
    now = datetime.now(UTC)
    event = Recorded(0, known["id"], 0, fact.type, 1, now, "", "", "", None, None, data)
    try:
        changes = fold_(dict(known), event)
    except Exception:  # it asks for more: it is about a part of the record
        return False
    return name in changes and _same(changes[name], value)


def _cell(step: Step, name: str, row: SheetRow) -> str:
    """Name the cell that says a value."""
    source = step.source(f"/{name}")
    if source is None:
        return name
    return f"{_place(source)}: {source.text(row)!r}"


def _place(source: Source) -> str:
    return f"column {source.column!r}" if source.column else f"--set {source.field.name}"


def _same(told: Any, value: Any) -> bool:
    """Tell whether a value of a record or of an event is one that a command takes."""
    if isinstance(value, Decimal) and isinstance(told, str):
        return Decimal(told) == value
    if isinstance(value, BaseModel) and isinstance(told, dict):
        parts = vars(value)
        return all(_same(told.get(name), each) for name, each in parts.items())
    if isinstance(value, list | tuple) and isinstance(told, list | tuple):
        return len(told) == len(value) and all(map(_same, told, value))
    return bool(_plain(told) == _plain(value))


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, the same however it was written."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, BaseModel):
        return {name: _plain(each) for name, each in vars(value).items() if each is not None}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value)


def latest_of(history: Sequence[Recorded], beginning: str) -> str:
    """Return the id of the last command of a history that begins so, or nothing."""
    ids = (each.command_id for each in reversed(history))
    return next((each for each in ids if each.startswith(beginning)), "")


def bounded(command_id: str, most: int = 200) -> str:
    """Return a command id that the journal can hold, or so many characters of it at most."""
    if len(command_id) <= most:
        return command_id
    digest = hashlib.blake2b(command_id.encode(), digest_size=16).hexdigest()
    return f"{command_id[: most - 50]}/{digest}"
