"""Former numbers: which customers had which registration number before that was kept in mind."""

from __future__ import annotations

import orjson
import sqlalchemy as sa

from adapters.storage.journal_tables import events, former_claims
from domain.customers.customer import RegistrationNumberTaken
from domain.customers.customer_profile import normal_number

_FIELD = "registration_number"


def note_former(connection: sa.Connection) -> None:
    """Note who was ever said to have a number; for which days, their histories tell."""
    query = sa.select(events.c.stream, events.c.data).where(
        events.c.type.startswith("customer."), events.c.data.contains(f'"{_FIELD}":"')
    )
    found = {
        (normal_number(number), stream)
        for stream, data in connection.execute(query)
        if isinstance(number := orjson.loads(data).get(_FIELD), str)
    }
    if found:
        rule = RegistrationNumberTaken.rule()
        rows = [{"rule": rule, "value": value, "stream": stream} for value, stream in found]
        connection.execute(former_claims.insert(), rows)
