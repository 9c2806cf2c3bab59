"""AsyncAPI: the document of all events on Kafka, drawn from the aggregates' event classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

import streams
from adapters.kafka.cloudevents import OPERATION, WATERMARK
from adapters.kafka.cluster import Kafka
from adapters.kafka.watermarks import TOPIC as MARKS
from adapters.logs.operation_log import FIELDS
from domain.kernel.actors import ACTOR_KINDS
from domain.kernel.aggregate import Aggregate, discover
from domain.kernel.codec import fields_of
from domain.kernel.types.personal import personal_fields
from streams.kafka import sealed_schemas
from streams.kafka.operation_relay import TOPIC
from streams.kafka.sealed_schemas import seal

FILE = Path(streams.__path__[0], "asyncapi.json")
"""Where the document is kept, so that a change shows in the diff."""

_ENVELOPE = {
    "ce_specversion": ("1.0", "The version of CloudEvents."),
    "ce_id": ("184", "The position; with the source it names the event for good."),
    "ce_source": ("/keyline", "The system that recorded the event."),
    "ce_type": ("customer.lapsed", "What happened."),
    "ce_subject": ("0199…", "The id of the record, also the key; all its events come in order."),
    "ce_time": ("2026-03-01T08:30:00.000000Z", "When it was recorded, UTC."),
    "content-type": ("application/json", "The form of the payload."),
    "ce_number": ("2071", "The number of the entry among all entries, from 1, without gaps."),
    "ce_position": ("184", "The number of the event among all events, from 1, without gaps."),
    "ce_version": ("3", "The number of the event among those of its record, from 1."),
    "ce_schema": ("1", "The version of the payload's fields."),
    "ce_actor": ("e-17", "Who did it: an identity among those of its kind."),
    "ce_actorkind": ("person", f"What whoever did it is: {', '.join(ACTOR_KINDS)}."),
    "ce_unit": ("gd-gz", "The organisational unit for which it was done."),
    "ce_commandid": ("0199…", "The command that did it."),
    "ce_onbehalfof": ("e-4", "For whom it was done, if for somebody else."),
    "ce_onbehalfkind": ("person", "What they are for whom it was done, if for somebody else."),
    "ce_cause": ("0199…", "What led to the command, if another command did."),
}
_OPTIONAL = {"ce_actorkind", "ce_onbehalfof", "ce_onbehalfkind", "ce_cause"}
"""Records of former times have no kinds of actors."""
_OF_WATERMARK = (
    *("ce_specversion", "ce_id", "ce_source", "ce_type", "content-type", "ce_position"),
)

_OF_OPERATION = (
    *("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time"),
    *("content-type", "ce_number"),
)

_SCHEMAS = "#/components/schemas/"

_ABOUT = (
    "Every event of Keyline, one channel for each kind of record. Records are CloudEvents 1.0 in "
    "binary mode. Events come at least once; those of one record in order of `ce_version`, which "
    "also tells repeats. Events of different records have no order but `ce_position`."
)
_ABOUT_WATERMARK = (
    "Every event with a position up to `ce_position` is in its topic: in each partition before the "
    "offset that `ends` gives for it. Who has read a partition up to there has all its events up "
    "to that position. Sent after each batch, of all topics at once; only the last one counts. In "
    "former times watermarks without key and payload stood among the events of each partition: "
    "no event of that partition up to `ce_position` was still to come."
)
_MARK = {
    "type": "object",
    "required": ["position", "ends"],
    "properties": {
        "position": {"type": "integer"},
        "ends": {
            "type": "object",
            "description": "For each topic, the end of each of its partitions, in their order.",
            "additionalProperties": {"type": "array", "items": {"type": "integer"}},
        },
    },
}


_ABOUT_OPERATION = (
    "One entry of the operation log: an attempt to command, or a read. Entries come at least once; "
    "those of one key (the record, or without one whoever acted) in order of `ce_number`."
)
_TEXT_OR_NOTHING = {"type": ["string", "null"]}
_ENTRY = {
    "type": "object",
    "required": list(FIELDS),
    "properties": {
        **dict.fromkeys(FIELDS, _TEXT_OR_NOTHING),
        **{key: {"type": "string"} for key in ("actor", "unit", "command", "command_id")},
        **{key: {"type": "integer"} for key in ("number", "status", "times", "duration_us")},
        **{key: {"type": ["integer", "null"]} for key in ("version", "position")},
        "time": {"type": "string", "format": "date-time"},
        "kind": {"enum": ["command", "read"]},
        "actor_kind": {"enum": list(ACTOR_KINDS)},
        "on_behalf_kind": {"enum": [*ACTOR_KINDS, None]},
        "accepted": {"type": "boolean"},
    },
}


def document() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document for the default topics."""
    kafka = Kafka("")
    declared = discover().aggregates.values()
    kinds = {one.kind: one for one in declared if one.__module__.startswith("domain.")}
    kinds = dict(sorted(kinds.items()))
    events = {kind: _events(aggregate) for kind, aggregate in kinds.items()}
    every = [one for each in events.values() for one in each]
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Keyline events", "version": "1.0.0", "description": _ABOUT},
        "defaultContentType": "application/json",
        "channels": {
            **{kind: _channel(kafka, kind, events[kind]) for kind in kinds},
            TOPIC: _address(kafka, TOPIC, "The operation log.", [OPERATION]),
            MARKS: _address(kafka, MARKS, "How far the events were published.", [WATERMARK], 1),
        },
        "operations": {
            f"publish-{kind}": {"action": "send", "channel": {"$ref": f"#/channels/{kind}"}}
            for kind in [*kinds, TOPIC, MARKS]
        },
        "components": {
            "messages": {
                **{one.type: _message(one) for one in every},
                OPERATION: {
                    "name": OPERATION,
                    "summary": _ABOUT_OPERATION,
                    "headers": _headers(*_OF_OPERATION),
                    "payload": {"$ref": f"{_SCHEMAS}{OPERATION}"},
                    "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
                },
                WATERMARK: {
                    "name": WATERMARK,
                    "summary": _ABOUT_WATERMARK,
                    "headers": _headers(*_OF_WATERMARK),
                    "payload": {"$ref": f"{_SCHEMAS}{WATERMARK}"},
                    "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
                },
            },
            "messageTraits": {
                "event": {
                    "headers": _headers(*(name for name in _ENVELOPE if name != "ce_number")),
                    "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
                }
            },
            "schemas": _schemas(every) | {OPERATION: _ENTRY, WATERMARK: _MARK},
        },
    }


def text() -> str:
    """Return the document as it is kept."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _events(aggregate: type[Aggregate]) -> list[type[Aggregate.Event]]:
    registry = discover()
    return [
        found
        for type_, found in sorted(registry.events.items())
        if registry.owners[type_] is aggregate
    ]


def _schemas(events: list[type[Aggregate.Event]]) -> dict[str, Any]:
    """Return the schema of each event's payload by type, and those of the values in them."""
    found, rest = TypeAdapter.json_schemas(
        [(one.type, "serialization", _payload(one)) for one in events],
        ref_template=f"{_SCHEMAS}{{model}}",
    )
    shared: dict[str, Any] = rest["$defs"]
    payloads = {
        one.type: shared.pop(found[one.type, "serialization"]["$ref"].removeprefix(_SCHEMAS))
        for one in events
    }
    for type_, schema in payloads.items():
        schema["title"] = type_
        seal(schema, personal_fields(type_), shared)
    shared[sealed_schemas.NAME] = sealed_schemas.SCHEMA
    return payloads | dict(sorted(shared.items()))


def _payload(event: type[Aggregate.Event]) -> TypeAdapter[Any]:
    later = {name for name in fields_of(event) if hasattr(event, name)}
    fields: dict[str, Any] = {
        name: NotRequired[hint] if name in later else hint
        for name, hint in fields_of(event).items()
    }
    return TypeAdapter(TypedDict(event.type, fields))  # type: ignore[operator]


def _channel(kafka: Kafka, kind: str, events: list[type[Aggregate.Event]]) -> dict[str, Any]:
    names = [one.type for one in events]
    return _address(kafka, kind, f"What happened to each {kind}.", names)


def _address(
    kafka: Kafka, kind: str, about: str, names: list[str], partitions: int | None = None
) -> dict[str, Any]:
    return {
        "address": kafka.topic(kind),
        "description": about,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {
                "topic": kafka.topic(kind),
                "partitions": partitions or kafka.partitions,
                "bindingVersion": "0.5.0",
            }
        },
    }


def _message(event: type[Aggregate.Event]) -> dict[str, Any]:
    return {
        "name": event.type,
        "traits": [{"$ref": "#/components/messageTraits/event"}],
        "payload": {"$ref": f"{_SCHEMAS}{event.type}"},
    }


def _headers(*names: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [name for name in names if name not in _OPTIONAL],
        "properties": {
            name: {
                "type": "string",
                "description": _ENVELOPE[name][1],
                "examples": [_ENVELOPE[name][0]],
            }
            for name in names
        },
    }


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
