"""Both axes of time, in both ways to run: whatever is read of a moment is the plain fold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from adapters.journal.journal import Journal
from api.kernel.reading.read_parameters import JSON
from domain.kernel.aggregate import Recorded, new_id
from domain.kernel.time.business_day import today
from projections.kernel.columns import Money
from projections.kernel.read_model import ReadModel, Row, read_models
from tests.api.asking import new_unit, patient
from tests.api.customers.test_customer_merges import until
from tests.api.modes import MODES, administrator, deployed
from tests.projections.folding import plainly
from tests.volume import examples

WORDS = ("Alpha", "Beta", "Gamma")
SHOWN = "id,name,state,grade,unit,annual_revenue,version,registered_on"
"""Columns of customers that tell of no person, so that no erasure changes the answer."""

KINDS = ("regrade", "regrade", "transfer", "correct", "sale", "sale", "lose", "contact", "erase")
Step = tuple[str, int, int, int]
"""What happens, to which record, with which choice, and how many days ago it was so."""

STEPS = st.lists(
    st.tuples(
        st.sampled_from(("register", *KINDS, "merge", "undo")),
        st.integers(0, 5),
        st.integers(0, 5),
        st.integers(0, 12),
    ),
    min_size=4,
    max_size=14,
)
MOMENTS = st.lists(
    st.tuples(st.integers(0, 99), st.none() | st.integers(0, 14)), min_size=3, max_size=3
)
"""Moments: at so many hundredths of the journal, as it was true so many days ago."""

STORY: list[Step] = [
    *(("register", 0, n, 9 - n) for n in range(2)),
    *(("regrade", 0, 0, 1), ("regrade", 0, 1, 5), ("contact", 1, 0, 3), ("sale", 1, 3, 6)),
    *(("merge", 0, 1, 0), ("correct", 0, 2, 4), ("undo", 0, 0, 0), ("erase", 1, 0, 0)),
    *(("transfer", 1, 1, 2), ("lose", 0, 0, 1), ("merge", 1, 0, 0), ("sale", 1, 4, 8)),
]


def day(ago: int) -> date:
    return today() - timedelta(days=ago)


class Life:
    """Customers and their sales in a running Keyline, and what the plain fold says of them."""

    def __init__(self, client: httpx.Client, journal: Journal) -> None:
        self.client, self.journal = client, journal
        self.units = [new_unit(client) for _ in range(2)]
        self.erased: set[str] = set()
        self.answers: dict[str, bytes] = {}
        self.begin()

    def begin(self) -> None:
        """Turn to records of their own."""
        self.customers: list[str] = []
        self.sales: list[str] = []
        self.merges: list[str] = []
        self.people: list[tuple[str, str]] = []

    def get(self, path: str, **ask: Any) -> httpx.Response:
        """Ask until what is to be read has come to where it is read."""
        return patient(self.client, path, **ask)

    def take(self, step: Step) -> None:
        """Let something happen, unless the rules have no place for it."""
        kind, one, other, ago = step
        since, who = f"{day(ago)}", self._of(self.customers, one) if self.customers else ""
        if kind == "register":
            name = f"{WORDS[other % 3]} {new_id()[-6:]}"
            self.customers += self._do("/customers", name=name, unit="group", registered_on=since)
        elif kind == "undo" and self.merges:
            merge = self._of(self.merges, one)
            if self._do(f"/customer-merges/{merge}/reverse", reason="Two after all"):
                until(self.client, merge, "reversed")
        elif kind == "merge":
            both = {"survivor_id": who, "duplicate_id": self._of(self.customers, other)}
            made = self._do("/customer-merges", **both, reason="The same", take=["name", "grade"])
            for merge in made:
                until(self.client, merge, "done")
            self.merges += made
        elif kind == "sale":
            about = {"title": f"Lines {one}", "unit": "group", "amount": f"{other}00.50"}
            self.sales += self._do("/opportunities", customer_id=who, **about, opened_on=since)
        elif kind == "lose" and self.sales:
            sale = self._of(self.sales, one)
            self._do(f"/opportunities/{sale}/lose", reason="price", closed_on=since)
        elif kind == "erase" and self.people:
            customer, person = self.people.pop()
            lawful = {"reason": "Asked for it", "legal_basis": "PIPL art. 47"}
            if self._do(f"/customers/{customer}/erase-contact", contact_id=person, **lawful):
                self.erased.add(person)
        elif kind in KINDS[:5] or kind == "contact":
            self._change(kind, who, other, since)

    def _change(self, kind: str, who: str, other: int, since: str) -> None:
        grade = {"grade": "ABC"[other % 3], "reason": "Turnover"}
        unit = {"unit": self.units[other % 2], "reason": "Moved"}
        name = {"name": f"{WORDS[other % 3]} {other}", "annual_revenue": f"{other}.50"}
        person = new_id()
        route, body = {
            "regrade": ("regrade", grade),
            "transfer": ("transfer", unit),
            "correct": ("correct-details", name),
            "contact": ("add-contact", {"contact_id": person, "name": f"Person {person}"}),
        }.get(kind, ("", {}))
        if (
            route
            and self._do(f"/customers/{who}/{route}", **body, effective=since)
            and (kind == "contact")
        ):
            self.people.append((who, person))

    def _do(self, path: str, **body: Any) -> list[str]:
        answer = self.client.post(path, json=body)
        assert answer.is_success or answer.status_code == 409, answer.text
        return [answer.json()["id"]] if answer.is_success else []

    def _of(self, known: list[str], number: int) -> str:
        return known[number % len(known)]

    def check(self, moments: list[tuple[int, int | None]]) -> None:
        """Assert of some moments that whatever is read of them is the plain fold."""
        events = self.journal.read(0, 100_000)
        for hundredths, ago in moments:
            # The first event is as old as the organisation; before it there is nothing.
            position = max(1, len(events) - hundredths * 60 // 100)
            self._check(events, {"as_of_position": position}, position, ago)
        instant = events[-moments[0][0] // 2 - 1].time
        known = [each.position for each in events if each.time <= instant]
        self._check(events, {"as_of": instant.isoformat()}, known[-1], None)
        for link, content in self.answers.items():
            assert self.get(link).content == content
        readiness = self.get("/readyz").json()
        assert (readiness["parked"], readiness["faults"]) == ([], []), readiness

    def _check(
        self, events: list[Recorded], at: dict[str, Any], position: int, ago: int | None
    ) -> None:
        valid_at = None if ago is None else day(ago)
        asked = at if valid_at is None else {**at, "valid_at": f"{valid_at}"}
        for name in ("customers", "opportunities"):
            model = read_models()[name]
            rows = plainly(model, events, position, valid_at)
            wanted = {id_: self._as_told(model, row) for id_, row in rows.items()}
            self._lists(f"/{name}", asked, wanted, position)
            self._records(f"/{name}", asked, wanted)
            self._reports(name, asked, rows)

    def _lists(self, path: str, at: dict[str, Any], rows: dict[str, Row], position: int) -> None:
        whole = self.get(path, **at, limit=1000, count="exact")
        assert whole.status_code == 200, whole.text
        assert int(whole.headers["position"]) == whole.json()["position"] == position
        assert whole.json()["count"] == len(rows)
        alike(whole.json()["items"], rows)
        exported = self.get(path, **at, format="ndjson")
        alike([orjson.loads(line) for line in exported.content.splitlines()], rows)
        paged, answer = [], self.get(path, **at, limit=3, sort="-changed_at")
        while True:
            paged += answer.json()["items"]
            if "next" not in answer.links:
                break
            answer = self.get(answer.links["next"]["url"])
        alike(paged, rows)
        times = [row["changed_at"] for row in paged]
        assert times == sorted(times, reverse=True)
        if path == "/customers":
            graded = {id_: row for id_, row in rows.items() if row["grade"] == "A"}
            answer = self.get(path, **at, grade="A", fields=SHOWN, limit=1000, sort="name")
            alike(answer.json()["items"], graded)
            if "as_of_position" in at:
                self.answers[f"{answer.url.raw_path.decode()}"] = answer.content
            found = {id_: row for id_, row in rows.items() if WORDS[1] in row["name"]}
            alike(self.get(path, **at, q=WORDS[1].lower(), limit=1000).json()["items"], found)

    def _records(self, path: str, at: dict[str, Any], rows: dict[str, Row]) -> None:
        for id_ in self.customers if path == "/customers" else self.sales:
            answer, row = self.get(f"{path}/{id_}", **at), rows.get(id_)
            if row is None:
                assert answer.status_code == 404
            elif row.get("state") == "merged":
                assert answer.status_code == 307
                assert answer.headers["location"].startswith(f"{path}/{row['merged']['into']}")
            else:
                assert answer.status_code == 200, answer.text
                alike([answer.json()], {id_: row})

    def _reports(self, name: str, at: dict[str, Any], rows: dict[str, Row]) -> None:
        report, by, amount, counted = {
            "customers": ("customers", "grade", "annual_revenue", "customers"),
            "opportunities": ("pipeline", "unit", "amount", "opportunities"),
        }[name]
        answer = self.get(f"/reports/{report}", **at, by=by)
        assert answer.status_code == 200, answer.text
        number, total = Counter[str](), Counter[str]()
        for row in answer.json()["rows"]:
            number[row[by]] += row[counted]
            total[row[by]] += Decimal(row[amount] or 0)  # type: ignore[assignment]
        counted_rows = [
            row
            for row in rows.values()
            if (row["state"] != "merged" if name == "customers" else row["status"] == "open")
        ]
        assert number == Counter(row[by] for row in counted_rows)
        sums = Counter[str]()
        for row in counted_rows:
            sums[row[by]] += row[amount] or 0
        assert {k: v for k, v in total.items() if v} == {k: v for k, v in sums.items() if v}

    def _as_told(self, model: ReadModel, row: Row) -> Row:
        """Return a row as it leaves: amounts with two decimals, persons by their keys."""
        whole = dict(row)
        for column in model.table.columns:
            if isinstance(column.type, Money) and row[column.name] is not None:
                whole[column.name] = row[column.name].quantize(Decimal("0.01"))
        if "contacts" in whole:
            whole["contacts"] = {id_: self._person(id_) for id_ in row["contacts"]}
        told: Row = orjson.loads(orjson.dumps(whole, default=str, option=JSON))
        return told

    def _person(self, id_: str) -> Row:
        if id_ in self.erased:
            return {"name": None, "sealed": ["name"]}
        return {"name": f"Person {id_}"}


def alike(told: list[Row], rows: dict[str, Row]) -> None:
    """Assert that rows were told, each once, with the values they have."""
    assert len(told) == len({row["id"] for row in told})
    assert {row["id"] for row in told} == rows.keys()
    for row in told:
        columns = row.keys() - {"masked", "sealed"}
        assert len(columns) > 5
        wanted = {name: rows[row["id"]][name] for name in columns}
        assert {name: row[name] for name in columns} == wanted


@pytest.fixture(scope="module", params=MODES)
def life(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Life]:
    with (
        deployed(request, tmp_path_factory.mktemp("keyline")) as running,
        administrator(running) as client,
    ):
        journal = Journal(running.journal_url)
        yield Life(client, journal)
        journal.close()


@settings(
    max_examples=examples(3),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.generate),  # a story told anew to a server shrinks nothing
)
@example(steps=STORY, moments=[(0, None), (20, 4), (8, 7)])
@given(steps=STEPS, moments=MOMENTS)
def test_whatever_is_read_of_a_moment_is_the_plain_fold(
    life: Life, steps: list[Step], moments: list[tuple[int, int | None]]
) -> None:
    life.begin()
    for step in [("register", 0, 0, 10), ("register", 1, 1, 3), *steps]:
        life.take(step)
    life.check(moments)
