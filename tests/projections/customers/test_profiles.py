"""Completeness of profiles: what counts how much, on any day, alike on every database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from adapters.storage.databases import connect
from domain.customers.customer import Customer
from domain.customers.customer_contacts import DecisionRole
from domain.customers.customer_profile import Category, Grade, Industry, ProfileReach
from domain.customers.sites.product_in_use import ProductInUse
from domain.customers.sites.site import Area, Site, SiteKind
from projections.customers.customers import customers
from projections.customers.profiles import WEIGHTS, profiles
from projections.kernel.lists.list_query import question
from projections.kernel.lists.listing import Listing
from projections.kernel.lists.point_in_time import Asking, Now, Then
from projections.kernel.read_model import Row, read_models
from projections.kernel.reports.report import run
from projections.kernel.rows.projector import Projector
from projections.kernel.warehouse.loader import Loader
from tests.projections.databases import DATABASES, database
from tests.projections.happenings import Ledger, recorded


def known(name: str = "启明银行", **more: Any) -> Customer:
    """Return a customer of which what the scenario says is known."""
    told: dict[str, Any] = {
        "registration_number": "91440101231234567X",
        "industry": Industry.FINANCE,
    }
    told |= {"category": Category.HIGH_VALUE, "reach": ProfileReach.LOCAL, "grade": Grade.A}
    customer = Customer.register(name, "gd-gz", **{**told, **more})
    customer.assign_manager("li.wei")
    return customer


def decision_maker(customer: Customer, **more: Any) -> str:
    customer.add_contact("王芳", decision_role=DecisionRole.DECISION_MAKER, **more)
    return next(reversed(customer.contacts))


def used(customer: Customer) -> ProductInUse:
    since = date(2025, 1, 1)
    return ProductInUse.install(
        customer.id, "gd-gz", None, None, {}, product_name="专线", activated_on=since
    )


@dataclass
class Story:
    """The scenario, and a customer of whom all is known; `before` is when a person was erased."""

    ledger: Ledger
    first: str
    whole: str
    before: int


def told() -> Story:
    ledger, first, whole = Ledger(), known(), known("恒达银行", registration_number="CD-2")
    person = decision_maker(first, phone="+86 20 8888 1234")
    decision_maker(whole, phone="+86 20 8888 1234", birthday=date(1980, 1, 1))
    whole.add_contact("李伟")
    whole.record_purchase("华联通信", "专线")
    whole.correct_details(employees=10, region="广州", it_budget=Decimal(5))
    site = Site.open(whole.id, "x", "gd-gz", SiteKind.BRANCH, "x", Area.TOWN)
    for each in (first, whole, site, used(first), used(whole)):
        ledger.record(each)
    before = len(ledger.rows)
    first.erase_contact(person, "本人要求", "个人信息保护法第四十七条")
    ledger.record(first)
    return Story(ledger, first.id, whole.id, before)


@pytest.fixture(scope="module", params=[*DATABASES, "duckdb"])
def rows(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Story, Any]]:
    """Give what is asked of the scenario, upto a position."""
    story = told()
    if request.param == "duckdb":
        with duckdb.connect() as cursor:
            loader = Loader(cursor)
            loader.create()
            loader.load_all([story.ledger.rows])
            yield story, lambda upto: Then(cursor, upto)
        return
    with database(request, tmp_path_factory) as url:
        engine = connect(url, "normal")
        projector = Projector(engine, read_models())
        projector.create()
        done = 0
        with engine.connect() as connection:

            def upto(position: int) -> Asking:
                nonlocal done
                projector.apply(recorded(story.ledger.rows[done:position]))
                done = position
                connection.rollback()  # what was read before is not looked at any more
                return Now(connection)

            yield story, upto
        engine.dispose()


def profile(asking: Asking, id_: str) -> Row:
    found = Listing(profiles).one(asking, id_)
    assert found is not None
    return found


def test_a_person_who_is_erased_is_missing_from_then_on_not_before(rows: Any) -> None:
    story, upto = rows
    before = profile(upto(story.before), story.first)
    assert before["score"] == 60
    assert before["gaps"] == [
        *("employees", "region", "second-contact", "decision-maker-birthday", "site"),
        *("purchase-elsewhere", "it-budget"),
    ]
    whole = profile(upto(story.before), story.whole)
    assert (whole["score"], whole["gaps"]) == (100, [])
    asking = upto(len(story.ledger.rows))
    after = profile(asking, story.first)
    assert after["score"] == 45
    assert "decision-maker-telephone" in after["gaps"]
    found = below(asking, 60)
    assert found == [story.first]
    assert below(asking, 45) == []


def below(asking: Asking, score: int) -> list[str]:
    asked = question(customers, {"completeness_below": str(score)})
    query = Listing(customers).select(asked, None, asking.tables, asking.dialect)
    return [row["id"] for row in asking.rows(query)]


def test_the_report_has_the_mean_score_and_how_often_each_thing_is_missing() -> None:
    story = told()
    with duckdb.connect() as cursor:
        loader = Loader(cursor)
        loader.create()
        loader.load_all([story.ledger.rows])
        (row,) = run(cursor, "profiles", as_of=story.before).rows()
        assert (row["profiles"], row["mean_score"], row["share_complete"]) == (2, 80.0, 0.5)
        (row,) = run(cursor, "profiles").rows()
        assert row["mean_score"] == 72.5
        rows = run(cursor, "profiles", by=("gap",), measures=("profiles",)).rows()
        missing = {row["gap"]: row["profiles"] for row in rows}
        assert missing["decision-maker-telephone"] == 1
        assert missing[None] == 1  # of the one of whom all is known nothing is
        assert run(cursor, "profiles", by=("manager",)).rows()[0]["manager"] == "li.wei"


def test_what_should_be_known_comes_to_a_hundred() -> None:
    assert sum(WEIGHTS.values()) == 100
