"""When: whatever is read says its position, and is the same again when asked for as of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import httpx
import orjson
import pytest

from domain.kernel.aggregate import discover, new_id
from domain.kernel.commands import Command, commands
from domain.kernel.time.business_day import today
from projections.kernel.read_model import models_by_kind
from projections.kernel.reports.record_names import key_of
from tests.api.asking import head, problem, register
from tests.api.conftest import KEY
from tests.api.customers.test_customer_merges import merged
from tests.api.documented import committed
from tests.api.organisation.test_units_and_people import Office
from tests.api.products.test_price import Catalogue
from tests.bodies import beginning, named_by

PATHS: dict[str, Any] = committed()["paths"]


def parameters(path: str) -> set[str]:
    return {each["name"] for each in PATHS[path].get("get", {}).get("parameters", ())}


READS = sorted(path for path in PATHS if "as_of_position" in parameters(path))
"""Every route that can be asked for as of a position."""

POSITIONS = {"min_position", "as_of_position", "from_position", "to_position", "after", "since"}
"""Every parameter whose value is a position that an answer told."""

MONTH = "2026-11"
"""One that has begun."""

MEASURED: dict[str, dict[str, Any]] = {
    "/statistics": {"measures": "tickets,pipeline.amount,customers.customers", "by": "unit"}
}
for each in PATHS:
    if each.startswith("/analyses/"):
        moves = {"compare": "previous", "month": MONTH} if "moves" in each else {}
        MEASURED[each.removesuffix("/export")] = {"measures": "pipeline.amount", **moves}
"""What has to be asked for by name."""

COUNTING = {"/service-tickets/{id}/clock", "/service-agreements/{id}/attainment"}
"""What counts up to the moment that is asked about: of a position, up to that of its event."""

BEYOND = 10_000
"""Events that nobody records between two calls of a test."""

TABLES = ("/reports", "/statistics", "/analyses")
"""What answers with tables, which are no NDJSON, as does the revenue of a customer."""

FORMATS = [
    (path, format)
    for path in READS
    if "format" in parameters(path)
    for format in ("csv", "ndjson", "parquet")
    if not (format == "ndjson" and (path.startswith(TABLES) or path.endswith("/revenue")))
]


def day(ago: int) -> str:
    return f"{today() - timedelta(days=ago)}"


class Life:
    """A customer with what hangs on it, and records of all other kinds."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.customer = register(client, name="时间有限公司", registered_on=day(90))["id"]
        office = Office(client)
        office.customer()
        merged(client)
        plan = {"kind": "care", "goal": "x", "units": ["group"], "budget": "10.00"}
        plan |= {"starts_on": day(9), "ends_on": day(0)}
        self.post("/campaigns", name="Fibre", **plan)
        self.post("/teams", name="Bank", unit="group")
        role = {"role": "administrator", "unit": "group"}
        self.post("/api-keys", name=new_id(), **role)
        self.post("/grants", employee=office.people[0], **role)
        body = {"employee": office.people[0], "successors": [{"employee": office.people[1]}]}
        self.post("/handovers", **body, reason="Leave")
        term = {"starts": f"{day(1)}T00:00:00Z", "until": f"{day(-30)}T00:00:00Z"}
        away = {"principal": office.people[0], "deputy": office.people[1], "reason": "Leave"}
        self.post("/delegations", **away, **term)
        catalogue = Catalogue(client)
        catalogue.plan(catalogue.product(), "group", "12000.00")
        self.others()
        self.grow()

    def others(self) -> None:
        """Make a record of each kind that there is none of yet, as its golden history begins."""
        creating = {each.aggregate.kind: each for each in commands().values() if each.creates}

        def named(kind: str) -> list[str]:
            plural, by = discover().aggregates[kind].plural, key_of(models_by_kind()[kind])
            if kind in creating and not self.some(plural):
                command = creating[kind]
                fields = command.body.model_fields
                needed = [
                    r.kind for name, r in command.references.items() if fields[name].is_required()
                ]
                names = {each: named(each) for each in needed}
                told = named_by(command, self.make, self.customer)
                self.post(f"/{plural}", **beginning(command, names, **told))
            return self.some(plural, by)

        for kind in creating:
            named(kind)

    def make(self, creating: Command, **given: Any) -> str:
        """Return the id of a new record."""
        names = {"unit": ["group"]}
        made: str = self.post(
            f"/{creating.aggregate.plural}", **beginning(creating, names, **given)
        )["id"]
        return made

    def some(self, plural: str, by: str = "id") -> list[str]:
        """Return the ids of records, or what else they are named by."""
        ask = {"limit": 5, "min_position": head(self.client)}
        items = self.client.get(f"/{plural}", params=ask).json()["items"]
        return [each[by] for each in items]

    def grow(self) -> None:
        """Change everything that the answers to compare are made of."""
        n = head(self.client)
        path = f"/customers/{self.customer}"
        grade = {"grade": "ABC"[n % 3], "reason": "Turnover", "effective": day(n % 40)}
        self.client.post(f"{path}/regrade", json=grade)  # refused where it changes nothing
        self.post(f"{path}/correct-details", name=f"时间{n}有限公司", annual_revenue=f"{n}.50")
        ticket = {"kind": "fault", "severity": "major", "channel": "hotline", "title": f"No {n}"}
        sale = {"title": f"Lines {n}", "unit": "group", "amount": f"{n}.25"}
        self.post("/opportunities", customer_id=self.customer, **sale, opened_on=day(n % 9))
        self.post("/service-tickets", customer_id=self.customer, unit="group", **ticket)
        register(self.client, name=f"Branch {n}", parent_id=self.customer, registered_on=day(3))

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def address(self, path: str) -> str | None:
        """Return a path with an id that is there, `None` when nothing of the kind is."""
        if path.startswith("/customers/"):
            return path.replace("{id}", self.customer)
        if "{command_id}" in path:
            listed = self.client.get(f"/customers/{self.customer}/history").json()["items"]
            return path.replace("{command_id}", listed[0]["command_id"])
        if "{id}" in path:
            ask = {"limit": 1, "min_position": head(self.client)}
            items = self.client.get(path.partition("/{")[0], params=ask).json()["items"]
            return path.replace("{id}", items[0]["id"]) if items else None
        return path


@pytest.fixture(scope="module")
def life(address: str) -> Iterator[Life]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as client:
        yield Life(client)


def ask(life: Life, path: str, **more: Any) -> tuple[str, dict[str, Any]] | None:
    address = life.address(path)
    if address is None:
        return None
    if path == "/late-entries":
        more |= {"valid_at": day(1), "since": 1}
    more |= MEASURED.get(path.removesuffix("/export"), {})
    if path.startswith("/working-calendars/{id}/"):
        more["from"] = "2026-02-13T16:30:00+08:00"
        more |= {"hours": 4} if path.endswith("/due") else {"to": "2026-02-14T11:00:00+08:00"}
    if path.endswith("/price"):
        more["unit"] = "group"
    if path.endswith(("/records", "/records/export")) and "currency" in parameters(path):
        more["currency"] = "CNY"  # amounts are added in one only
    if "min_position" in parameters(path):
        more["min_position"] = head(life.client)
    return address, more


def test_every_read_of_records_takes_a_position() -> None:
    without = {path for path in PATHS if "get" in PATHS[path]} - set(READS)
    # What is about the running system, its log, its proofs and who may do what, has no past.
    others = (
        *(
            "/access/",
            "/imports",
            "/livez",
            "/me/",
            "/metrics",
            "/operations",
            "/parked",
            "/permissions",
        ),
        *("/problems", "/proofs", "/readyz", "/system-log"),
    )
    rest = {path for path in without if not path.startswith(others)}
    # It is between positions; persons are found as they are now; what texts are likely to mean is
    # for whoever names products now; there are only names.
    names = {"/reports", "/measures", "/dimensions", "/analyses", "/me"}
    assert rest == {"/customers/{id}/digest", "/contacts", "/product-texts"} | names


@pytest.mark.parametrize("path", [path for path in PATHS if "get" in PATHS[path]])
def test_a_position_that_was_never_told_is_refused_at_once(life: Life, path: str) -> None:
    taken = parameters(path) & POSITIONS
    if path in ("/events", "/events/page"):  # there `since` is a day or an instant
        taken -= {"since"}
    address = life.address(path) if taken else None
    if address is None:
        pytest.skip("it takes none, or there is none")
    more: dict[str, Any] = {"valid_at": day(1), "since": 1} if path == "/late-entries" else {}
    more |= MEASURED.get(path.removesuffix("/export"), {})
    more |= {"from_position": 1} if "from_position" in taken else {}
    for name in taken:
        answer = life.client.get(address, params=more | {name: head(life.client) + BEYOND})
        (fault,) = problem(answer, 422, "invalid-parameter")["errors"]
        assert fault["parameter"] == name
        assert fault["detail"].startswith("The last position is ")


def test_a_stream_goes_on_from_no_position_that_was_never_told(life: Life) -> None:
    beyond = {"Accept": "text/event-stream", "Last-Event-ID": str(head(life.client) + BEYOND)}
    problem(life.client.get("/events", headers=beyond), 422, "invalid-parameter")


class Before(NamedTuple):
    """A question, with what it was answered before everything that answers are made of changed."""

    address: str
    more: dict[str, Any]
    first: httpx.Response


def known(path: str, axes: dict[str, int], life: Life) -> tuple[str, dict[str, Any]] | None:
    """Return the question after what was known, or true so many days ago; `None` for neither."""
    if not axes.keys() <= parameters(path) or (axes and path == "/late-entries"):
        return None  # what was recorded has one axis
    if axes and "{id}" in path and not path.startswith("/customers/{id}"):
        axes = {"valid_at": 0}  # these have begun today
    asked = ask(life, path, **{name: day(ago) for name, ago in axes.items()})
    if asked is not None and "count" in parameters(path):
        asked[1]["count"] = "exact"
    return asked


@pytest.fixture(scope="module")
def before(life: Life) -> dict[tuple[str, str], Before]:
    """What each read answers on each axis, and each export, before everything changes twice."""
    questions = {(path, axis): known(path, axes, life) for path in READS for axis, axes in AXES}
    questions |= {(path, format): ask(life, path, format=format) for path, format in FORMATS}
    found = {
        label: Before(*asked, life.client.get(asked[0], params=asked[1]))
        for label, asked in questions.items()
        if asked is not None
    }
    life.grow()
    life.grow()
    return found


AXES: list[tuple[str, dict[str, int]]] = [("known", {}), ("true", {"valid_at": 20})]


@pytest.mark.parametrize("axis", [axis for axis, _ in AXES])
@pytest.mark.parametrize("path", READS)
def test_the_answer_of_a_position_is_the_same_for_ever(
    life: Life, before: dict[tuple[str, str], Before], path: str, axis: str
) -> None:
    if (path, axis) not in before:
        pytest.skip("there is none, or it has one axis")
    address, more, first = before[path, axis]
    assert first.status_code == 200, first.text
    position = int(first.headers["position"])
    if first.headers["content-type"] == "application/json" and "{id}" not in path:
        assert first.json()["position"] == position
    more = {name: value for name, value in more.items() if name != "min_position"}
    again = life.client.get(address, params=more | {"as_of_position": position})
    if path not in COUNTING:
        assert _but_for_the_cursor(again) == _but_for_the_cursor(first)
    once_more = life.client.get(address, params=more | {"as_of_position": position})
    assert (once_more.content, once_more.links) == (again.content, again.links)
    assert (again.headers["position"], again.headers.get("etag")) == (
        first.headers["position"],
        first.headers.get("etag"),
    )


def _but_for_the_cursor(answer: httpx.Response) -> bytes:
    """Return the content, where a cursor is cut out: it goes on with the very question asked."""
    content, cursor = answer.content, b""
    if "next" in answer.links and answer.headers["content-type"] == "application/json":
        cursor = orjson.dumps(answer.json()["next"])
    return content.replace(cursor, b"...") if cursor else content


@pytest.mark.parametrize(("path", "format"), FORMATS)
def test_so_is_an_export(
    life: Life, before: dict[tuple[str, str], Before], path: str, format: str
) -> None:
    address, more, first = before[path, format]
    assert first.status_code == 200, first.text
    more = more | {"as_of_position": first.headers["position"]}
    assert life.client.get(address, params=more).content == first.content


def test_pages_as_of_now_and_of_a_day_go_on_at_the_position_of_the_first(life: Life) -> None:
    ids = {row["id"] for row in _pages(life, {"as_of": datetime.now(UTC).isoformat()}, grow=False)}
    for name in ("as_of", "valid_at", "as_of_position"):
        at = head(life.client) if name == "as_of_position" else day(0)
        rows = _pages(life, {name: at}, grow=True)
        assert ids < {row["id"] for row in rows}
        assert len(rows) == len({row["id"] for row in rows})
        ids = {row["id"] for row in rows}


def _pages(life: Life, more: dict[str, Any], *, grow: bool) -> list[dict[str, Any]]:
    life.grow()
    found: list[dict[str, Any]] = []
    positions = set[int]()
    path = "/customers"
    everybody = life.client.get(path, params={"limit": 1, "count": "exact"}).json()["count"]
    some = 2 + everybody // 8  # a few pages, however many other tests have made
    ask: dict[str, Any] | None = {"limit": some, "sort": "-annual_revenue", **more}
    while True:
        answer = life.client.get(path, params=ask)
        found += answer.json()["items"]
        positions.add(answer.json()["position"])
        if "next" not in answer.links:
            break
        path, ask = answer.links["next"]["url"], None
        if grow:
            life.grow()
            grow = False
    assert len(positions) == 1
    return found


def test_what_is_true_on_a_day_is_told_by_what_is_known(life: Life) -> None:
    client = life.client
    made = register(client, name="Two axes", grade="B", registered_on=day(50))
    path = f"/customers/{made['id']}"
    told = life.post(f"{path}/regrade", grade="A", reason="Audit", effective=day(30))["position"]

    def grade(**more: Any) -> Any:
        answer = client.get(path, params=more)
        listed = client.get("/customers", params={"id": made["id"], **more}).json()["items"]
        if answer.status_code == 404:
            assert listed == []
            return None
        assert [answer.json()] == listed
        return answer.json()["grade"]

    assert grade(min_position=told) == "A"
    assert grade(valid_at=day(31)) == "B"
    assert grade(valid_at=day(30)) == "A"
    assert grade(valid_at=day(51)) is None
    assert grade(valid_at=day(30), as_of_position=made["position"]) == "B"


@pytest.mark.parametrize("path", ["/customers/{id}", "/customers/{id}/page", "/reports/customers"])
def test_faults_in_a_moment_are_named_everywhere(life: Life, path: str) -> None:
    address, tomorrow = str(life.address(path)), datetime.now(UTC) + timedelta(days=2)
    faults: tuple[tuple[str, dict[str, Any]], ...] = (
        ("as_of", {"as_of": tomorrow.isoformat()}),
        ("as_of", {"as_of": "2001-01-01"}),
        ("as_of_position", {"as_of_position": 2**40}),
        ("as_of_position", {"as_of_position": 0}),
        ("as_of_position", {"as_of_position": 1, "as_of": day(0)}),
        ("valid_at", {"valid_at": f"{today() + timedelta(days=2)}"}),
        ("valid_at", {"valid_at": "soon"}),
    )
    for name, more in faults:
        found = problem(life.client.get(address, params=more), 422, "invalid-parameter")
        assert [each["parameter"] for each in found["errors"]] == [name]


def test_what_was_recorded_has_no_second_axis_and_a_stream_no_past(life: Life) -> None:
    for path in ("/events", f"/customers/{life.customer}/history"):
        found = problem(
            life.client.get(path, params={"valid_at": day(1)}), 422, "invalid-parameter"
        )
        assert found["errors"][0]["parameter"] == "valid_at"
    answer = life.client.get(
        "/events", params={"as_of_position": 1}, headers={"Accept": "text/event-stream"}
    )
    problem(answer, 422, "invalid-parameter")


def test_the_feed_of_the_past_ends_there(life: Life) -> None:
    last, seen, path = head(life.client) - 2, list[int](), "/events?as_of_position={}&limit=7"
    answer = life.client.get(path.format(last))
    while True:
        seen += [orjson.loads(line)["position"] for line in answer.content.splitlines()]
        if "next" not in answer.links:
            break
        answer = life.client.get(answer.links["next"]["url"])
    assert seen == list(range(1, last + 1))
