"""Shapes of what the row of a ticket has several of: what was lost, what it is related to."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import TypedDict

from domain.service.ticket_relations import Relation


class Lost(TypedDict):
    """An outage of a product in use; it lasts while it has no end."""

    product_in_use_id: str
    since: datetime
    until: datetime | None


RelatedTicket = TypedDict("RelatedTicket", {"ticket_id": str, "as": Relation})
"""Another ticket, and what it is to this one."""
