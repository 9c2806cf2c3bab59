"""Every way out shows what the one who asks may see, and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.settings import Settings
from domain.kernel.aggregate import new_id
from projections.kernel.read_model import read_models
from tests.api.asking import problem
from tests.api.conftest import KEY, serving

NO_AMOUNTS = ["amount", "revenue", "phone"]


class World:
    """A small organisation on a server of its own, and keys of systems that see parts of it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.admin = self.client(KEY)
        for code, level, parent in (
            *(("gd", "province", "group"), ("gd-gz", "network", "gd")),
            *(("js", "province", "group"), ("js-nj", "network", "js")),
        ):
            self.make("/units", code=code, name=code, level=level, parent=parent)
        self.make("/roles", code="reader", name="Reader", unit="group", permissions=["*.read"])
        self.make(
            "/roles", code="sales", name="Sales", unit="group", permissions=["opportunity.read"]
        )
        details = {"annual_revenue": "90.00", "grade": "A"}
        self.south = self.make("/customers", name="华南电力", unit="gd-gz", **details)
        self.east = self.make("/customers", name="华南电力公司", unit="js-nj", **details)
        self.post(f"/customers/{self.south}/add-contact", name="Li", phone="+86 20 1234 5678")
        self.sale = self.offer("gd", self.south, "10.00")
        self.other_sale = self.offer("js", self.south, "20.00")
        self.ticket = self.make(
            "/service-tickets",
            customer_id=self.south,
            kind="fault",
            severity="minor",
            channel="hotline",
            title="No signal",
            unit="js-nj",
        )
        self.readers = {
            "group": self.key("reader", "group"),
            "gd": self.key("reader", "gd"),
            "gd, masked": self.key("reader", "gd", masked=NO_AMOUNTS),
            "group, masked": self.key("reader", "group", masked=NO_AMOUNTS),
            "js": self.key("reader", "js"),
            "sales of gd": self.key("sales", "gd"),
        }
        self.position = self.admin.get("/readyz").json()["position"]

    def client(self, key: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.address, headers=headers, trust_env=False, timeout=30)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.admin.post(path, json=body)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def make(self, path: str, **body: Any) -> str:
        return str(self.post(path, **body)["id"])

    def offer(self, unit: str, customer: str, amount: str) -> str:
        return self.make(
            "/opportunities", title="Lines", unit=unit, customer_id=customer, amount=amount
        )

    def key(self, role: str, unit: str, **more: Any) -> httpx.Client:
        issued = self.post("/api-keys", name=new_id(), role=role, unit=unit, **more)
        client = self.client(issued["key"])
        client.params = {}
        return client

    def get(self, who: str, path: str, **params: Any) -> Any:
        asked = {"min_position": self.position} | params
        answer = self.readers[who].get(path, params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def events(self, who: str, **params: Any) -> list[dict[str, Any]]:
        self.get(who, "/opportunities")
        answer = self.readers[who].get("/events", params={"limit": 1000} | params)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("seeing")
    with serving(Settings(data=folder, port=0, admin_key=KEY)) as address:
        world = World(address)
        yield world
        for client in (world.admin, *world.readers.values()):
            client.close()


@pytest.mark.parametrize("as_of", [False, True])
def test_what_is_open_with_a_customer_is_told_as_far_as_it_is_in_sight(
    world: World, as_of: bool
) -> None:
    then = {"as_of_position": world.position} if as_of else {}

    def listed(who: str, **asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = world.get(who, "/open-business", **then, **asked)["items"]
        return found

    south = world.get("group", f"/open-business/{world.south}", **then)
    assert {**south, "changed_at": None, "position": 0} == {
        "id": world.south,
        "position": 0,
        "changed_at": None,
        "name": "华南电力",
        "state": "potential",
        "grade": "A",
        "industry": None,
        "unit": "gd-gz",
        "manager": None,
        "open_opportunities": 2,
        "amount": "30.00",
        "weighted_amount": "3.00",
        "currency": "CNY",
        "next_close": None,
        "open_tickets": 1,
        "pipeline": [
            {
                "currency": "CNY",
                "opportunities": 2,
                "amount": "30.00",
                "weighted_amount": "3.00",
            }
        ],
        "oldest_ticket_at": south["oldest_ticket_at"],
    }
    assert [row["id"] for row in listed("group", sort="-amount")] == [world.south, world.east]
    assert listed("group", open_opportunities_from=1) == [south]
    assert world.get("group", f"/customers/{world.south}/page", **then)["open_business"] == south
    (row, _) = sorted(listed("group, masked"), key=lambda each: each["id"] != world.south)
    assert (row["amount"], row["masked"], row["open_tickets"]) == (None, ["amount"], 1)
    assert [each["amount"] for each in row["pipeline"]] == [None]
    assert world.readers["group, masked"].get("/open-business?sort=amount").status_code == 403
    (part,) = listed("gd", sort="-amount", count="exact")
    assert part == world.get("gd", f"/open-business/{world.south}", **then)
    assert part == world.get("gd", f"/customers/{world.south}/page", **then)["open_business"]
    assert (part["open_opportunities"], part["amount"], part["open_tickets"]) == (1, "10.00", 0)
    assert part["position"] < south["position"]  # the others' tickets came later
    assert listed("gd", open_opportunities_from=2) == listed("gd", open_tickets_from=1) == []
    (less,) = listed("gd, masked")
    assert (less["open_opportunities"], less["amount"], less["masked"]) == (1, None, ["amount"])
    assert world.readers["gd, masked"].get("/open-business?sort=amount").status_code == 403
    (east,) = listed("js")  # the sale and the ticket there are of a customer out of sight
    assert (east["id"], east["open_opportunities"], east["open_tickets"]) == (world.east, 0, 0)
    assert world.readers["js"].get(f"/open-business/{world.south}", params=then).status_code == 404
    more = {**then, "min_position": world.position, "format": "ndjson"}
    exported = world.readers["gd"].get("/open-business", params=more)
    assert [json.loads(line) for line in exported.text.splitlines()] == [part]
    for path in ("/open-business", f"/open-business/{world.south}"):
        problem(world.readers["sales of gd"].get(path, params=then), 403, "not-permitted")


@pytest.mark.parametrize(
    ("who", "customers", "sales", "tickets"),
    [("group", 2, 2, 1), ("gd", 1, 1, 0), ("gd, masked", 1, 1, 0), ("js", 1, 1, 1)],
)
@pytest.mark.parametrize("as_of", [False, True])
def test_lists_have_and_count_what_is_in_sight(
    world: World, who: str, customers: int, sales: int, tickets: int, as_of: bool
) -> None:
    then = world.admin.get("/events", params={"after": world.position - 1}).text
    more = {"as_of": json.loads(then.splitlines()[0])["time"]} if as_of else {}
    for path, count in (
        *(("/customers", customers), ("/opportunities", sales)),
        *(("/service-tickets", tickets), ("/units", 5)),
    ):
        found = world.get(who, path, count="exact", **more)
        assert (found["count"], len(found["items"])) == (count, count), path
    words = world.get(who, "/customers", q="华南", **more)
    assert len(words["items"]) == customers


def test_what_is_out_of_sight_does_not_exist(world: World) -> None:
    reader = world.readers["gd"]
    for path in (
        f"/customers/{world.east}",
        f"/customers/{world.east}/page",
        f"/customers/{world.east}/history",
        f"/opportunities/{world.other_sale}",
        f"/service-tickets/{world.ticket}/history",
    ):
        answer = reader.get(path, params={"min_position": world.position})
        unknown = reader.get(path.replace(path.split("/")[2], "nobody"))
        assert problem(answer, 404, "unknown-id")["title"] == unknown.json()["title"]


def test_what_is_out_of_sight_is_asked_for_as_in_vain_as_what_there_is_not(world: World) -> None:
    """Whether a code or an id is one of another unit cannot be tried out."""
    reader, unique = world.readers["gd"], new_id()[-12:]
    for unit in ("gd", "js"):
        world.make("/employees", code=f"{unit}.{unique}", name="Li", unit=unit)
    at = world.make("/customers", name="Elsewhere", unit="js")
    world.post(f"/customers/{at}/assign-manager", manager=f"js.{unique}")
    world.position = world.admin.get("/readyz").json()["position"]
    for path, parameter, there, sighted in (
        ("/employees", "code", f"js.{unique}", f"gd.{unique}"),
        ("/customers", "manager", f"js.{unique}", f"gd.{unique}"),
        ("/customers", "id", at, world.south),
        ("/opportunities", "customer_id", at, world.south),
        ("/grants", "given_by", f"js.{unique}", f"gd.{unique}"),
        ("/operations", "person", f"js.{unique}", f"gd.{unique}"),
        ("/operations", "actor", f"js.{unique}", f"gd.{unique}"),
        ("/operations", "target", at, world.south),
        ("/events", "stream", at, world.south),
        (f"/customers/{world.south}/history", "actor", f"js.{unique}", f"gd.{unique}"),
    ):
        none = new_id() if len(there) == 36 else "ghost"
        wait = {} if path in ("/operations", "/events") else {"min_position": world.position}
        told = []
        for value in (there, none):
            answer = reader.get(path, params={parameter: value, **wait})
            detail = problem(answer, 422, "invalid-parameter")["errors"][0]["detail"]
            told.append(detail.replace(value, "…"))
        assert told[0] == told[1], path
        assert reader.get(path, params={parameter: sighted, **wait}).status_code == 200, path


def test_what_was_in_sight_is_found_as_it_was(world: World) -> None:
    moved = world.make("/customers", name="Moving", unit="gd")
    then = world.admin.get("/readyz").json()["position"]
    world.post(f"/customers/{moved}/transfer", unit="js", reason="Moved")
    now = world.admin.get("/readyz").json()["position"]
    asked = {"id": moved, "min_position": now}
    reader = world.readers["gd"]
    problem(reader.get("/customers", params=asked), 422, "invalid-parameter")
    found = reader.get("/customers", params=asked | {"as_of_position": then})
    assert [each["id"] for each in found.json()["items"]] == [moved]


def test_without_the_permission_a_list_is_refused(world: World) -> None:
    reader = world.readers["sales of gd"]
    assert len(world.get("sales of gd", "/opportunities")["items"]) == 1
    for path in (
        *("/customers", f"/customers/{world.south}", f"/customers/{world.south}/page"),
        *(f"/customers/{world.south}/history", "/reports", "/reports/pipeline", "/parked"),
        *("/operations", "/events?aggregate=customer"),
    ):
        problem(reader.get(path), 403, "not-permitted")
    events = world.events("sales of gd")
    public = {each.aggregate for each in read_models().values() if each.scope.public}
    seen = {event["aggregate"] for event in events}
    assert seen - public == {"opportunity"}
    assert {"unit", "role"} <= seen & public
    sales = {event["stream"] for event in events if event["aggregate"] == "opportunity"}
    assert sales == {world.sale}


def test_each_part_of_a_page_is_what_is_in_sight_of_it(world: World) -> None:
    page = world.get("gd", f"/customers/{world.south}/page")
    assert [row["id"] for row in page["opportunities"]] == [world.sale]
    assert page["counts"]["open_opportunities"] == 1
    assert page["counts"]["tickets"] == 0
    assert page["pipeline"][0]["amount"] == "10.00"
    masked = world.get("gd, masked", f"/customers/{world.south}/page")
    assert masked["pipeline"][0]["amount"] is None
    assert masked["opportunities"][0]["masked"] == ["amount"]
    assert masked["customer"]["annual_revenue"] is None


def test_masked_fields_are_masked_on_every_way_out(world: World) -> None:
    row = world.get("gd, masked", f"/customers/{world.south}")
    (listed,) = world.get("gd, masked", "/customers")["items"]
    assert row == listed
    assert row["annual_revenue"] is None
    assert [contact["phone"] for contact in row["contacts"].values()] == [None]
    assert row["masked"] == ["phone", "revenue"]
    history = world.get("gd, masked", f"/customers/{world.south}/history")["items"]
    assert history[0]["data"]["annual_revenue"] is None
    assert history[0]["masked"] == ["revenue"]
    assert history[1]["data"]["phone"] is None
    for event in world.events("gd, masked"):
        text = json.dumps(event)
        assert not any(secret in text for secret in ("90.00", "+86 20", '"10.00"'))
    plain = {event["type"]: event for event in world.events("gd")}
    assert plain["customer.registered"]["data"]["annual_revenue"] == "90.00"
    assert "masked" not in plain["customer.registered"]


def test_nothing_goes_by_a_masked_field(world: World) -> None:
    reader = world.readers["gd, masked"]
    for path, params in (
        ("/customers", {"annual_revenue_from": "1"}),
        ("/customers", {"sort": "-annual_revenue"}),
        ("/opportunities", {"amount": "10.00"}),
        ("/reports/pipeline", {"measures": "amount"}),
    ):
        problem(reader.get(path, params=params), 403, "field-masked")
    figures = world.get("gd, masked", "/reports/pipeline")
    assert "amount" not in figures["columns"]
    assert figures["masked"] == ["amount"]


def test_figures_are_of_what_is_in_sight(world: World) -> None:
    for who, amount in (("group", "30.00"), ("gd", "10.00"), ("js", "20.00")):
        (row,) = world.get(who, "/reports/pipeline")["rows"]
        assert row["amount"] == amount
    provinces = world.get("group", "/reports/pipeline", by="province", measures="opportunities")
    assert {row["province"]: row["opportunities"] for row in provinces["rows"]} == {
        "gd": 1,
        "js": 1,
    }


def test_the_digest_of_a_key_never_leaves(world: World) -> None:
    keys = world.get("group", "/api-keys")
    assert keys["items"]
    text = json.dumps(keys) + json.dumps(world.events("group", aggregate="api-key"))
    id_ = keys["items"][0]["id"]
    text += json.dumps(world.get("group", f"/api-keys/{id_}"))
    text += json.dumps(world.get("group", f"/api-keys/{id_}/history"))
    assert "digest" not in text
    assert world.admin.get("/api-keys", params={"digest": "x"}).status_code == 422
    assert world.admin.get("/api-keys", params={"sort": "digest"}).status_code == 422


def test_likely_duplicates_out_of_sight_are_not_told(world: World) -> None:
    permissions = ["customer.register", "customer.read"]
    world.make("/roles", code="clerk", name="Clerk", unit="group", permissions=permissions)
    with world.key("clerk", "js") as clerk:
        answer = clerk.post("/customers", json={"name": "华南电力", "unit": "js"}).json()
        assert {each["id"] for each in answer["similar"]} == {world.east}


def test_a_stream_ends_when_the_last_permission_is_revoked(world: World) -> None:
    issued = world.post("/api-keys", name="short", role="sales", unit="gd")
    with world.client(issued["key"]) as reader:
        headers = {"Accept": "text/event-stream"}
        with reader.stream("GET", "/events", headers=headers) as answer:
            lines = answer.iter_lines()
            for line in lines:
                if line.startswith("data: ") and world.sale in line:
                    break
            world.post(f"/api-keys/{issued['id']}/revoke", reason="done")
            world.post(f"/opportunities/{world.sale}/retitle", title="More lines")
            assert not [line for line in lines if "More lines" in line]
