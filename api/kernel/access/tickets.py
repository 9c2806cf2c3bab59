"""Tickets: a stream is opened by its address alone, by whoever asked for the ticket."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from adapters.identity.stream_tickets import StreamTickets
from api.kernel.problems import Unauthenticated
from api.kernel.reading.read_parameters import invalid

OPENS = "/events"
"""What a ticket opens."""

NAME = "ticket"

_CARRIED = (b"authorization", b"on-behalf-of")
"""Headers that a ticket stands for: they are asked about again as if they had been sent."""


async def issued(tickets: StreamTickets, headers: Mapping[bytes, bytes], query: bytes) -> str:
    """Return a ticket for the stream that a query describes, with whoever sent these headers."""
    carried = {n.decode(): headers[n].decode("latin-1") for n in _CARRIED if n in headers}
    said = orjson.dumps({"headers": carried, "query": sorted(_pairs(query))})
    return await run_in_threadpool(tickets.issue, said)


async def presented(
    tickets: StreamTickets, scope: Scope, headers: Mapping[bytes, bytes]
) -> Mapping[bytes, bytes]:
    """Return the headers of a request with those for which its ticket stands, if it has one.

    The ticket is taken out of the query before anything else is done: no log has it. Raises
    `Unauthenticated`, `InvalidParameter`.
    """
    if NAME.encode() not in scope["query_string"]:
        return headers
    pairs = _pairs(scope["query_string"])
    given = [value for name, value in pairs if name == NAME]
    if not given:
        return headers
    rest = [pair for pair in pairs if pair[0] != NAME]
    scope["query_string"] = urlencode(rest).encode()
    if len(given) > 1:
        raise invalid(NAME, f"Give {NAME!r} once.")
    found = await run_in_threadpool(tickets.redeem, given[0])
    said = None if found is None else orjson.loads(found)
    asked = [list(pair) for pair in sorted(rest)]
    if said is None or scope["path"] != OPENS or said["query"] != asked:
        raise Unauthenticated(
            "This ticket was used before, is too old, or is for another stream: "
            "POST /events/tickets gives one."
        )
    carried = {name.encode(): value.encode("latin-1") for name, value in said["headers"].items()}
    return {n: v for n, v in headers.items() if n not in _CARRIED} | carried


def _pairs(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)
