"""Raw rows of the journal, as the warehouse takes them: prepared in batches, or as events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from domain.kernel.aggregate import Recorded, from_stored
from projections.kernel.warehouse.facts import raw_table

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def prepared(
    batches: Iterable[Iterable[Sequence[Any]]],
) -> Iterator[tuple[list[Sequence[Any]], pa.Table]]:
    """Fetch and convert each batch while the one before is loaded."""
    iterator = iter(batches)

    def following() -> tuple[list[Sequence[Any]], pa.Table] | None:
        batch = next(iterator, None)
        return None if batch is None else (rows := list(batch), raw_table(rows))

    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(following)
        while (prepared := coming.result()) is not None:
            coming = thread.submit(following)
            yield prepared


def recorded(row: Sequence[Any]) -> Recorded:
    """Return a raw row as an event."""
    position, stream, version, type_, schema, time_us, *rest = row
    actor, unit, command_id, on_behalf_of, cause, data, on_behalf_kind, actor_kind = rest
    return Recorded(
        position,
        stream,
        version,
        type_,
        schema,
        _EPOCH + timedelta(0, 0, time_us),
        actor,
        unit,
        command_id,
        on_behalf_of,
        cause,
        from_stored(type_, schema, data),
        on_behalf_kind,
        actor_kind,
    )
