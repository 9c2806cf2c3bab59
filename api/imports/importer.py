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

from adapters.commands.body_validation import values_in
from adapters.commands.executor import Answer, Call
from adapters.commands.request_digest import digest, former
from adapters.journal.journal import Journal
from adapters.privacy.field_decryption import Opening
from adapters.refusals import KeyReused, Refusal
from adapters.storage.databases import in_parts
from adapters.storage.journal_tables import operations
from api.imports.files.sheets import Sheet
from api.imports.on_behalf import SYSTEM, Behalf
from api.imports.record_lookup import Names, NotFound
from api.imports.result import Result, Stopped, reason_of
from api.imports.row_commands import Plan, begun, creating
from api.imports.rows import Rows, Work
from api.imports.steps import CellFault, Step
from api.imports.update import Difference, Fixed, Updates, bounded, latest_of
from domain.kernel.aggregate import Origin
from domain.kernel.commands import Command
from domain.kernel.types.values import Reference

AT_ONCE = 512
"""Rows whose commands share commits."""


class Commands(Protocol):
    """What takes the commands of a row: an executor, or a rehearsal."""

    def submit_together(self, calls: Sequence[Call]) -> Future[list[Answer]]:
        """Take commands that are done together; their future has the answers or a refusal."""


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
        update: bool = False,
        after: int | None = None,
    ) -> None:
        """Import on somebody's behalf; `source` tells files apart whose keys clash.

        With `update` a row that came in before with other values changes its record. From `rows`,
        the row database, records are known sooner than from the journal. What the same behalf, by
        its credential, has had done `after` an entry of the operation log is of this import, which
        was interrupted.
        """
        self._plan = plan
        self._executor = executor
        self._journal = journal
        self._behalf = behalf
        self._source = source
        self._updates = Updates(plan) if update else None
        self.work: Sequence[Work] = ()
        """What became of each record, when all is done."""
        self._earlier = {} if after is None else self._done_after(after)
        wanted = {each.kind for step in plan.steps for each in _references(step.command)}
        wanted |= {plan.kind} if self._known_by_name else set()
        self._names = {kind: Names(journal, kind, rows, self._seen(kind)) for kind in wanted}

    def _seen(self, kind: str) -> Callable[[str], bool] | None:
        sees = self._behalf.sees
        return None if sees is None else lambda id_: sees(kind, id_)

    @property
    def _known_by_name(self) -> bool:
        return "name" in self._plan.create.body.model_fields

    def run(
        self, sheet: Sheet, advance: Callable[[Sequence[Work]], None] = lambda _: None
    ) -> Result:
        """Import all rows; `advance` is told which more are done. Never raises for a row.

        Should `advance` raise `Stopped`, the rows that are left fail for that reason.
        """
        rows = Rows(self._plan, sheet, self._digest, self._former)
        result, done = Result(), set[int]()
        try:
            for wave in rows.waves():
                for part in in_parts(wave, AT_ONCE):
                    self._do([each for each in part if each.fault is None], rows, result)
                    done.update(row.line for each in part for row in each.rows)
                    advance(part)
        except Stopped as stopped:
            for each in rows.work:
                if each.row.line not in done:
                    each.fault = each.fault or str(stopped)
        result.note(rows.work)
        self.work = rows.work
        return result

    def _do(self, part: Sequence[Work], rows: Rows, result: Result) -> None:
        """Give the commands of these rows, each row all or nothing, and note how it went."""
        waiting, answered, before = [], [], list[Work]()
        known = set[str]() if self._updates is None else self._former([w.key for w in part])
        for each in part:
            mine = self._command_id(self._plan.create, each.key) in self._earlier
            if (
                each.key in known and not mine
            ):  # to try its commands again would be refused, in the log for good
                before.append(each)
                continue
            try:
                told = begun(self._resolved(each))
                calls = [self._call(step, each, body) for step, body in told]
            except NotFound as missing:
                each.fault = str(missing)
                continue
            waiting.append((each, self._executor.submit_together(calls)))
        for each, future in waiting:
            try:
                answers = future.result()
            except Refusal as refusal:
                if isinstance(refusal, KeyReused) and self._updates is not None:
                    before.append(each)
                    continue
                step = each.bodies[refusal.call][0]
                self._refused(each, step, refusal)
                continue
            each.id = answers[0].id
            each.new = not all(answer.repeated for answer in answers)
            each.new |= self._command_id(self._plan.create, each.key) in self._earlier
            result.position = max(result.position, *(answer.position for answer in answers))
            if self._updates is not None and not each.new:
                before.append(each)
            if self._known_by_name and each.new:
                answered.append((each, answers[0]))
        if answered:
            self._look_around(answered)
        for each in before:
            self._update(each, rows, result)

    def _update(self, each: Work, rows: Rows, result: Result) -> None:
        """Make the record of a row that came in before as the row is now, whole or not at all.

        Of one that is as it was when it came in last nothing is done.
        """
        assert self._updates is not None
        try:
            resolved = self._resolved(each)
            calls = [self._call(step, each, body) for step, body in begun(resolved)]
        except NotFound as nobody:
            each.fault = str(nobody)
            return
        ids = [call.origin.command_id for call in calls]
        done = self._accepted(ids)
        repeated = all(self._is_repeat(call, done) for call in calls)
        each.id = done[ids[0]].target if ids[0] in done else each.id
        history, keys = self._journal.history(each.id or ""), self._journal.keys
        told = f"/{rows.told(each)}"
        latest = latest_of(history, f"import/{self._source}/")
        firsts = {self._command_id(step.command, each.key) for step in self._plan.steps}
        if latest.endswith(told) or (repeated and latest in firsts):
            each.changed = each.id in self._earlier.values()
            return
        sees = self._behalf.sees
        if not history or (sees is not None and not sees(self._plan.kind, history[0].stream)):
            each.fault = f"{self._plan.create.name}: was imported before, as a record out of sight"
            return
        said: list[tuple[Step, Any]] = []
        missing: list[tuple[Step, Any]] = []
        for (step, body), id_ in zip(resolved, ids, strict=True):
            (said if id_ in done else missing).append((step, body))
        history = history if keys is None else Opening(keys).events(history)
        version, steps = history[-1].version, list[tuple[Step, Any]]()
        try:
            masked = self._behalf.party is not None
            found = self._updates.of(each.row, history, said, masked)
            steps = [*found.commands, *missing]
            calls = [self._call(step, each, body) for step, body in steps]
            for number, call in enumerate(calls):
                if number < len(found.commands):
                    command_id = f"{bounded(call.origin.command_id, 150)}/{version}{told}"
                    origin = dataclasses.replace(call.origin, command_id=command_id)
                    call = dataclasses.replace(call, origin=origin)
                first = version if number == 0 else None
                calls[number] = dataclasses.replace(call, id=each.id, if_match=first)
            answers = self._executor.submit_together(calls).result() if calls else []
        except (Fixed, CellFault) as fault:
            each.fault = str(fault)
            return
        except Refusal as refusal:
            step = steps[refusal.call][0] if steps else self._plan.steps[0]
            self._refused(each, step, refusal)
            return
        added = [Difference(step.command.verb, None, "added") for step, _ in missing]
        each.differences = [*found.differences, *added]
        each.changed = bool(each.differences)
        result.position = max([result.position, *(answer.position for answer in answers)])

    def _refused(self, each: Work, step: Step, refusal: Refusal) -> None:
        """Note why nothing was done of a row."""
        pointers = [error["pointer"] for error in refusal.errors[:1]]
        each.at = next((each.row_at(pointer).line for pointer in pointers), None)
        each.fault, each.holder = reason_of(step, each.row_at, refusal), refusal.holder

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
        actor, unit = behalf.actor, behalf.unit
        origin = Origin(actor.id, unit, command_id, behalf.on_behalf_of, actor_kind=actor.kind)
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

    def _is_repeat(self, call: Call, done: Mapping[str, Any]) -> bool:
        """Tell whether a command is one of those that were done, with the same values."""
        row = done.get(call.origin.command_id)
        key, told = self._journal.digest_key, (call.command, call.id)
        now, then = digest(*told, values_in(call.body), key), former(*told, call.body, key)
        return row is not None and row.digest in (now, *then)

    def _former(self, keys: Sequence[str]) -> set[str]:
        ids = {self._command_id(self._plan.create, key): key for key in keys}
        return {ids[each] for each in self._accepted(list(ids))}

    def _done_after(self, number: int) -> dict[str, str]:
        """Return what this behalf has had done after an entry of the log: records, by commands."""
        query = sa.select(operations.c.command_id, operations.c.target).where(
            operations.c.number > number,
            operations.c.credential == self._behalf.credential,
            operations.c.accepted,
        )
        with self._journal.engine.connect() as connection:
            return {row.command_id: row.target for row in connection.execute(query)}

    def _accepted(self, command_ids: Sequence[str]) -> dict[str, Any]:
        """Return those of some commands of imports that were done: target and digest, by id."""
        found: dict[str, Any] = {}
        column = operations.c.command_id
        ours = sa.and_(operations.c.accepted, operations.c.address.is_(None))
        with self._journal.engine.connect() as connection:
            for part in in_parts(command_ids):
                query = sa.select(column, operations.c.target, operations.c.digest)
                query = query.where(column.in_(part), ours)
                found |= {row.command_id: row for row in connection.execute(query)}
        return found

    def _command_id(self, command: Command, key: str) -> str:
        """Return the id that makes a command of a row the same one in every run."""
        return bounded(f"import/{self._source}/{command.name}/{key}")

    def _digest(self, cells: Mapping[Any, str]) -> str:
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
