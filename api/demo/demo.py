"""The demo data: a believable year of a key account department, through the public commands."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from adapters.commands.executor import Executor
from adapters.journal.history_queries import at
from adapters.journal.journal import Journal
from adapters.storage.checkpoints import Checkpoint
from adapters.storage.instants import EPOCH, instant
from api.demo import bills as demo_bills
from api.demo import campaigns as demo_campaigns
from api.demo import contracts as demo_contracts
from api.demo import customers as demo_customers
from api.demo import organisation as demo_organisation
from api.demo import price_plans as demo_price_plans
from api.demo import products as demo_products
from api.demo import products_in_use as demo_uses
from api.demo import sales as demo_sales
from api.demo import sites as demo_sites
from api.demo import visits as demo_visits
from api.demo.people import people
from api.demo.places import GROUP, staff
from api.demo.service import agreements as demo_agreements
from api.demo.service import maintenance as demo_maintenance
from api.demo.service import tickets as demo_service
from api.demo.story import play
from domain.kernel.time.business_day import begin_of, recorded_day


@dataclasses.dataclass(frozen=True)
class Size:
    """How much demo data to make; about five events for each of these."""

    customers: int = 320
    sales: int = 1400
    tickets: int = 800
    contracts: int = 260
    sites: int = 900
    uses: int = 2500
    billing_accounts: int = 320
    visits: int = 1400
    service_agreements: int = 40
    works: int = 200

    @property
    def stories(self) -> int:
        """How many records there will be, about."""
        records: int = sum(dataclasses.astuple(self))
        catalogue = len(demo_products.PRODUCTS) + demo_price_plans.PLANS
        return records + 14 + demo_organisation.STORIES + catalogue


def begun(journal: Journal) -> datetime | None:
    """Return when a load was begun that did not come to its end; `None` if there is none."""
    time_us = Checkpoint(journal.engine, "demo").get()
    return instant(time_us) if time_us else None


def load_once(
    executor: Executor,
    now: datetime | None = None,
    seed: int = 1,
    size: Size = Size(),
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Load as `load` does, or go on with a load that was interrupted: as of the day it was begun.

    Every command has an id of its own, so what was done is answered and not done again.
    """
    mark = Checkpoint(executor.journal.engine, "demo")
    now = begun(executor.journal) or now or datetime.now(UTC)
    mark.set((now - EPOCH) // timedelta(microseconds=1))
    load(executor, now, seed, size, advance)
    mark.forget()


def load(
    executor: Executor,
    now: datetime | None = None,
    seed: int = 1,
    size: Size = Size(),
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Make the year that ends today; the same seed on the same day makes the same.

    `advance` is told how many more records are done, of `size.stories`.
    """
    now = now or datetime.now(UTC)
    today = recorded_day(now)
    midnight = begin_of(today)
    random = Random(seed)
    names = people(random)
    team, duties = staff(names), demo_organisation.officers(names)
    advance(demo_organisation.tell(executor, random, team, duties, today))
    catalogue = dict[str, str]()
    offers = demo_products.stories(team[GROUP.code][0].code, today, catalogue)
    play(executor, "product", offers, advance)
    keeper, other = (each.code for each in team[GROUP.code][:2])
    prices = demo_price_plans.stories(keeper, other, today, catalogue)
    play(executor, "price-plan", prices, advance)
    accounts = demo_customers.accounts(random, team, today, size.customers)
    for depth, level in enumerate(demo_customers.levels(accounts)):
        stories = [demo_customers.story(random, each, today) for each in level]
        play(executor, f"customer/{depth}", stories, advance)
    sales = demo_sales.sales(random, accounts, today, size.sales)
    demo_sales.name_products(sales, demo_products.by_name(catalogue))
    tickets = demo_service.incidents(random, accounts, midnight, size.tickets)
    play(executor, "sale", [demo_sales.story(random, s, today) for s in sales], advance)
    faults = dict[str, str]()
    told = [demo_service.story(random, ticket, team, midnight, faults) for ticket in tickets]
    play(executor, "ticket", told, advance)
    drives = demo_campaigns.drives(random, accounts, sales, today)
    planner, chief = duties["campaign-planner"], team[GROUP.code][0]
    told = [demo_campaigns.story(random, d, today, planner, chief) for d in drives]
    play(executor, "campaign", told, advance)
    deals = demo_contracts.agreements(random, sales, today, size.contracts)

    def fact(position: int) -> Mapping[str, Any]:
        (found,) = at(executor.journal, [position])
        return found.data

    told = [demo_contracts.story(random, deal, team, today, fact) for deal in deals]
    play(executor, "contract", told, advance)
    places = demo_sites.places(random, accounts, today, size.sites)
    play(executor, "site", [demo_sites.story(random, each, today) for each in places], advance)
    numbers = demo_bills.numbers(accounts, size.billing_accounts)
    told = [demo_bills.opening(number, account) for number, account in numbers.items()]
    play(executor, "billing-account", told, advance)
    billed = {id(account): number for number, account in numbers.items()}
    used = demo_uses.uses(random, places, today, size.uses)
    charges, installed = list[demo_bills.Charge](), dict[int, str]()
    told = [
        demo_uses.story(random, each, catalogue, billed, today, charges, installed) for each in used
    ]
    play(executor, "use", told, advance)
    bills, clerk = demo_bills.bills(random, charges, today), team[GROUP.code][0]
    runs = {month: [b for b in bills if b.month == month] for month in demo_bills.months(today)}
    ids = dict[str, str]()
    told = [demo_bills.announcement(month, of, clerk, ids) for month, of in runs.items()]
    play(executor, "bill-run", told)
    play(executor, "bill", [demo_bills.receipt(each, clerk) for each in bills])
    *whole, _ = runs  # of the last month something may come in still
    play(executor, "balance", [demo_bills.balance(month, ids[month], clerk) for month in whole])
    settled = [each for each in bills if each.corrected or each.paid_on]
    play(executor, "settled", [demo_bills.outcome(each, clerk) for each in settled])
    calls = demo_visits.calls(Random(f"visits {seed}"), accounts, today, size.visits)
    play(executor, "visit", map(demo_visits.story, calls), advance)
    kept = demo_agreements.agreements(
        Random(f"agreements {seed}"), accounts, today, size.service_agreements
    )
    ids = dict[str, str]()
    told = [demo_agreements.story(each, team[GROUP.code], today, ids) for each in kept]
    play(executor, "service-agreement", told, advance)
    works = demo_maintenance.works(Random(f"works {seed}"), used, today, size.works)
    told = [demo_maintenance.story(each, installed) for each in works]
    play(executor, "maintenance", told, advance)
    left_out = demo_agreements.exclusions(kept, ids, faults, team[GROUP.code])
    play(executor, "exclusion", left_out)
