"""Merges and their undoing in random order keep what must hold of customers and their business."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.refusals import Refusal
from projections.customers.open_business import open_business
from tests.adapters.keyring import keys_in
from tests.streams.customers.test_merge import Merger
from tests.volume import examples

NAMES = ("A", "B", "C", "D")
Step = tuple[str, int, int]

STEPS = st.lists(
    st.tuples(st.sampled_from(["merge", "merge", "undo"]), st.integers(0, 3), st.integers(0, 3)),
    min_size=2,
    max_size=5,
)


@contextmanager
def merger() -> Iterator[Merger]:
    """Give a company for one random history."""
    with tempfile.TemporaryDirectory(prefix="keyline-merges-") as folder:
        company = Merger(f"sqlite:///{folder}/test.db")
        company.journal.keys = keys_in(Path(folder))
        try:
            yield company
        finally:
            company.close()


class World:
    """Four customers, each with a person, a deal, a ticket, a number, and a place in a campaign."""

    def __init__(self, company: Merger) -> None:
        self.company = company
        self.customers = [company.customer(name, registration_number=f"{name}-1") for name in NAMES]
        self.deals, self.tickets = [], []
        for id in self.customers:
            about = {"title": "x", "unit": "gd-gz", "customer_id": id}
            self.deals.append(company.do("opportunity.open", **about))
            kind = {"kind": "fault", "severity": "major", "channel": "web"}
            self.tickets.append(company.do("service-ticket.open", **about, **kind))
            company.do("customer.add-contact", id, name="Li Wei")
        self.campaign = company.campaign(*self.customers)
        self.merges: list[str] = []
        with company.reacting():
            pass

    def take(self, step: Step) -> None:
        """Merge two customers or undo a merge, if the rules have a place for it."""
        what, one, other = step
        try:
            if what == "merge":
                both = (self.customers[one], self.customers[other])
                self.merges.append(self.company.merge(*both, "name", "registration_number"))
            elif self.merges:
                self.company.undo(self.merges[one % len(self.merges)])
        except Refusal:
            pass

    def check(self) -> None:
        """Assert what holds whatever was merged and undone."""
        rows = self.company.rows()
        living = {id for id in self.customers if rows[id]["state"] != "merged"}
        assert living
        for id in (*self.deals, *self.tickets):
            assert rows[id]["customer_id"] in living
        with self.company.engine.connect() as connection:
            for row in connection.execute(sa.select(open_business.table)):
                deals = [id for id in self.deals if rows[id]["customer_id"] == row.id]
                tickets = [id for id in self.tickets if rows[id]["customer_id"] == row.id]
                assert (row.open_opportunities, row.open_tickets) == (len(deals), len(tickets))
                assert (row.state, row.name) == (rows[row.id]["state"], rows[row.id]["name"])
        contacts = [each for id in self.customers for each in rows[id]["contacts"]]
        assert len(contacts) == len({*contacts}) == len(NAMES)
        assert all(rows[id]["contacts"] == [] for id in {*self.customers} - living)
        assert rows[self.campaign]["targets"] == len(living)
        numbers = [rows[id]["registration_number"] for id in living]
        assert len(numbers) == len({*numbers})
        for id in {*self.customers} - living:
            assert rows[id]["merged"]["into"] in self.customers

    def undo_all(self) -> None:
        """Undo what is left, the last merge first."""
        for merge in reversed(self.merges):
            if self.company.row("customer_merges", merge)["state"] == "done":
                row: dict[str, Any] = self.company.undo(merge)
                assert (row["kept"], row["conflicts"]) == ([], [])


@settings(
    max_examples=examples(3),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
@given(STEPS)
def test_merges_and_undoings_in_any_order_lose_and_double_nothing(steps: list[Step]) -> None:
    with merger() as company:
        world = World(company)
        before = company.rows()
        for step in steps:
            world.take(step)
            world.check()
        world.undo_all()
        assert company.rows() == before


def test_merges_into_one_customer_are_undone_first_one_first() -> None:
    with merger() as company:
        world = World(company)
        before = company.rows()
        for one, other in combinations(range(3), 2):
            world.take(("merge", one, other))
            world.check()
        for number in range(len(world.merges)):
            world.take(("undo", number, 0))
            world.check()
        world.undo_all()
        assert company.rows() == before
