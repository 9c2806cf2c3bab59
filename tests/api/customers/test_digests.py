"""Digests over HTTP: what changed with a customer and its hierarchy between two moments."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.settings import Settings
from domain.kernel.time.business_day import recorded_day
from tests.api.asking import head, problem
from tests.api.conftest import KEY, serving
from tests.api.kernel.access.test_visibility import World

CHANCE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z")
"""Ids and times, in which any digits may turn up."""


class Group(World):
    """A head office in the south with a subsidiary in the east, and what happened with them."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.start = head(self.admin)
        self.post(f"/customers/{self.east}/place-under", parent_id=self.south)
        self.post(f"/customers/{self.south}/regrade", grade="B", reason="less")
        self.post(f"/customers/{self.south}/regrade", grade="C", reason="still less")
        self.post(f"/customers/{self.south}/correct-details", annual_revenue="77123.00")
        self.post(f"/customers/{self.south}/add-contact", name="Wu", phone="+86 99 8765")
        self.post(f"/opportunities/{self.sale}/win", amount="11.00", contract_number="HT-1")
        self.won = head(self.admin)
        self.third = self.offer("js", self.east, "31415.00")
        plan: dict[str, Any] = {"kind": "care", "budget": "10.00", "starts_on": "2026-01-01"}
        plan |= {"goal": "x", "units": ["gd"], "ends_on": "2026-02-01"}
        self.campaign = self.make("/campaigns", name="Fibre", **plan)
        self.other_campaign = self.make("/campaigns", name="Voice", **plan)
        self.post(f"/campaigns/{self.campaign}/add-targets", customer_ids=[self.east])
        self.position = head(self.admin)

    def digest(self, who: str, customer: str, **ask: Any) -> dict[str, Any]:
        """Return the digest of a customer since the start."""
        asked = {"from_position": self.start} | ask
        found: dict[str, Any] = self.get(who, f"/customers/{customer}/digest", **asked)
        return found


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    folder: Path = tmp_path_factory.mktemp("digests")
    with serving(Settings(data=folder, port=0, admin_key=KEY)) as address:
        world = Group(address)
        yield world
        for client in (world.admin, *world.readers.values()):
            client.close()


def records(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in found["items"]}


def test_a_digest_has_the_net_changes_of_the_whole_hierarchy(group: Group) -> None:
    found = group.digest("group", group.south)
    assert found["items"][0]["id"] == group.south
    told = records(found)
    assert set(told) == {group.south, group.east, group.sale, group.third, group.campaign}
    customer = told[group.south]
    contact, *_ = (each for each in customer["changes"] if each["field"].endswith("/name"))
    assert contact["after"] == "Wu"
    net = {each["field"]: (each["before"], each["after"]) for each in customer["changes"]}
    assert net["grade"] == ("A", "C")
    assert net["annual_revenue"] == ("90.00", "77123.00")
    assert [each["type"] for each in customer["sentences"]] == [
        *("customer.regraded", "customer.regraded", "customer.details-corrected"),
        "customer.contact-added",
    ]
    assert (customer["began"], customer["ended"], customer["events"]) == (False, False, 4)
    assert told[group.sale]["ended"]
    assert told[group.third]["began"]
    assert found["counts"] == {
        "contacts": {"began": 1, "ended": 0},
        "customer": {"began": 0, "ended": 0, "changed": 2},
        "opportunity": {"began": 1, "ended": 1, "changed": 2},
        "campaign": {"began": 1, "ended": 0, "changed": 1},
    }
    assert found["position"] == found["to_position"] == group.position


def test_a_digest_between_two_positions_has_no_more_and_never_changes(group: Group) -> None:
    ask = {"from_position": group.start + 2, "to_position": group.won - 1}
    found = group.digest("group", group.south, **ask)
    assert set(records(found)) == {group.south}
    (customer,) = found["items"]
    grades = [each for each in customer["changes"] if each["field"] == "grade"]
    assert grades == [{"field": "grade", "before": "B", "after": "C"}]
    assert found == group.digest("group", group.south, **ask)


def test_a_digest_is_asked_for_by_days_and_paged(group: Group) -> None:
    times = group.events("group", after=group.start, limit=1)
    link = f"/customers/{group.south}/digest?limit=2&from={times[0]['time']}"
    pages = []
    while link:
        answer = group.admin.get(link)
        pages.append([each["id"] for each in answer.json()["items"]])
        link = answer.links.get("next", {}).get("url", "")
    whole = group.digest("group", group.south)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [id for page in pages for id in page] == [each["id"] for each in whole["items"]]
    today = f"{recorded_day(datetime.fromisoformat(times[0]['time']))}"
    found = group.get("group", f"/customers/{group.south}/digest", **{"from": today, "to": today})
    assert found["from_position"] <= group.start
    assert records(found)[group.south]["began"]


def test_what_is_out_of_sight_or_masked_is_in_no_digest(group: Group) -> None:
    found = group.digest("gd", group.south)
    # The campaign is of the same province; the subsidiary and its sale are of another.
    assert set(records(found)) == {group.south, group.sale, group.campaign}
    assert found["counts"]["opportunity"]["changed"] == 1
    assert "31415" not in CHANCE.sub("", str(found))
    masked = CHANCE.sub("", str(group.digest("gd, masked", group.south)))
    for secret in ("77123", "77,123", "90.00", "+86 99", "10.00", "8765"):
        assert secret not in masked, secret
    assert "Wu" in masked
    fields = {
        each["field"] for each in group.digest("gd, masked", group.south)["items"][0]["changes"]
    }
    assert "grade" in fields
    assert "annual_revenue" not in fields
    problem(
        group.readers["gd"].get(f"/customers/{group.east}/digest?from_position=0"),
        404,
        "unknown-id",
    )
    reader = group.readers["sales of gd"]
    problem(reader.get(f"/customers/{group.south}/digest?from_position=0"), 403, "not-permitted")


def test_wrong_bounds_are_named(group: Group) -> None:
    path = f"/customers/{group.south}/digest"
    for query, parameter in (
        *(("", "from"), ("from=2026-01-01&from_position=1", "from"), ("from=x", "from")),
        *(("from=2999-01-01", "from"), ("from=2026-01-01&to=2999-01-01", "to")),
        *(("from_position=9999999", "from_position"), ("from=2026-01-01&to=2025-01-01", "to")),
        ("from_position=5&to_position=3", "to_position"),
        ("from_position=5&to_position=99999999", "to_position"),
        ("from_position=5&to=2026-01-01&to_position=7", "to"),
    ):
        found = problem(group.admin.get(f"{path}?{query}"), 422, "invalid-parameter")
        assert found["errors"][0]["parameter"] == parameter, query


def test_days_before_anything_was_recorded_are_answered_in_words(group: Group) -> None:
    ask = "digest?from=2020-01-01&to=2020-12-31"
    found = problem(group.admin.get(f"/customers/{group.south}/{ask}"), 422, "invalid-parameter")[
        "errors"
    ][0]
    assert found["parameter"] == "to"
    assert "nothing had been recorded of this customer by then" in found["detail"]
    # Of one out of sight it is not told that there is one.
    path = f"/customers/{group.east}/{ask}"
    problem(group.readers["gd"].get(path), 404, "unknown-id")
