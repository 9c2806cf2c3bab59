"""CloudEvents: rows of the journal as Kafka records in binary mode, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import structlog

from adapters.journal.recorded_actors import with_kinds
from adapters.storage.instants import EPOCH, instant

log = structlog.get_logger(__name__)

WATERMARK = "keyline.watermark"
"""The type of a watermark.

In former times one stood in each partition, and said: no event of this partition up to
`ce_position` is still to come.
"""

OPERATION = "keyline.operation"
"""The type of a record that is an entry of the operation log."""

Headers = list[tuple[str, bytes]]
Row = tuple[
    int,
    str,
    int,
    str,
    int,
    int,
    str,
    str,
    str,
    str | None,
    str | None,
    str,
    str | None,
    str | None,
]
"""A row of the journal's `events`, columns in the order of the table, with kinds of actors."""

_MICROSECOND = timedelta(microseconds=1)
_SPEC = ("ce_specversion", b"1.0")
_JSON = ("content-type", b"application/json")


class Delivery(NamedTuple):
    """What came in from one partition: events in order, and how far that partition is.

    `position` is that of the last event or watermark: no event of the journal up to it that
    belongs to this partition is still to come.
    """

    rows: list[Row]
    position: int


class Encoder:
    """Writes events of one system, which `source` names as a URI reference."""

    def __init__(self, source: str) -> None:
        """Write events of `source`, as in `/keyline`."""
        self._source = ("ce_source", source.encode())

    def event(self, row: Sequence[Any]) -> Headers:
        """Return the headers of an event; its key is the stream and its value the payload."""
        position, stream, version, type_, schema, time_us, *origin, _, had, did = row
        actor, unit, command_id, on_behalf_of, cause = origin
        at = b"%d" % position
        headers = [
            _SPEC,
            ("ce_id", at),
            self._source,
            ("ce_type", type_.encode()),
            ("ce_subject", stream.encode()),
            ("ce_time", _written(time_us)),
            _JSON,
            ("ce_position", at),
            ("ce_version", b"%d" % version),
            ("ce_schema", b"%d" % schema),
            ("ce_actor", actor.encode()),
            ("ce_actorkind", did.encode()),
            ("ce_unit", unit.encode()),
            ("ce_commandid", command_id.encode()),
        ]
        if on_behalf_of is not None:
            headers.append(("ce_onbehalfof", on_behalf_of.encode()))
            headers.append(("ce_onbehalfkind", had.encode()))
        if cause is not None:
            headers.append(("ce_cause", cause.encode()))
        return headers

    def operation(self, number: int, time: datetime, key: str) -> Headers:
        """Return the headers of an entry of the operation log; its value is the entry."""
        return [
            _SPEC,
            ("ce_id", b"operation/%d" % number),
            self._source,
            ("ce_type", OPERATION.encode()),
            ("ce_subject", key.encode()),
            ("ce_time", time.strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()),
            _JSON,
            ("ce_number", b"%d" % number),
        ]

    def watermark(self, position: int) -> Headers:
        """Return the headers of a watermark."""
        return [
            _SPEC,
            ("ce_id", b"watermark/%d" % position),
            self._source,
            ("ce_type", WATERMARK.encode()),
            _JSON,
            ("ce_position", b"%d" % position),
        ]


def delivery(records: Iterable[Any]) -> Delivery:
    """Read the records of one partition, in their order.

    A record that no relay of ours can have written is logged and passed over.
    """
    rows: list[Row] = []
    position = 0
    for record in records:
        headers = dict(record.headers)
        try:
            position = max(position, int(headers["ce_position"]))
            if headers["ce_type"] != b"keyline.watermark":
                rows.append(_row(headers, record.value))
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            where = (record.topic, record.partition, record.offset)
            log.warning("record.foreign", record=where, error=repr(error))
    return Delivery(rows, position)


def _row(headers: dict[str, bytes], value: bytes | None) -> Row:
    """Return the row that a record tells of; those of former times had no kinds of actors."""
    on_behalf_of, cause = headers.get("ce_onbehalfof"), headers.get("ce_cause")
    had, did = headers.get("ce_onbehalfkind"), headers.get("ce_actorkind")
    row: Row = (
        int(headers["ce_position"]),
        headers["ce_subject"].decode(),
        int(headers["ce_version"]),
        headers["ce_type"].decode(),
        int(headers["ce_schema"]),
        _read(headers["ce_time"]),
        headers["ce_actor"].decode(),
        headers["ce_unit"].decode(),
        headers["ce_commandid"].decode(),
        None if on_behalf_of is None else on_behalf_of.decode(),
        None if cause is None else cause.decode(),
        # Never refused: what is no JSON is put aside with its record, by whoever folds it.
        (value or b"").decode(errors="backslashreplace"),
        None if had is None else had.decode(),
        None if did is None else did.decode(),
    )
    return with_kinds(row)


# All events of a commit share their time, so most of these are asked for many times in a row.
@lru_cache(1024)
def _written(time_us: int) -> bytes:
    return instant(time_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()


@lru_cache(1024)
def _read(time: bytes) -> int:
    return (datetime.fromisoformat(time.decode()) - EPOCH) // _MICROSECOND
