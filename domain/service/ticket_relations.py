"""Relations of a ticket: other tickets that it repeats, comes of, or follows."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, command, starts
from domain.kernel.part import Part
from domain.kernel.types.values import Id, Reference

TicketId = Annotated[Id, Reference("service-ticket", live=False)]


class Relation(StrEnum):
    """What another ticket is to this one."""

    DUPLICATE = "duplicate"
    CAUSE = "cause"
    FOLLOW_UP = "follow-up"


class SameTicket(RuleViolation):
    """A ticket is not related to itself."""


class Relations(Part):
    """The tickets that it is related to, each in one way or several."""

    class Related(Aggregate.Event):
        """{who} related the ticket to {ticket_id}, which is its {relation}."""

        ticket_id: str
        relation: Relation

        def apply(self, aggregate: Any) -> None:
            """Remember it."""
            aggregate.related = [*aggregate.related, _related(self.ticket_id, self.relation)]

    related: list[dict[str, str]] = starts(list)

    @command
    def relate(self, ticket_id: TicketId, as_: Relation) -> None:
        """Relate the ticket to another one: its duplicate, its cause, or what followed it."""
        if ticket_id == self.id:
            raise SameTicket("ticket_id")
        if _related(ticket_id, as_) in self.related:
            raise NothingChanged("as")
        self.trigger_event(self.Related, ticket_id=ticket_id, relation=as_)


def _related(ticket: str, relation: Relation) -> dict[str, str]:
    return {"ticket_id": ticket, "as": str(relation)}
