"""Rows of tickets that their own facts tell, as the journal would hold them."""

import json
from datetime import datetime

from domain.kernel.aggregate import Recorded, to_stored
from domain.kernel.time.replay import taken
from domain.service.service_ticket import ServiceTicket
from projections.kernel.read_model import Row
from projections.service.service_tickets import service_tickets
from tests.domain.service.promised import at
from tests.projections.accounts import happened

RECORDED = at("03-10 12:00")


def told(ticket: ServiceTicket, recorded: datetime = RECORDED) -> list[Recorded]:
    """Take from a ticket all that it has stated, as events recorded at a moment."""
    stored = [to_stored(fact) for fact in taken(ticket, recorded)]
    events = [
        happened(s.version, s.stream, s.version, s.type, **json.loads(s.data)) for s in stored
    ]
    for event in events:
        object.__setattr__(event, "time", recorded)
    return events


def row_of(ticket: ServiceTicket, recorded: datetime = RECORDED) -> Row:
    """Return the row of a ticket of which nothing was recorded before."""
    return service_tickets.retell(told(ticket, recorded))[-1]
