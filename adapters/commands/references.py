"""References: the records that a command names, found by id or by code, and what they claim."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from adapters.commands.permission_check import Permit
from adapters.journal.unit_of_work import Transaction
from adapters.refusals import UnknownReference
from domain.kernel.aggregate import Aggregate
from domain.kernel.claim import Claim, text
from domain.kernel.commands import Command
from domain.kernel.envelope import UnreadableEvent
from domain.kernel.types.values import PERSON, Lineage, Reference


def check(
    transaction: Transaction,
    field: str,
    reference: Reference,
    value: Any,
    permit: Permit | None = None,
) -> None:
    """See to it that the records named by a parameter exist, and that they are open if need be.

    Of a list of ids only the existence is checked: it may be long, and reading each record dear.
    What the `permit` does not let see does not exist.
    """
    if isinstance(value, (list, tuple)):
        if reference.claim is not None:
            for i, one in enumerate(value):
                check(transaction, f"{field}/{i}", reference, one, permit)
            return
        existing = transaction.existing(value, reference.kind)
        missing = set(value) - existing
        if permit is not None:
            missing |= permit.unseen(reference.kind, existing)
        if missing:
            errors = [
                {"pointer": f"/{field}/{i}", "detail": f"There is no {reference.kind} {one}."}
                for i, one in enumerate(value)
                if one in missing
            ]
            raise UnknownReference(errors[0]["detail"], errors[:100])
        if reference.ended is not None:
            for i, holder in transaction.holders(reference.ended, value):
                raise holder.closing(f"{field}/{i}")
    elif value is not None:
        record = named(transaction, reference, value)
        unseen = permit is not None and record is not None and not permit.sees(record)
        if record is None or record.kind != reference.kind or unseen:
            detail = f"There is no {reference.kind} {value}."
            raise UnknownReference(detail, [{"pointer": f"/{field}", "detail": detail}])
        if reference.ended is not None:
            for _, holder in transaction.holders(reference.ended, [value]):
                raise holder.closing(field)
        if reference.live and record.retired:
            raise record.closing(field)


def start(of: Lineage, arguments: Mapping[str, Any], target: Any) -> str | None:
    """Return what names the first record of a lineage, of the arguments or of the record itself."""
    names = (of.start,) if isinstance(of.start, str) else of.start
    told = tuple(arguments[n] if n in arguments else getattr(target, n) for n in names)
    return told[0] if isinstance(of.start, str) else text(told)


def ids(command: Command, arguments: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ids of records that the arguments of a command name."""
    for _, reference, value in command.named(arguments):
        if isinstance(value, str) and reference.claim is None:
            yield value
    yield from (first for of, first in _starts(command, arguments) if of.claim is None)


def codes(command: Command, arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what the arguments of a command name by code: the rule that guards it, the code."""
    for _, reference, value in command.named(arguments):
        rule = reference.claim or reference.ended
        if rule is not None and value is not None:
            yield from ((rule, each) for each in ([value] if isinstance(value, str) else value))
    for of, first in _starts(command, arguments):
        if of.claim is not None:
            yield of.claim, first


def _starts(command: Command, arguments: Mapping[str, Any]) -> Iterator[tuple[Lineage, str]]:
    """Yield the lineages of which the arguments alone name the first record, and its name."""
    for of in command.lineages.values():
        names = (of.start,) if isinstance(of.start, str) else of.start
        known = all(isinstance(arguments.get(name), str) for name in names)
        if known and of.kind != PERSON and (first := start(of, arguments, None)) is not None:
            yield of, first


def named(transaction: Transaction, by: Reference | Lineage, value: str) -> Aggregate | None:
    """Return the record that a value names, by its id or by the code that it claims."""
    return transaction.load(value) if by.claim is None else transaction.bearer(by.claim, value)


def lineage(transaction: Transaction, above: Lineage, start: str | None) -> tuple[Any, ...]:
    """Return what is wanted of the record that `start` names and of all above it, nearest first.

    Each once: rules keep records from being above themselves, but the writer must end whatever is.
    """
    if above.kind == PERSON:
        return () if start is None else transaction.person(start)
    taken: list[Any] = []
    seen: set[str] = set()
    while start is not None and (record := named(transaction, above, start)) is not None:
        if record.id in seen:
            break
        seen.add(record.id)
        taken.append(getattr(record, above.take))
        start = None if above.step is None else getattr(record, above.step)
    return tuple(taken)


def attribute(
    transaction: Transaction,
    of: Lineage,
    start: str | None,
    then: Callable[[Aggregate], Aggregate] | None = None,
) -> Any:
    """Return what is wanted of the record that `start` names, `None` when there is none.

    It is as of now, or as of a day gone by, as which `then` returns a record.
    """
    record = None if start is None else named(transaction, of, start)
    if record is None or record.kind != of.kind:
        return None
    return getattr(record if then is None else then(record), of.take)


def claim(
    transaction: Transaction,
    aggregate: Aggregate,
    held: Sequence[Claim],
    permit: Permit | None = None,
) -> None:
    """Move the record's claims from what it held before to what it holds now.

    Raises the rule that guards what another one has, and which one, if the `permit` lets see it.
    """
    claims = aggregate.claimed
    if claims == held:
        return
    before, now = set(held), set(claims)
    new = aggregate.version == len(aggregate.unrecorded)  # one of the same id may be there already
    for rule, value in held:
        if (rule, value) not in now:
            transaction.release(rule.rule(), value, aggregate.id)
    for rule, value in claims:
        if (rule, value) in before:
            continue
        holder = transaction.holder(rule.rule(), value)
        if holder is not None and (new or holder != aggregate.id):
            seen = _is_seen(transaction, holder, permit)
            several = sum(each is rule for each, _ in claims) > 1
            what, whose = f'"{value}"' if several else "It", f" by {holder}" if seen else ""
            violation = rule(None, f"{what} is held{whose}." if several or seen else "")
            violation.holder = holder if seen else None
            raise violation
        transaction.claim(rule.rule(), value, aggregate.id)


def _is_seen(transaction: Transaction, id_: str, permit: Permit | None) -> bool:
    """Tell whether a record is in sight; one that cannot be read is not."""
    try:
        record = transaction.load(id_)
    except UnreadableEvent:
        return False
    return record is not None and (permit is None or permit.sees(record))
