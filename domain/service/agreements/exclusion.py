"""Exclusions: what does not count in an agreement, as somebody else agrees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import Aggregate, RuleViolation, begins, command
from domain.kernel.parts.in_unit import InUnit
from domain.kernel.parts.of_customer import OfCustomer
from domain.kernel.types.values import Code, Id, Line, Moment, Reference, attribute

ClauseCode = Annotated[Code, Field(examples=["faults"])]
AgreementId = Annotated[Id, Reference("service-agreement", live=False)]
TicketId = Annotated[Id, Reference("service-ticket", live=False)]
CircuitId = Annotated[Id, Reference("product-in-use", live=False)]
Promised = Annotated[Mapping[str, bool], attribute("service-agreement", "agreement_id", "promised")]
OfWhom = Annotated[str, attribute("service-agreement", "agreement_id", "customer_id")]
AtWhich = Annotated[str, attribute("service-agreement", "agreement_id", "unit")]
WhoseTicket = Annotated[str | None, attribute("service-ticket", "ticket_id", "customer_id")]
WhoseCircuit = Annotated[
    str | None, attribute("product-in-use", "product_in_use_id", "customer_id")
]


class ExclusionState(StrEnum):
    """Whether something does not count, as was proposed."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    REFUSED = "refused"


class ExclusionReason(StrEnum):
    """Why something is not to count against us."""

    CUSTOMER = "customer"
    FORCE_MAJEURE = "force-majeure"
    THIRD_PARTY = "third-party"
    DISPUTE = "dispute"


class ClauseRequired(RuleViolation):
    """Something is left out of a clause that the agreement has."""


class ExclusionMisfit(RuleViolation):
    """A clause about cases leaves out a ticket, any other a product in use from when to when."""


class ExclusionElsewhere(RuleViolation):
    """An agreement leaves out nothing of another customer."""


class ExclusionReversed(RuleViolation):
    """What is left out ends after it begins."""


class ExclusionDecided(RuleViolation):
    """An exclusion is decided once."""


class Exclusion(InUnit, OfCustomer, Aggregate):
    """A ticket, or a stretch of a circuit's time, that does not count in a clause."""

    titles = {
        "agreement_id": "服务协议",
        "clause": "条款编码",
        "product_in_use_id": "在用产品",
        "starts_at": "开始时间",
        "ticket_id": "工单",
        "ends_at": "结束时间",
    }

    class Proposed(Aggregate.Created, changes=("customer_id", "unit")):
        """{who} proposed to leave [{ticket_id}][{product_in_use_id}] out of {agreement_id}.

        [It is about the time from {starts_at} to {ends_at}. ]The clause is {clause}, the reason is
        {reason}[: "{explanation}"].
        """

        agreement_id: str
        customer_id: str
        unit: str
        clause: str
        ticket_id: str | None
        product_in_use_id: str | None
        starts_at: datetime | None
        ends_at: datetime | None
        reason: ExclusionReason
        explanation: str | None

    class Agreed(Aggregate.Event, to=ExclusionState.AGREED):
        """{who} agreed to leave it out[: "{note}"]."""

        note: str | None = None

    class Refused(Aggregate.Event, to=ExclusionState.REFUSED):
        """{who} refused to leave it out, because "{reason}"."""

        reason: str

    state = begins(
        ExclusionState.PROPOSED,
        ends=(ExclusionState.AGREED, ExclusionState.REFUSED),
        ended=ExclusionDecided,
    )

    @classmethod
    @command
    def propose(
        cls,
        agreement_id: AgreementId,
        clause: ClauseCode,
        reason: ExclusionReason,
        promised: Promised,
        customer_id: OfWhom,
        unit: AtWhich,
        whose_ticket: WhoseTicket,
        whose_circuit: WhoseCircuit,
        ticket_id: TicketId | None = None,
        product_in_use_id: CircuitId | None = None,
        from_: Moment | None = None,
        to: Moment | None = None,
        explanation: Line | None = None,
    ) -> Exclusion:
        """Propose to leave a ticket, or a product in use over some time, out of a clause."""
        if clause not in promised:
            raise ClauseRequired("clause")
        of_cases = promised[clause]
        if (ticket_id is None) is of_cases:
            raise ExclusionMisfit("ticket_id")
        if (product_in_use_id is None) is not of_cases:
            raise ExclusionMisfit("product_in_use_id")
        for field, told in (("from", from_), ("to", to)):
            if (told is None) is not of_cases:
                raise ExclusionMisfit(field)
        if (whose_ticket if of_cases else whose_circuit) not in (None, customer_id):
            raise ExclusionElsewhere("ticket_id" if of_cases else "product_in_use_id")
        if from_ is not None and to is not None and to <= from_:
            raise ExclusionReversed("to")
        return cls._create(
            cls.Proposed,
            agreement_id=agreement_id,
            customer_id=customer_id,
            unit=unit,
            clause=clause,
            ticket_id=ticket_id,
            product_in_use_id=product_in_use_id,
            starts_at=from_,
            ends_at=to,
            reason=reason,
            explanation=explanation,
        )

    @command(states=Agreed, apart_from=Proposed)
    def agree(self, note: Line | None = None) -> None:
        """Agree to leave it out; not by whoever proposed it."""

    @command(states=Refused)
    def refuse(self, reason: Line) -> None:
        """Refuse to leave it out, for a reason: it counts."""
