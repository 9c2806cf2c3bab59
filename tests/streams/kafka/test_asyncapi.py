"""The committed AsyncAPI document is the one that the code makes, and it holds together."""

import json
from collections.abc import Iterator
from typing import Any

from domain.kernel.aggregate import discover
from streams.kafka.asyncapi import FILE, document, text


def references(part: Any) -> Iterator[str]:
    """Yield every reference within a document."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_the_committed_document_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run: python -m streams.kafka.asyncapi"


def test_every_event_type_has_a_message_in_the_channel_of_its_aggregate() -> None:
    made = document()
    channels, messages = made["channels"], made["components"]["messages"]
    for type_, aggregate in discover().owners.items():
        if aggregate.__module__.startswith("domain."):
            assert type_ in messages
            assert type_ in channels[type_.partition(".")[0]]["messages"]
    assert channels["customer"]["address"] == "keyline.customer"


def test_every_reference_leads_somewhere() -> None:
    made = document()
    for reference in references(made):
        place: Any = made
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_no_python_path_shows() -> None:
    assert "domain" not in json.dumps(document()["components"]["schemas"])
