"""Events as clients see them: without what is masked or sealed in them, which they tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.privacy.field_decryption import Opened
from domain.kernel.aggregate import Recorded
from domain.kernel.envelope import Unreadable
from domain.kernel.types.sensitive import SECRET, sensitive_fields, without
from projections.kernel.visibility.sealed_columns import SEALED


def shown(event: Recorded, hidden: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return an event as a client sees it, without what is masked in it; it says so itself."""
    fields = sensitive_fields(event.type)
    masked = hidden.intersection(fields.values())
    return {
        "position": event.position,
        "aggregate": event.aggregate,
        "stream": event.stream,
        "version": event.version,
        "type": event.type,
        "schema": event.schema,
        "time": event.time,
        "actor": event.actor,
        "actor_kind": event.actor_kind,
        "on_behalf_of": event.on_behalf_of,
        "on_behalf_kind": event.on_behalf_kind,
        "unit": event.unit,
        "command_id": event.command_id,
        "cause": event.cause,
        "data": without(event.data, fields, hidden),
        **({"masked": sorted(masked)} if masked else {}),
        **_sealed(event, fields, hidden),
        **_unread(event, hidden),
    }


def _sealed(
    event: Recorded, fields: Mapping[str, str], hidden: frozenset[str]
) -> dict[str, list[str]]:
    """Return which fields nobody can read: their person was erased, or the key is missing."""
    sealed = event.data.sealed if isinstance(event.data, Opened) else ()
    told = sorted(name for name in sealed if fields.get(name) not in hidden)
    return {SEALED: told} if told else {}


def _unread(event: Recorded, hidden: frozenset[str]) -> dict[str, Any]:
    """Return what is shown of an event whose payload this program cannot read.

    Where what is masked stands in it nobody can tell, so all of it is.
    """
    if not isinstance(event.data, Unreadable):
        return {}
    if hidden or SECRET in sensitive_fields(event.type).values():
        return {"data": None, "unreadable": "masked", "masked": sorted(hidden)}
    return {"data": None, "raw": event.data.raw, "unreadable": event.data.error}
