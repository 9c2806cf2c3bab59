"""The executor: takes a command from its JSON body to durable facts and an answer, once."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from decimal import Decimal
from typing import Any

import structlog

from adapters.commands import references
from adapters.commands.access_cache import Guard
from adapters.commands.added_parts import added, added_before
from adapters.commands.all_or_nothing import Together
from adapters.commands.body_validation import arguments_in, values_in
from adapters.commands.calls import Answer as Answer
from adapters.commands.calls import Call as Call
from adapters.commands.past_rules import looking_back
from adapters.commands.permission_check import must_wait, permit_of, subject
from adapters.commands.request_digest import digest, former
from adapters.commands.retroactive import give
from adapters.commands.separation_of_duties import require_other_hands
from adapters.journal.group_commit import Writer
from adapters.journal.journal import Journal
from adapters.journal.operation_entries import Repeat
from adapters.journal.unit_of_work import Transaction
from adapters.refusals import (
    HistoryFull,
    KeyReused,
    RecordUnreadable,
    Refusal,
    RuleBroken,
    StaleVersion,
    UnknownCommand,
    UnknownId,
)
from domain.kernel.aggregate import Aggregate, RuleViolation
from domain.kernel.claim import Claim
from domain.kernel.commands import Command, every_command
from domain.kernel.envelope import UnreadableEvent
from domain.kernel.types.authority import Level
from domain.kernel.types.decided import decide
from projections.kernel.visibility.visibility import Subject

log = structlog.get_logger(__name__)

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

LONGEST = 50_000
"""Events of one record at most, unless policies state more."""


class Executor:
    """Executes commands against a journal."""

    def __init__(
        self,
        journal: Journal,
        capacity: int = 4096,
        guard: Guard | None = None,
        longest: int = LONGEST,
    ) -> None:
        """Execute through one writer that lets `capacity` commands wait.

        Without a guard nothing is done for any party. Nobody states more of a record that has
        `longest` events: whoever reads its history holds all of it.
        """
        self.journal = journal
        self._guard = guard
        self._longest = longest
        self.writer = Writer(journal, capacity)
        self._commands = every_command()

    def start(self) -> None:
        """Begin to work."""
        self.writer.start()

    def stop(self) -> None:
        """Finish what is waiting, then end."""
        self.writer.stop()

    def submit(self, call: Call) -> Future[Answer]:
        """Queue a call; its future has the answer when its facts are durable, or a `Refusal`.

        Raises `Overloaded` at once when too many are waiting.
        """
        return self.writer.submit(self._execution(call))

    def submit_together(self, calls: Sequence[Call]) -> Future[list[Answer]]:
        """Queue calls as one unit of work: all are done, in this order, or none.

        A call that names no record is about the one of the first. The future has their answers,
        or the first refusal, which says in `call` which one it is about. Raises `Overloaded`.
        """
        return self.writer.submit(Together([self._execution(call) for call in calls]))

    def begin(self, call: Call, *, many: bool = False) -> asyncio.Future[Answer]:
        """Queue a call as `submit` does, for a task of the running event loop to wait for.

        Those of requests of `many` leave room for others.
        """
        reply: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.writer.enqueue(self._execution(call), reply, many=many)
        return reply

    def _execution(self, call: Call) -> Execution:
        key = b"" if self.journal.keys is None else self.journal.keys.digest_key
        command = self._commands.get(call.command)
        if command is not None and command.system and call.party is not None:
            command = None  # for policies alone: for anybody else there is no such command
        return Execution(call, command, self._guard, key, self._longest)

    def execute(self, call: Call) -> Answer:
        """Execute a call and wait for its answer. Raises a `Refusal`."""
        return self.submit(call).result()


class Execution:
    """One call on its way through the writer."""

    def __init__(
        self,
        call: Call,
        command: Command | None,
        guard: Guard | None,
        digest_key: bytes,
        longest: int,
    ) -> None:
        self._call = call
        self._longest = longest
        self._guard = guard
        self._command = command
        self._began = time.perf_counter_ns()
        self.repeated = False
        self._named = call.id is not None
        self._arguments: dict[str, Any] = {}
        self._invalid: Refusal | None = None
        self._digest_key = digest_key
        self._values: Any = call.body
        try:
            if command is None:
                raise UnknownCommand(f"There is no command {call.command!r}.")
            if call.id is not None and not _ID.fullmatch(call.id):
                raise UnknownId(f"There is no {command.aggregate.kind} {call.id!r}.")
            self._values = values_in(call.body)
            self._arguments = arguments_in(command, self._values)
        except Refusal as refusal:
            self._invalid = refusal
        self._digest = self._told() if call.keyed else ""

    def _told(self) -> str:
        return digest(self._call.command, self._call.id, self._values, self._digest_key)

    @property
    def name(self) -> str:
        """The name of the command."""
        return self._call.command

    def about(self, id_: str) -> None:
        """Name the record that the call is about, unless it makes one or names its own."""
        if self._named or self._command is None or self._command.creates:
            return
        self._call = call = dataclasses.replace(self._call, id=id_)
        if call.keyed:
            self._digest = self._told()

    def needs(self) -> Iterable[str]:
        """Return the record itself and those that its body names."""
        if self._invalid is None and self._command is not None:
            if self._call.id is not None:
                yield self._call.id
            yield from references.ids(self._command, self._arguments)

    def codes(self) -> Iterable[tuple[str, str]]:
        """Return what its body names by code: the rule that guards the code, and the code."""
        if self._invalid is None and self._command is not None:
            yield from references.codes(self._command, self._arguments)

    def repeats(self) -> Iterable[Repeat]:
        """Return the client's own command id, if it gave one."""
        if self._call.keyed:
            yield self._repeat

    @property
    def _repeat(self) -> Repeat:
        origin = self._call.origin
        return Repeat(origin.command_id, None if self._call.anybody else origin.who)

    def waits(self, transaction: Transaction) -> bool:
        """Tell whether the transaction is to be committed first."""
        return must_wait(self._call.party, transaction)

    def run(self, transaction: Transaction) -> Answer:
        """Decide, append what was decided and log it; a repeat gets its first answer."""
        call, command = self._call, self._command
        given = self._given(transaction)
        self.repeated = given is not None
        if given is not None:
            return given
        if self._invalid is not None or command is None:
            raise self._invalid or UnknownCommand(call.command)
        try:
            aggregate = self._decide(transaction, command)
        except RuleViolation as violation:
            raise RuleBroken(violation) from violation
        except UnreadableEvent as error:
            log.warning("record.unreadable", command=command.name, error=str(error))
            raise RecordUnreadable(str(error).partition(":")[0] + ".") from error
        parts = added(command, aggregate)
        position = transaction.save(aggregate, call.origin)
        answer = Answer(aggregate.id, aggregate.version, position, added=parts)
        self._log(transaction, 201 if command.creates else 200, answer, None)
        return answer

    def _given(self, transaction: Transaction) -> Answer | None:
        """Return the answer to what was done before: the record that it was to make, or its key."""
        call, command = self._call, self._command
        if (
            call.id is not None
            and command is not None
            and command.creates
            and transaction.existing([call.id], command.aggregate.kind)
        ):
            return Answer(call.id, 1, transaction.position, repeated=True)
        if not call.keyed or (done := transaction.operations.done(self._repeat)) is None:
            return None
        told = (call.command, call.id, call.body, self._digest_key)
        if done.digest != self._digest and done.digest not in former(*told):
            raise KeyReused("The Idempotency-Key was used for another request before.")
        parts = added_before(command, transaction, call.origin.command_id, done) if command else {}
        return Answer(done.target, done.version, done.position, repeated=True, added=parts)

    def refused(self, transaction: Transaction, error: Exception) -> None:
        """Log the refusal."""
        if isinstance(error, Refusal):
            error.logged = True
        else:
            log.error("command.failed", command=self._call.command, exc_info=error)
        self._log(transaction, getattr(error, "status", 500), None, error)

    def _decide(self, transaction: Transaction, command: Command) -> Aggregate:
        call, arguments = self._call, {**self._arguments, **self._call.issued}
        permit = permit_of(call.party, self._guard, transaction)
        target: Any = command.aggregate
        held: Sequence[Claim] = ()
        counted: Mapping[str, Decimal] = {}
        there: Subject | None = None
        if not command.creates:
            target = transaction.load(call.id or "")
            if not isinstance(target, command.aggregate) or (permit and not permit.sees(target)):
                raise UnknownId(f"There is no {command.aggregate.kind} {call.id}.")
            if call.party is not None and target.version >= self._longest:
                raise HistoryFull(f"It has {target.version} events, {self._longest} are the most.")
            if permit:
                permit.require(command.name, target)
                if command.places:
                    there = subject(target, transaction)
            if call.if_match is not None and call.if_match != target.version:
                raise StaleVersion(f"The record is at version {target.version} now.")
            held, counted = target.claimed, target.tallied
        else:
            if permit:
                permit.require_anywhere(command.name)
            if call.id is not None and transaction.load(call.id) is not None:
                raise UnknownId(f"{call.id} is no {command.aggregate.kind}.")
        past = None if call.yields else looking_back(transaction, command, arguments)
        for field, reference, value in command.named(arguments):
            references.check(transaction, field, reference, value, permit)
            if past is not None:
                past.require_there(field, reference, value)
        for parameter, tallied in command.tallies.items():
            key = getattr(target, tallied.start)
            arguments[parameter] = transaction.tallies.of((tallied.kind, key))
        for parameter, lineage in command.lineages.items():
            start = references.start(lineage, arguments, target)
            if lineage.one:
                then = None if past is None else past.then
                arguments[parameter] = references.attribute(transaction, lineage, start, then)
            elif past is not None and not command.creates and lineage.step is not None:
                arguments[parameter] = past.above(lineage, start, target)
            else:
                arguments[parameter] = references.lineage(transaction, lineage, start)
        for parameter, decided in command.decided.items():
            arguments[parameter] = decide(decided.rule, decided.facts(target, arguments))
        for parameter in command.highest:
            arguments[parameter] = permit.highest(command.name, target) if permit else Level.GROUP
        late = past is not None and not command.creates and past.precedes(target)
        aggregate = give(transaction, command, target, arguments, call.yields, call.id)
        if permit:
            permit.require_made(command, aggregate, call.origin, there, arguments)
        require_other_hands(transaction, command, aggregate.id, call.origin, arguments)
        if past is not None and (late or aggregate.claimed != held):
            past.require_alone(aggregate)
        references.claim(transaction, aggregate, held, permit)
        transaction.tallies.change(aggregate.kind, counted, aggregate.tallied)
        return aggregate

    def _log(
        self, transaction: Transaction, status: int, answer: Answer | None, error: Exception | None
    ) -> None:
        call, origin = self._call, self._call.origin
        transaction.operations.log(
            {
                "actor": origin.actor,
                "actor_kind": origin.actor_kind,
                "on_behalf_of": origin.on_behalf_of,
                "on_behalf_kind": None if origin.on_behalf_of is None else origin.on_behalf_kind,
                "unit": origin.unit,
                "command": _plain(call.command)[:100],
                "target": answer.id if answer else _plain(call.id or "")[:36] or None,
                "accepted": answer is not None,
                "refusal": getattr(error, "name", error and "internal-error"),
                "status": status,
                "detail": _plain(str(error))[:1000] if error else None,
                "command_id": origin.command_id,
                "digest": self._digest,
                "version": answer and answer.version,
                "position": answer and answer.position,
                "duration_us": (time.perf_counter_ns() - self._began) // 1000,
                "address": call.address,
                "trace": call.trace,
                "credential": call.credential,
            }
        )


def _plain(text: str) -> str:
    """Return a text as a database takes it: what a client sent may have any character in it."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
