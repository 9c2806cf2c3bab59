"""Who did it is told apart from all who are called alike, on every way out, in both ways to run."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest

from tests.api.asking import head, problem, register
from tests.api.customers.test_merges_in_modes import read
from tests.api.modes import running as running
from tests.api.modes import system as system
from tests.streams.flow import until

POLICY = "abandon-opportunities"
PASSWORD = "a long road to the sea"  # pragma: allowlist secret


def by_key(client: httpx.Client, name: str) -> tuple[str, dict[str, str]]:
    """Return the id of a new key, and the headers of who uses it."""
    body = {"name": name, "role": "administrator", "unit": "group"}
    issued = client.post("/api-keys", json=body).raise_for_status().json()
    return issued["id"], {"Authorization": f"Bearer {issued['key']}"}


def signed_in(client: httpx.Client, code: str) -> dict[str, str]:
    """Engage somebody who may everything, and return the headers of who signs in as them."""
    for path, body in (
        ("/employees", {"code": code, "name": "Posing", "unit": "group"}),
        ("/grants", {"employee": code, "role": "administrator", "unit": "group"}),
        (f"/employees/{code}/password", {"password": "only for the first time"}),
    ):
        client.post(path, json=body).raise_for_status()
    asked = {"employee": code, "password": "only for the first time"}
    tokens = client.post("/sign-in", json=asked).raise_for_status().json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    asked = {"old": "only for the first time", "new": PASSWORD}
    tokens = client.post("/me/password", json=asked, headers=headers).raise_for_status().json()
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def test_an_employee_called_like_a_policy_neither_stops_it_nor_is_told_to_be_it(
    running: httpx.Client,
) -> None:
    posing = signed_in(running, POLICY)
    customer = register(running)
    about = {"title": "x", "unit": "group", "customer_id": customer["id"]}
    deal = running.post("/opportunities", json=about).raise_for_status().json()["id"]
    used = f"{POLICY}/{head(running) + 2}/{deal}"
    renamed = running.post(
        f"/customers/{customer['id']}/correct-details",
        json={"name": "Renamed"},
        headers={**posing, "Idempotency-Key": used},
    )
    assert renamed.status_code == 200, renamed.text
    closed = running.post(f"/customers/{customer['id']}/close", json={"reason": "bankrupt"})
    assert f"{POLICY}/{closed.json()['position']}/{deal}" == used
    until(lambda: read(running, f"/opportunities/{deal}").json()["status"] == "abandoned")

    def last(path: str) -> dict[str, Any]:
        found: dict[str, Any] = read(running, f"{path}/history").json()["items"][-1]
        return found

    done, told = last(f"/opportunities/{deal}"), last(f"/customers/{customer['id']}")
    assert (done["actor_kind"], done["actor"], done["command_id"]) == ("policy", POLICY, used)
    assert (done["on_behalf_kind"], done["on_behalf_of"]) == ("person", "admin")
    assert done["sentence"].startswith(f"The policy {POLICY}, for Administrator (admin),")
    history = read(running, f"/customers/{customer['id']}/history").json()["items"]
    (mine,) = (each for each in history if each["command_id"] == used)
    assert (mine["actor_kind"], mine["actor"]) == ("person", POLICY)
    assert mine["sentence"].startswith(f"Posing ({POLICY}) ")
    assert told["actor_kind"] == "person"
    trees = read(running, f"/chains/{used}").json()["items"]
    tops = {(each["actor_kind"], each["actor"]) for each in trees}
    assert tops == {("person", POLICY), ("person", "admin")}
    for kind in ("person", "policy"):
        asked = {"actor": POLICY, "actor_kind": kind, "accepted": True, "kind": "command"}
        entries = running.get("/operations", params=asked).json()["items"]
        assert {each["actor_kind"] for each in entries} == {kind}
        assert used in {each["command_id"] for each in entries}
    lines = running.get("/events", params={"stream": deal}).content.splitlines()
    assert [orjson.loads(each)["actor_kind"] for each in lines] == ["person", "policy"]


def test_two_systems_are_never_answered_with_each_others_records(running: httpx.Client) -> None:
    (one, first), (two, second) = (by_key(running, f"ERP {n}") for n in "ab")
    same = {"name": "erp a", "role": "administrator", "unit": "group"}
    problem(running.post("/api-keys", json=same), 409, "key-name-taken")
    made = []
    for headers in (first, second, first):
        body = {"name": "Ordered", "unit": "group"}
        answer = running.post(
            "/customers", json=body, headers={**headers, "Idempotency-Key": "order-1"}
        )
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])
    assert made[0] == made[2] != made[1]
    for id_, key, name in ((made[0], one, "ERP a"), (made[1], two, "ERP b")):
        (told,) = read(running, f"/customers/{id_}/history").json()["items"]
        assert (told["actor_kind"], told["actor"]) == ("key", key)
        assert told["sentence"].startswith(f"The system {name} ")
    me = running.get("/me", headers=first).json()
    assert (me["actor_kind"], me["actor"]) == ("key", one)


@pytest.mark.parametrize("code", ["key:erp", "policy:x", "\u0430dmin", "PENG.ZHAO", "Admin"])
def test_a_code_that_poses_is_refused_in_words(running: httpx.Client, code: str) -> None:
    body = {"code": code, "name": "x", "unit": "group"}
    refused = problem(running.post("/employees", json=body), 422, "invalid-body")
    assert "small letters a to z" in refused["errors"][0]["detail"]


def test_words_that_are_no_person_and_codes_of_others_are_refused(running: httpx.Client) -> None:
    for code, rule in (("system", "code-reserved"), ("admin", "employee-code-taken")):
        body = {"code": code, "name": "x", "unit": "group"}
        problem(running.post("/employees", json=body), 409, rule)
