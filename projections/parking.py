"""Parked events as text: written so that a mended program can read them anew."""

from __future__ import annotations

import dataclasses
from datetime import datetime

import orjson

from domain.kernel import Recorded, from_stored, registry
from domain.stored import Unreadable


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
    fields = orjson.loads(text)
    data, type_, schema = fields["data"], fields["type"], fields["schema"]
    fields["data"] = from_stored(
        type_, schema, data if isinstance(data, str) else orjson.dumps(data)
    )
    return Recorded(**{**fields, "time": datetime.fromisoformat(fields["time"])})
