"""Records of several units and owners, and people who see some of them."""

import random
from typing import Any

from domain.kernel.aggregate import Recorded
from projections.kernel.visibility.visibility import Sight, View
from tests.projections.accounts import happened

UNITS = ["group", "gd", "gd-gz", "gd-sz", "js", "js-nj", "nowhere"]
PEOPLE = ["ann", "bo", "chen.jing", "dora"]
CLASSES = ["amount", "revenue", "it-budget", "phone", "email", "birthday"]


def belongings(seed: int, count: int = 40) -> list[Recorded]:
    """Return the events of customers, with what hangs on them, and of campaigns."""
    chance = random.Random(seed)
    pick = chance.choice
    events: list[Recorded] = []
    versions: dict[str, int] = {}

    def tell(id_: str, type_: str, **data: Any) -> None:
        versions[id_] = versions.get(id_, 0) + 1
        events.append(happened(len(events) + 1, id_, versions[id_], type_, **data))

    def team(id_: str, kind: str) -> None:
        for employee in chance.sample(PEOPLE, chance.choice([0, 0, 1, 2])):
            tell(id_, f"{kind}.team-member-added", employee=employee, role="sales")

    for n in range(count):
        customer = f"customer-{n}"
        parent = pick([None, f"customer-{n - 1}"]) if n else None
        tell(
            customer,
            "customer.registered",
            name=f"客户 {n % 9}",
            unit=pick(UNITS),
            parent_id=parent,
            grade=pick("ABC"),
            annual_revenue=f"{n * 17 % 23}.50",
            it_budget=f"{n}.00",
        )
        if chance.random() < 0.6:
            tell(customer, "customer.manager-assigned", manager=pick(PEOPLE))
        team(customer, "customer")
        contact = {"contact_id": f"contact-{n}", "name": "Li", "phone": "123", "email": "a@b.cn"}
        tell(customer, "customer.contact-added", **contact)
        opportunity = f"opportunity-{n}"
        tell(
            opportunity,
            "opportunity.opened",
            title=f"Lines {n}",
            unit=pick(UNITS),
            customer_id=pick([None, f"customer-{chance.randrange(n + 1)}"]),
            manager=pick([*PEOPLE, None]),
            stage="lead",
            probability=10,
            currency="CNY",
            amount=f"{n}.00",
            lines=[{"product": "x", "quantity": 1, "monthly": "5", "one_off": "0", "months": 2}],
            expected_close="2026-05-01",
            source=None,
            opened_on=None,
        )
        team(opportunity, "opportunity")
        if chance.random() < 0.3:
            tell(opportunity, "opportunity.won", amount="8.00", closed_on="2026-03-01")
        ticket = f"ticket-{n}"
        tell(
            ticket,
            "service-ticket.opened",
            title=f"Fault {n}",
            customer_id=f"customer-{chance.randrange(n + 1)}",
            kind="fault",
            severity=pick(["minor", "major"]),
            channel="phone",
            description="",
            unit=pick(UNITS),
            level="local",
            contact=None,
            at=None,
        )
        if chance.random() < 0.5:
            tell(ticket, "service-ticket.assigned", owner=pick(PEOPLE))
        if n % 4 == 0:
            units = chance.sample(UNITS, chance.randrange(1, 4))
            manager = pick([*PEOPLE, None])
            budget = {"budget": f"{n}.00", "currency": "CNY", "kind": "care", "name": f"Care {n}"}
            tell(f"campaign-{n}", "campaign.planned", units=units, manager=manager, **budget)
    return events


def sight(chance: random.Random) -> Sight:
    """Return what somebody sees: some views, wide and narrow, with and without masks."""

    def some(of: list[str]) -> frozenset[str] | None:
        few = frozenset(chance.sample(of, chance.randrange(0, 4)))
        return chance.choice([None, few, few])

    return Sight(
        tuple(
            View(
                f"grant-{place}",
                some(UNITS),
                some(PEOPLE),
                frozenset(chance.sample(CLASSES, chance.choice([0, 0, 1, 3]))),
            )
            for place in range(chance.choice([0, 1, 1, 2, 3]))
        )
    )
