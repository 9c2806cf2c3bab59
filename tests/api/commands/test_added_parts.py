"""Whoever adds a part to a record is told its id, also by a repeat, alone or among many."""

import inspect
import json

import httpx

from domain.kernel.commands import commands, every_command
from tests.api.asking import register
from tests.api.documented import committed

NDJSON = {"Content-Type": "application/x-ndjson"}


def contacts(client: httpx.Client, made: dict[str, str]) -> dict[str, str]:
    """Return the names of a customer's contacts by their ids."""
    row = client.get(f"/customers/{made['id']}", params={"min_position": made["position"]}).json()
    return {id_: each["name"] for id_, each in row["contacts"].items()}


def test_the_answer_to_what_adds_a_part_has_its_id_and_a_repeat_the_same(
    client: httpx.Client,
) -> None:
    path = f"/customers/{register(client)['id']}/add-contact"
    answer = client.post(path, json={"name": "Li Wei"}, headers={"Idempotency-Key": "first"})
    client.post(path, json={"name": "An Na"}, headers={"Idempotency-Key": "second"})
    again = client.post(path, json={"name": "Li Wei"}, headers={"Idempotency-Key": "first"})
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == answer.json()
    assert contacts(client, answer.json())[answer.json()["contact_id"]] == "Li Wei"


def test_so_does_each_of_many_with_a_repeat_among_them(client: httpx.Client) -> None:
    made = register(client)
    lines = [
        {"command": "customer.add-contact", "id": made["id"], "key": key, "body": {"name": key}}
        for key in ("Bo", "Chen", "Bo")
    ]
    content = "\n".join(map(json.dumps, lines))
    answer = client.post("/commands", content=content, headers=NDJSON)
    first, second, again = [json.loads(line) for line in answer.text.splitlines()]
    assert contacts(client, second) == {first["contact_id"]: "Bo", second["contact_id"]: "Chen"}
    assert again == first | {"line": 3, "repeated": True}


def test_what_is_made_up_for_a_part_is_told_and_the_document_says_so() -> None:
    adding = {name: each.adds for name, each in commands().items() if each.adds}
    assert adding == {
        "contract.draft-amendment": ("amendment_id",),
        "customer.add-contact": ("contact_id",),
    }
    making = {
        name
        for name, each in every_command().items()
        if "new_id()" in inspect.getsource(getattr(each.aggregate, each.method))
    }
    assert making == adding.keys()
    schemas = committed()["components"]["schemas"]
    for name, fields in adding.items():
        done = schemas[f"{commands()[name].body.__name__}Done"]
        assert {*fields} <= {*done["required"]}
