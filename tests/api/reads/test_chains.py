"""Chains over HTTP: what one request led to, from any event in it, as far as it is in sight."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.api.asking import problem, register
from tests.api.organisation.test_units_and_people import Office

Node = dict[str, Any]


def chain(client: httpx.Client, command_id: str, **ask: Any) -> dict[str, Any]:
    answer = client.get(f"/chains/{quote(command_id, safe='')}", params=ask)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def happened(nodes: list[Node], depth: int = 0) -> Iterator[tuple[int, str, str]]:
    """Yield the events of trees with their depth: type and record."""
    for node in nodes:
        for event in node["events"]:
            yield depth, event["type"], event["stream"]
            yield from happened(event["effects"], depth + 1)


@pytest.fixture
def office(client: httpx.Client) -> Office:
    return Office(client)


def test_a_request_that_led_to_nothing_is_a_chain_of_its_own(client: httpx.Client) -> None:
    made = client.post(
        "/customers",
        json={"name": "Alone", "unit": "group"},
        headers={"Idempotency-Key": "a-key/with?odd%signs#1"},
    ).json()
    found = chain(client, "a-key/with?odd%signs#1")
    assert list(happened(found["items"])) == [(0, "customer.registered", made["id"])]
    assert (found["counts"], found["next"]) == ({"customer": 1}, None)
    assert found["items"][0]["events"][0]["title"] == "Alone"
    problem(client.get("/chains/never-heard-of"), 404, "unknown-id")


def test_a_handover_is_told_from_its_begin_to_what_it_moved(office: Office) -> None:
    first, second = office.people
    customers = [office.customer() for _ in range(3)]
    body = {"employee": first, "successors": [{"employee": second}], "reason": "Leave"}
    handover = office.post("/handovers", **body)["id"]
    office.become(f"/handovers/{handover}", state="done")
    history = office.get(f"/handovers/{handover}/history")["items"]
    begun, planned, _ = history
    assert begun["because"] is None
    assert planned["because"]["event"]["position"] == begun["position"]
    assert planned["because"]["event"]["sentence"] == begun["sentence"]
    assert planned["because"]["command_id"] == begun["command_id"]

    whole = chain(office.client, begun["command_id"])
    assert list(happened(whole["items"])) == [
        (0, "handover.begun", handover),
        (1, "handover.planned", handover),
        *((2, "customer.manager-assigned", id) for id in sorted(customers)),
        (2, "handover.completed", handover),
    ]
    assert whole["counts"] == {"handover": 3, "customer": 3}
    moved = office.get(f"/customers/{customers[0]}/history", field="manager")["items"][-1]
    said = f", for Administrator (admin), assigned Name of {second} ({second}) as account manager"
    assert said in moved["sentence"]
    assert moved["because"]["event"]["type"] == "handover.planned"
    again = office.client.get(moved["because"]["chain"]).json()
    assert again["items"] == chain(office.client, moved["command_id"])["items"] == whole["items"]

    pages, link = [], f"/chains/{quote(begun['command_id'], safe='')}?limit=2"
    while link:
        answer = office.client.get(link)
        pages.append(list(happened(answer.json()["items"])))
        link = answer.links.get("next", {}).get("url", "")
    assert len(pages) == 3
    assert {each for page in pages for each in page} == set(happened(whole["items"]))
    assert all(page[0] == (0, "handover.begun", handover) for page in pages)
    early = chain(office.client, begun["command_id"], as_of=planned["time"])
    assert [type_ for _, type_, _ in happened(early["items"])][:2] == [
        "handover.begun",
        "handover.planned",
    ]


def test_a_merged_unit_leads_to_what_its_records_did(office: Office) -> None:
    customer = office.customer()
    other = f"{office.network}-b"
    office.open(other, "network", office.province)
    office.post(f"/units/{office.ids[office.network]}/merge", into=other, reason="One city")
    office.become(f"/customers/{customer}", unit=other)
    (moved,) = office.get(f"/customers/{customer}/history", field="unit", type="transferred")[
        "items"
    ]
    cause = moved["because"]["event"]
    assert cause["record"] == f"/units/{office.ids[office.network]}"
    assert cause["sentence"].startswith(f"Administrator (admin) merged the unit into {other}")
    found = chain(office.client, moved["command_id"])
    assert list(happened(found["items"])) == [
        (0, "unit.merged", office.ids[office.network]),
        (1, "customer.transferred", customer),
    ]


def test_who_sees_less_is_told_less_and_nothing_of_what_is_out_of_sight(office: Office) -> None:
    first, second = office.people
    register(office.client)  # somebody else's
    customer = office.customer()
    role = f"r-{office.network}"
    permissions = ["customer.read"]
    office.post("/roles", code=role, name=role, unit="group", permissions=permissions)
    issued = office.post("/api-keys", name=role, role=role, unit=office.network)
    body = {"employee": first, "successors": [{"employee": second}], "reason": "Leave"}
    handover = office.post("/handovers", **body)["id"]
    office.become(f"/handovers/{handover}", state="done")
    begun = office.get(f"/handovers/{handover}/history")["items"][0]
    headers = {"Authorization": f"Bearer {issued['key']}"}
    address = office.client.base_url
    with httpx.Client(base_url=address, headers=headers, trust_env=False) as reader:
        seen = chain(reader, begun["command_id"])
        assert list(happened(seen["items"])) == [(0, "customer.manager-assigned", customer)]
        assert seen["counts"] == {"customer": 1}
        (*_, moved) = reader.get(f"/customers/{customer}/history").json()["items"]
        assert "event" not in moved["because"]
        assert moved["sentence"].endswith(f"assigned {second} as account manager, before {first}.")
        problem(
            reader.get(
                f"/chains/{office.get(f'/handovers/{handover}/history')['items'][0]['command_id']}x"
            ),
            404,
            "unknown-id",
        )
