"""Parked events: put aside with the reason, as text that a mended program can read anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from domain.kernel.actors import attributed
from domain.kernel.aggregate import Recorded, from_stored, registry
from domain.kernel.envelope import Unreadable
from projections.kernel.fold import Parked, Waiting
from projections.kernel.rows.store import as_one_of, one_of
from projections.kernel.rows.tables import parked, upsert


def written(event: Recorded) -> str:
    """Return an event as JSON, with its payload at the schema named in it, or as it is stored."""
    known = registry.events.get(event.type)
    fields = {each.name: getattr(event, each.name) for each in dataclasses.fields(event)}
    if isinstance(event.data, Unreadable):
        fields["data"] = event.data.raw
    elif known is not None:
        fields["schema"] = known.schema
    return orjson.dumps(fields).decode()


def read(text: str) -> Recorded:
    """Return a parked event, with its payload at the schema that this program has now."""
    fields = plain(text)
    data, type_, schema = fields["data"], fields["type"], fields["schema"]
    fields["data"] = from_stored(
        type_, schema, data if isinstance(data, str) else orjson.dumps(data)
    )
    return Recorded(**{**fields, "time": datetime.fromisoformat(fields["time"])})


def plain(text: str) -> dict[str, Any]:
    """Return what a parked event says, with the kinds of whom it tells of."""
    fields: dict[str, Any] = orjson.loads(text)
    if "actor_kind" not in fields:  # parked before there were kinds
        fields |= _kinds(fields["actor"], fields["on_behalf_of"])
    return fields


def _kinds(actor: str, on_behalf_of: str | None) -> dict[str, str | None]:
    kind, actor = attributed(actor)
    behalf = None if on_behalf_of is None else attributed(on_behalf_of)
    return {
        "actor": actor,
        "actor_kind": kind,
        "on_behalf_of": behalf and behalf.id,
        "on_behalf_kind": behalf and behalf.kind,
    }


def park(connection: sa.Connection, model: str, found: Iterable[Parked]) -> None:
    """Put events aside with the reason why they could not be applied."""
    now = datetime.now(UTC)
    connection.execute(
        upsert(parked, connection.dialect.name),
        [
            {
                "model": model,
                "stream": each.event.stream,
                "version": each.event.version,
                "position": each.event.position,
                "event": written(each.event),
                "error": each.error.replace("\x00", "")[:2000],
                "parked_at": now,
            }
            for each in found
        ],
    )


def waiting(connection: sa.Connection, model: str, streams: Sequence[str]) -> Waiting:
    """Return what was put aside of some streams."""
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    some = one_of(connection.dialect)
    query = f"SELECT event FROM parked WHERE model = {mark} AND stream {some}"
    found: Waiting = {}
    wanted = (model, as_one_of(connection.dialect, streams))
    for (text,) in connection.exec_driver_sql(query, wanted):
        event = read(text)
        found.setdefault(event.stream, {})[event.version] = event
    return found


def unpark(connection: sa.Connection, model: str, events: Iterable[Recorded]) -> None:
    """Forget that events were put aside."""
    for event in events:
        connection.execute(
            parked.delete().where(
                parked.c.model == model,
                parked.c.stream == event.stream,
                parked.c.version == event.version,
            )
        )
