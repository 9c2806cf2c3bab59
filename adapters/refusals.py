"""Refusals: why a command was not done, each with its HTTP status and stable name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from domain.kernel.aggregate import RuleViolation, kebab


class Refusal(Exception):
    """A command was refused and changed nothing.

    `errors` lists the faults as `{"pointer": "/field", "detail": "…"}`, pointers by RFC 6901.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"
    logged = False
    """Whether the operation log has it already."""
    holder: str | None = None
    """The id of the record that has what was claimed, of one that may be told."""
    call = 0
    """Which of several calls that were to be done together it is about; the first is 0."""

    def __init__(self, detail: str, errors: Sequence[dict[str, str]] = ()) -> None:
        """Refuse, saying why in words (`detail`) and field by field (`errors`)."""
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors)

    @property
    def name(self) -> str:
        """The stable name of the refusal, as in `stale-version`."""
        return kebab(type(self).__name__)


class InvalidBody(Refusal):
    """The body does not have the shape that the command asks for."""

    status = 422
    title = "The body does not fit the command"


class MalformedBody(Refusal):
    """The body is not JSON."""

    status = 400
    title = "The body is not JSON"


class UnknownCommand(Refusal):
    """There is no such command."""

    status = 404
    title = "There is no such command"


class UnknownId(Refusal):
    """No record of this kind has this id."""

    status = 404
    title = "There is no such record"


class UnknownReference(Refusal):
    """The body names a record that does not exist."""

    status = 422
    title = "The body names a record that does not exist"


class NotPermitted(Refusal):
    """Whoever asks does not have the permission for it, here or anywhere."""

    status = 403
    title = "This is not permitted to you"


class RecordUnreadable(Refusal):
    """The record, or one that it concerns, has an event that this program cannot read.

    It is changed again once the program was mended; all other records are not concerned.
    """

    status = 409
    title = "The record has an event that this program cannot read"


class StaleVersion(Refusal):
    """The record has changed since the version that the client named."""

    status = 412
    title = "The record has changed since"


class KeyReused(Refusal):
    """The Idempotency-Key was used for another request before."""

    status = 422
    title = "The Idempotency-Key belongs to another request"


class TakenBack(Refusal):
    """A command was to be done together with another one, which was refused."""

    status = 424
    title = "Another command, together with which it was to be done, was refused"


class HistoryFull(Refusal):
    """The record has as many events as one may have: nothing more is stated of it."""

    status = 409
    title = "The history of the record is full"


class Overloaded(Refusal):
    """More commands are waiting than can be taken; try again shortly."""

    status = 503
    title = "Too many commands are waiting"


class Unavailable(Refusal):
    """The journal could not be written; nothing was acknowledged."""

    status = 503
    title = "The journal cannot be written now"


class WarehouseOutdated(Refusal):
    """What an earlier version left in the warehouse does not answer this; it is being remade."""

    status = 503
    title = "The warehouse is being remade"


class RuleBroken(Refusal):
    """A business rule forbids it."""

    status = 409
    title = "A business rule forbids it"

    def __init__(self, violation: RuleViolation) -> None:
        """Refuse by the rule that the aggregate raised."""
        field = violation.field
        detail = f"{violation.text()} {violation.hint}".rstrip()
        errors = [{"pointer": f"/{field}", "detail": detail}] if field else []
        super().__init__(detail, errors)
        self.rule = violation.rule()
        self.holder = violation.holder

    @property
    def name(self) -> str:
        """The name of the rule, as in `owner-required`."""
        return self.rule
