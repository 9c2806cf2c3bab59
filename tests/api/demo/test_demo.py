"""The demo data is the same for the same day, and could have happened."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from adapters.commands.bootstrap import lay
from adapters.commands.executor import Executor
from adapters.identity.passwords import Passwords
from adapters.journal.journal import Journal
from adapters.privacy.field_decryption import Opening
from api.demo import sales as demo_sales
from api.demo.demo import Size, begun, load, load_once
from api.demo.doors import unlock
from api.demo.places import UNITS
from domain.kernel.aggregate import Recorded
from tests.adapters.keyring import keys_in

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)
SMALL = Size(
    customers=60,
    sales=150,
    tickets=80,
    contracts=60,
    sites=90,
    uses=150,
    billing_accounts=60,
    visits=90,
    works=20,
)


def told(folder: Path, seed: int = 1, size: Size = SMALL) -> list[Recorded]:
    keys = keys_in(folder)
    journal = Journal(f"sqlite:///{folder / f'{seed}.db'}", keys=keys)
    journal.create()
    executor = Executor(journal)
    executor.start()
    done: list[int] = []
    try:
        lay(executor)
        load(executor, NOON, seed, size, done.append)
        assert sum(done) == size.stories
        return Opening(keys).events(journal.read(0, 100_000))
    finally:
        executor.stop()
        journal.close()
        keys.close()


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[Recorded]:
    return told(tmp_path_factory.mktemp("demo"))


def plain(events: list[Recorded]) -> str:
    """Return what was told, ids numbered in the order in which they came up."""
    text = json.dumps([[e.type, e.stream, e.actor, e.unit, e.data] for e in events])
    for event in events:
        if event.version == 1:
            text = text.replace(event.stream, f"#{event.position}")
        for name in ("contact_id", "amendment_id"):
            if made := event.data.get(name):
                text = text.replace(made, f"@{event.position}")
    return text


def test_the_same_day_and_seed_make_the_same_data(events: list[Recorded], tmp_path: Path) -> None:
    assert plain(told(tmp_path)) == plain(events)
    assert plain(told(tmp_path, seed=2)) != plain(events)


def test_an_interrupted_load_is_finished_at_the_next_start(
    events: list[Recorded], tmp_path: Path
) -> None:
    keys = keys_in(tmp_path)
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}", keys=keys)
    journal.create()
    executor = Executor(journal)
    executor.start()
    lay(executor)
    done: list[int] = []

    def interrupted(count: int) -> None:
        done.append(count)
        if sum(done) > SMALL.stories // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_once(executor, NOON, 1, SMALL, interrupted)
    assert begun(journal) == NOON
    assert journal.head().position < len(events)
    load_once(executor, NOON + timedelta(days=3), 1, SMALL)
    assert begun(journal) is None
    executor.stop()

    def told_by(found: list[Recorded]) -> dict[str, str]:
        return {event.command_id: event.type for event in found}

    assert told_by(journal.read(0, 100_000)) == told_by(events)
    assert journal.head().position == len(events)
    journal.close()


def test_nothing_happens_after_yesterday(events: list[Recorded]) -> None:
    for event in events:
        for field in ("on", "opened_on", "closed_on", "registered_on"):
            if (day := event.data.get(field)) is not None:
                assert date.fromisoformat(day) < NOON.date()
        if (moment := event.data.get("at")) is not None:
            assert datetime.fromisoformat(moment) < NOON


def test_every_side_of_the_business_shows(events: list[Recorded]) -> None:
    kinds = Counter(event.type for event in events)
    for wanted in (
        "customer.lapsed",
        "customer.contact-added",
        "opportunity.won",
        "opportunity.lost",
        "opportunity.moved-back",
        "service-ticket.closed",
        "service-agreement.approved",
        "service-agreement.amendment-drafted",
        "service-agreement.ended",
        "exclusion.agreed",
        "exclusion.refused",
        "visit.recorded",
        "visit.cancelled",
        "maintenance.finished",
        "service-ticket.wait-begun",
        "service-ticket.confirmed",
        "campaign.evaluated",
        "campaign.opportunity-linked",
        "contract.submitted",
        "contract.signed",
        "contract.amendment-signed",
        "contract.payment-recorded",
        "customer.credit-rated",
        "customer.requirement-stated",
        "price-plan.approved",
        "price-plan.taken-over",
        "price-plan.version-drafted",
        "product.put-on-sale",
        "product.component-added",
        "product.compared",
        "site.access-point-added",
        "site.equipment-recorded",
        "site.vacated",
        "billing-account.opened",
        "bill-run.balanced",
        "bill.received",
        "bill.corrected",
        "bill.payment-recorded",
        "product-in-use.changed",
        "product-in-use.ceased",
    ):
        assert kinds[wanted], wanted
    levels = {event.unit.count("-") + (event.unit != "group") for event in events}
    assert levels == {0, 1, 2}
    assert any(event.data.get("parent_id") for event in events)
    assert {event.unit for event in events} <= {unit.code for unit in UNITS}


def test_every_event_has_a_command_of_its_own(events: list[Recorded]) -> None:
    assert len({event.command_id for event in events}) == len(events)


def test_registration_numbers_and_names_are_the_customers_own(events: list[Recorded]) -> None:
    customers = [event.data for event in events if event.type == "customer.registered"]
    for field in ("name", "registration_number"):
        assert len({data[field] for data in customers}) == len(customers)
    assert all(len(data["registration_number"]) == 18 for data in customers)


def test_an_amount_is_revised_to_another_one_however_small() -> None:
    sale = demo_sales.Sale(None, date(2025, 1, 1), "tender")  # type: ignore[arg-type]
    revised = 0
    for seed in range(500):
        amount = "3.00"
        for verb, body in demo_sales._course(Random(seed), sale, 3, None, date(2026, 3, 10)):
            if verb == "revise-amount":
                assert body["amount"] != amount
                amount, revised = body["amount"], revised + 1
    assert revised > 5


def test_whom_one_can_sign_in_as_is_told_with_their_roles_and_own_passwords(
    events: list[Recorded], tmp_path: Path
) -> None:
    told = [(e.type, e.data) for e in events]
    granted = {
        (data["employee"], data["unit"], data["role"])
        for type_, data in told
        if type_ == "grant.given"
    }
    engaged = {data["code"]: data["name"] for type_, data in told if type_ == "employee.engaged"}
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    journal.create()
    try:
        unlocked = unlock(journal)
        passwords = Passwords(journal.engine)
        for door, _ in unlocked:
            who, unit = door.person, door.unit.code
            assert engaged[who.code] == who.name
            held = {role for code, where, role in granted if (code, where) == (who.code, unit)}
            assert held == set(door.roles)
        (_, first), *_, (last, password) = unlocked
        assert passwords.check(last.person.code, password).right
        assert not passwords.check(last.person.code, first).right
    finally:
        journal.close()
    assert len({password for _, password in unlocked}) == 5
