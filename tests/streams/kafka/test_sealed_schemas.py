"""What is sealed on Kafka is as the document says, and opened by the call that it names."""

from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import orjson
import pytest
import sqlalchemy as sa

from adapters.settings import Settings
from adapters.storage.journal_tables import events
from domain.kernel.types.personal import personal_fields
from streams.kafka.asyncapi import document
from streams.kafka.sealed_schemas import NAME, seal
from tests.api.asking import register
from tests.api.conftest import KEY, serving

TYPE = "customer.contact-added"
KNOWN = {"name": "司马相如", "birthday": "1979-12-17", "phone": "139 4444 5555"}
DOCUMENT = document()


def schema(type_: str) -> jsonschema_rs.Validator:
    place = f"#/components/schemas/{type_}"
    return jsonschema_rs.Draft202012Validator({"$ref": place, **DOCUMENT})


def test_a_sealed_event_fits_the_document_and_the_call_that_it_names_opens_it_and_is_logged(
    tmp_path: Path,
) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY)
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, trust_env=False) as client,
    ):
        id_ = register(client)["id"]
        made = client.post(f"/customers/{id_}/add-contact", json=KNOWN).json()
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'journal.db'}")
        with engine.connect() as connection:
            query = sa.select(events.c.data).where(events.c.position == made["position"])
            sealed: dict[str, Any] = orjson.loads(connection.scalars(query).one())
        engine.dispose()
        assert all(sealed[name].startswith(f"sealed:{made['contact_id']}:") for name in KNOWN)
        schema(TYPE).validate(sealed)
        told = DOCUMENT["components"]["schemas"][NAME]["description"]
        path = told.partition("GET ")[2].partition("`")[0]
        answer = client.get(path.replace("{ce_position - 1}", str(made["position"] - 1)))
        (event,) = answer.json()["items"]
        assert {name: event["data"][name] for name in KNOWN} == KNOWN
        trace = answer.headers["trace-id"]
        (entry,) = client.get("/operations", params={"trace": trace}).json()["items"]
        assert (entry["command"], entry["actor"], entry["rows"]) == ("event.list", "admin", 1)


@pytest.mark.parametrize("value", ["1979-12-17", None, "sealed:0192:QUJD"])
def test_a_field_of_a_person_is_sealed_plain_or_null(value: str | None) -> None:
    schema(TYPE).validate({"contact_id": "0192", "birthday": value})


@pytest.mark.parametrize("value", [7, ["sealed:0192:QUJD"]])
def test_it_is_nothing_else(value: Any) -> None:
    assert not schema(TYPE).is_valid({"contact_id": "0192", "birthday": value})


def test_every_field_that_tells_of_a_person_says_so() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for type_ in ("customer.absorbed", "customer.separated", TYPE, "service-ticket.opened"):
        before = orjson.dumps(DOCUMENT)
        assert personal_fields(type_)
        seal(schemas[type_], personal_fields(type_), schemas)  # it was said already
        assert orjson.dumps(DOCUMENT) == before
        assert f"/schemas/{NAME}" in str(_within(schemas[type_], schemas))


def _within(part: Any, schemas: dict[str, Any]) -> Any:
    """Return a part of a schema with those to which it refers in it."""
    if isinstance(part, list):
        return [_within(each, schemas) for each in part]
    if not isinstance(part, dict):
        return part
    name = str(part.get("$ref", "")).rpartition("/")[2]
    return (
        part
        if name in ("", NAME) and "$ref" in part
        else {
            key: _within(schemas[name], schemas) if key == "$ref" else _within(each, schemas)
            for key, each in part.items()
        }
    )
