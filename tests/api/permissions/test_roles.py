"""Roles over HTTP: what is shipped, what can be put into one, and what is refused by its place."""

import httpx

from domain.kernel.aggregate import new_id
from domain.permissions.permission import permissions
from domain.permissions.standard_roles import STANDARD_ROLES
from tests.api.asking import problem


def define(client: httpx.Client, *entries: str) -> httpx.Response:
    body = {
        "code": f"role-{new_id()}",
        "name": "Some",
        "permissions": list(entries),
        "unit": "group",
    }
    return client.post("/roles", json=body)


def test_every_permission_is_listed_in_words(client: httpx.Client) -> None:
    items = client.get("/permissions").json()["items"]
    assert {item["name"]: item["words"] for item in items} == dict(permissions())


def test_permissions_are_listed_for_nobody_unknown(stranger: httpx.Client) -> None:
    problem(stranger.get("/permissions"), 401, "unauthenticated")


def test_the_standard_roles_are_there_from_the_first_start(client: httpx.Client) -> None:
    rows = client.get("/roles?limit=1000&min_position=1").json()["items"]
    assert {role.code for role in STANDARD_ROLES} <= {row["code"] for row in rows}


def test_a_role_is_defined_by_names_and_patterns(client: httpx.Client) -> None:
    made = define(client, "customer.*", "*.read", "campaign.approve")
    assert made.status_code == 201
    place = {"min_position": made.json()["position"]}
    row = client.get(made.headers["location"], params=place).json()
    assert row["permissions"] == ["customer.*", "*.read", "campaign.approve"]


def test_an_entry_that_allows_nothing_is_refused_by_name_and_place(client: httpx.Client) -> None:
    found = problem(define(client, "customer.*", "unicorn.ride"), 422, "invalid-body")
    assert found["errors"][0]["pointer"] == "/permissions/1"
    assert "'unicorn.ride'" in found["errors"][0]["detail"]


def test_the_administrator_holds_a_grant_like_anybody(client: httpx.Client) -> None:
    (grant,) = client.get("/grants?employee=admin").json()["items"]
    assert (grant["role"], grant["unit"], grant["reach"]) == ("administrator", "group", "unit")
