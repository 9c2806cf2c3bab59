"""A seeded stretch of business through the aggregates' own commands, as raw rows."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.care.visit import Finding, FindingKind, Visit, VisitPurpose
from domain.customers.customer import Customer
from domain.customers.customer_profile import Category, Grade, Industry
from domain.customers.sites.product_in_use import ProductInUse
from domain.customers.sites.product_in_use_course import SuspensionReason
from domain.customers.sites.site import Area, Site, SiteKind
from domain.customers.sites.site_access import OURS, Medium
from domain.kernel.time.business_day import begin_of
from domain.marketing import campaign as campaigns
from domain.marketing import campaign_outreach as outreach
from domain.permissions.authority_limits import decide
from domain.products.price_parts import PriceKind, PricePart, Tier
from domain.products.price_plan import PricePlan
from domain.products.product import Ends, Product
from domain.sales.contract import Contract
from domain.sales.contract_clock import Renewal
from domain.sales.contract_payments import Payment
from domain.sales.contract_terms import ContractLine
from domain.sales.opportunity import Opportunity
from domain.sales.opportunity_end import LossReason
from domain.sales.opportunity_offer import ProductLine
from domain.sales.opportunity_source import Source
from domain.sales.opportunity_stage import ORDER
from domain.service import service_ticket
from domain.service import ticket_handling as handling
from domain.service.maintenance import Maintenance
from domain.service.maintenance_terms import Interruption, WorkKind, WorkRisk
from tests.domain.play import SEATS
from tests.projections.billed import bill
from tests.projections.happenings import Ledger, Raw

UNITS = ["group", "gd", "gd-gz", "gd-sz", "js-nj"]
PEOPLE = ["chen.jing", "liu.yang", "zhou.kai"]
MANAGERS = [*PEOPLE, None]
CURRENCIES = ["CNY", "CNY", "USD"]
PRODUCTS = ["DIA, 100M", "SD-WAN", "Cloud=1"]
NEW_YEAR = date(2025, 1, 1)
PRICED = PricePart(kind=PriceKind.RECURRING, tiers=(Tier(from_=1, price=Decimal(100)),))


class Business:
    """Makes records and lets them live, all by one random number generator."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._apart, self._using = random.Random(seed), random.Random(seed)
        self._billing = random.Random(seed)
        self.ledger = Ledger()
        self.customers: list[str] = []
        self.opportunities: list[str] = []
        self.contracts: list[str] = []

    def rows(self, count: int = 40) -> list[Raw]:
        """Return the events of some records of each kind, one life after the other."""
        for place in range(count):
            if place < 6:
                self.product(place)
            self.customer()
            self.opportunity()
            self.ticket()
            self.chance, self._apart = self._apart, self.chance  # all else stays as it was
            self.contract()
            self.chance, self._apart = self._apart, self.chance
            self.chance, self._using = self._using, self.chance
            self.use()
            self.visit()
            self.work()
            self.chance, self._using = self._using, self.chance
            self.chance, self._billing = self._billing, self.chance
            bill(self, place)
            self.chance, self._billing = self._billing, self.chance
            if self.chance.random() < 0.2:
                self.campaign()
        return self.ledger.rows

    def product(self, place: int) -> None:
        """Plan a product; some are on sale, have an SLA, a price."""
        ends, unit = list(Ends)[place % 3], UNITS[place % 2]
        record = Product.plan(f"p{place}", f"Product {place}", f"C{place % 2}", unit, [], ends)
        record.since(NEW_YEAR + timedelta(days=place))
        self.ledger.record(record)
        if place % 3:
            record.put_on_sale(["gd"])
            self.ledger.record(record)
        if place % 2:
            record.offer_sla("availability", Decimal("99.9"), "cn-office")
            plan = PricePlan.draft(record.id, f"p{place}", unit, [PRICED], NEW_YEAR)
            plan.take_over(NEW_YEAR - timedelta(days=1))
            for each in (record, plan):
                self.ledger.record(each)

    def _amount(self) -> Decimal:
        return Decimal(self.chance.randrange(1, 10_000_000)) / 100

    def _day(self, after: date = NEW_YEAR, within: int = 300) -> date:
        return after + timedelta(days=self.chance.randrange(within))

    def customer(self) -> None:
        """Register a customer; some are regraded, given to a manager, activated, lost."""
        pick = self.chance.choice
        known = pick([True, True, False])
        record = Customer.register(
            name=f"Customer {len(self.customers)}",
            unit=pick(UNITS),
            category=pick([*Category, None]),
            grade=pick([*Grade, None]),
            industry=pick(list(Industry)[:3]),
            annual_revenue=self._amount() if known else None,
            employees=self.chance.randrange(9999) if known else None,
            currency=pick(CURRENCIES),
            registered_on=self._day(),
        )
        if self.chance.random() < 0.5:
            record.assign_manager(pick(PEOPLE))
        if self.chance.random() < 0.5:
            record.activate()
        self.customers.append(record.id)
        self.ledger.record(record)

    def opportunity(self) -> None:
        """Open an opportunity; it moves through stages and may end, and be reopened."""
        pick, chance = self.chance.choice, self.chance.random
        on = self._day()
        lines: Any = [
            ProductLine(
                product=pick(PRODUCTS),
                quantity=self.chance.randrange(1, 5),
                monthly=pick([Decimal(0), self._amount()]),
                one_off=pick([Decimal(0), self._amount()]),
            )
            for _ in range(self.chance.randrange(4))
        ]
        record = Opportunity.open(
            title="Lines",
            unit=pick(UNITS),
            customer_id=pick(self.customers),
            manager=pick(MANAGERS),
            lines=lines or None,
            amount=pick([None, self._amount()]),
            currency=pick(CURRENCIES),
            expected_close=pick([None, self._day(on)]),
            source=pick([*Source, None]),
            opened_on=on,
        )
        for _ in range(self.chance.randrange(4)):
            on = self._day(on, 40)
            place = ORDER.index(record.stage)
            if place + 1 < len(ORDER) and chance() < 0.8:
                record.advance(ORDER[place + 1])
                record.since(on)
            elif place:
                record.move_back(ORDER[place - 1], "too early")
                record.since(on)
        on = self._day(on, 40)
        fate = chance()
        if fate < 0.35:
            record.win(self._amount(), "C-1", closed_on=on)
        elif fate < 0.6:
            record.lose(pick(list(LossReason)), pick(["Unicom", None]), closed_on=on)
        elif fate < 0.7:
            record.abandon("no need", closed_on=on)
        if record.retired and chance() < 0.2:
            record.reopen("they called")
            record.since(self._day(on, 5))
        self.opportunities.append(record.id)
        self.ledger.record(record)

    def contract(self) -> None:
        """Draft a contract; most are signed, some replace another or are amended."""
        pick, chance = self.chance.choice, self.chance.random
        on, days = self._day(within=90), self.chance.randrange(200, 900)
        lines = [
            ContractLine(id=id_, product=pick(PRODUCTS), monthly=self._amount(), one_off=Decimal(5))
            for id_ in "abc"[: self.chance.randrange(1, 4)]
        ]
        record = Contract.draft(
            *(pick(self.customers), pick(UNITS), "Lines"),
            starts_on=on,
            ends_on=on + timedelta(days=days),
            lines=lines,
            manager=pick(MANAGERS),
            currency=pick(CURRENCIES),
            renewal=pick(list(Renewal)),
            replaces_id=pick([None, *self.contracts]),
        )
        record.since(on)
        if chance() < 0.8:
            record.submit(SEATS, decide("contract-value", {"value": 0, "currency": "CNY"}))
            record.sign("he.li", "a0")
            self.contracts.append(record.id)
        if chance() < 0.4 and record.status == "signed":
            since, added = self._day(on, days), lines[0].model_copy(update={"id": "d"})
            record.draft_amendment(since, new_lines=[added])
            (amendment,) = record.proposed
            limits = decide("contract-value", {"at_stake": 0, "currency": "CNY"})
            record.submit_amendment(amendment, SEATS, limits)
            record.sign_amendment(amendment)
        if chance() < 0.5 and record.status == "signed":
            dues = (("p1", on), ("p2", on + timedelta(days=days // 2)))
            record.schedule_payments(
                [Payment(id=id_, amount=Decimal(2), due_on=day, for_="Setup") for id_, day in dues]
            )
            record.record_payment("p1", Decimal(1))
        self.ledger.record(record)

    def use(self) -> None:
        """Have a product used at a site; it may be changed, suspended, ceased."""
        pick, on = self.chance.choice, self._day()
        its = pick(self.customers)
        site = Site.open(its, "x", pick(UNITS), pick([*SiteKind]), "x", Area.TOWN)
        site.since(on)
        for code in "AB"[: self.chance.randrange(3)]:
            site.add_access_point(code, pick([*Medium]), OURS)
        record = ProductInUse.install(
            *(its, pick(UNITS), None, None, {}),
            product_name=pick(PRODUCTS),
            site_id=pick([site.id, None]),
            quantity=self.chance.randrange(1, 9),
            monthly_fee=pick([None, self._amount()]),
            currency=pick(CURRENCIES),
            activated_on=pick([on, on, None]),
        )
        if record.state == "active":
            on = self._day(on, 40)
            match pick(["change", "suspend", "cease", ""]):
                case "change":
                    record.change("more", None, quantity=9, monthly_fee=self._amount())
                    record.since(on)
                case "suspend":
                    record.suspend(SuspensionReason.ARREARS)
                    record.since(on)
                case "cease":
                    record.cease("moved", pick(["Unicom", None]))
                    record.since(on)
        self.ledger.record(site)
        self.ledger.record(record)

    def ticket(self) -> None:
        """Open a ticket; it may wait, be escalated, resolved, confirmed, reopened, withdrawn."""
        pick, chance = self.chance.choice, self.chance.random
        at = datetime(2025, 1, 1, 8, tzinfo=UTC) + timedelta(hours=self.chance.randrange(8000))

        def later() -> datetime:
            nonlocal at
            at += timedelta(minutes=self.chance.randrange(1, 3000))
            return at

        record = service_ticket.ServiceTicket.open(
            customer_id=pick(self.customers),
            kind=pick(list(service_ticket.ServiceTicketKind)),
            severity=pick(list(service_ticket.Severity)),
            channel=pick(list(service_ticket.Channel)),
            title="No signal",
            unit=pick(UNITS),
            level=pick(list(handling.HandlingLevel)),
            at=at,
        )
        if chance() < 0.8:
            record.assign("e1", later())
            record.accept(later())
            if chance() < 0.4:
                record.wait("access to the site", later())
                record.resume(later())
            if chance() < 0.3:
                record.escalate("too slow", at=later())
            if chance() < 0.8:
                record.resolve("fibre cut", "spliced", later())
                if chance() < 0.6:
                    record.confirm(self.chance.randrange(1, 6), at=later())
                if chance() < 0.2:
                    record.reopen("again", later())
        elif chance() < 0.5:
            record.withdraw("mistake", later())
        self.ledger.record(record)

    def visit(self) -> None:
        """Plan a visit; most are held, some missed or cancelled."""
        pick, day = self.chance.choice, self._day()
        record = Visit.plan(pick(self.customers), pick(UNITS), day, pick([*VisitPurpose]))
        record.since(day)
        record.assign_manager(pick(PEOPLE))
        became = self.chance.random()
        if became < 0.7:
            kinds = self.chance.choices([*FindingKind], k=self.chance.randrange(3))
            found = [Finding(kind=kind, text="Seen") for kind in kinds]
            held = begin_of(day) + timedelta(hours=10)
            record.record(held, ["c"], found, mood=pick([None, 2, 5]), reason="Was away")
        elif became < 0.8:
            record.miss(begin_of(day + timedelta(days=4)))
        elif became < 0.9:
            record.cancel("Not wanted")
        self.ledger.record(record)

    def work(self) -> None:
        """Plan work; most is announced and done, some objected to, postponed or cancelled."""
        pick, day = self.chance.choice, self._day()
        begin = begin_of(day) + timedelta(hours=1)
        use = pick(self.customers)  # whose it is does not matter here
        record = Maintenance.plan(
            pick([*WorkKind]),
            pick(UNITS),
            [use],
            begin,
            begin + timedelta(hours=4),
            self.chance.randrange(60),
            pick([*WorkRisk]),
        )
        record.since(day)
        record.assign_manager(pick(PEOPLE))
        became = self.chance.random()
        if became < 0.1:
            record.cancel("Not needed")
        if became < 0.2:
            self.ledger.record(record)
            return
        if became < 0.4:
            begin += timedelta(days=3)
            record.postpone(begin, begin + timedelta(hours=4), "Rain")
        record.announce(begin - timedelta(days=4))
        if became > 0.8:
            record.object(pick(self.customers), "Our closing")
            record.answer_objection(record.objecting[0], "It is done by dawn")
        record.begin(begin)
        took = timedelta(minutes=self.chance.randrange(1, 90))
        lost = Interruption(product_in_use_id=use, since=begin, until=begin + took)
        record.finish(
            became < 0.9,
            ["Worn"] * self.chance.randrange(2),
            [lost] * (became < 0.7),
            begin + timedelta(hours=self.chance.randrange(2, 6)),
        )
        self.ledger.record(record)

    def campaign(self) -> None:
        """Plan a campaign, run it, link opportunities to it."""
        pick = self.chance.choice
        record = campaigns.Campaign.plan(
            name=f"Campaign {len(self.ledger.rows)}",
            goal="more",
            kind=pick(list(campaigns.CampaignKind)),
            units=self.chance.sample(UNITS, 2),
            budget=self._amount(),
            starts_on=(start := self._day()),
            ends_on=start + timedelta(days=30),
            currency=pick(CURRENCIES),
            manager=pick(MANAGERS),
        )
        targets = self.chance.sample(self.customers, min(5, len(self.customers)))
        record.add_targets(targets)
        record.submit()
        record.approve()
        record.launch()
        for target in targets[:3]:
            record.record_contact(
                target, outreach.ContactChannel.PHONE, outreach.ContactOutcome.REACHED
            )
            if self.chance.random() < 0.5:
                record.record_response(target, outreach.ResponseKind.INTEREST)
        record.record_cost(self._amount(), "print")
        for opportunity in self.chance.sample(self.opportunities, min(3, len(self.opportunities))):
            record.link_opportunity(opportunity)
        self.ledger.record(record)
