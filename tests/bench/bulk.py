"""Journals in bulk: customers and opportunities by the million, from life stories told once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from adapters.journal.journal import Journal
from adapters.storage.databases import insert_rows, writing
from adapters.storage.journal_tables import events, head
from domain.customers.customer import Customer
from domain.customers.customer_profile import Category, Grade, Industry, ProfileReach
from domain.kernel.aggregate import Aggregate, RuleViolation, new_id, to_stored
from domain.kernel.time.replay import evolve
from domain.sales.opportunity import Opportunity
from domain.sales.opportunity_end import LossReason
from domain.sales.opportunity_offer import ProductLine
from domain.sales.opportunity_source import Source
from domain.sales.opportunity_stage import Stage

STORIES = 400
"""Life stories of each kind that are told through real commands; all records repeat these."""

IN_ONE_COMMIT = 50_000

ADVANCING = (Stage.QUALIFIED, Stage.SOLUTION, Stage.PROPOSAL, Stage.NEGOTIATION)
CUSTOMER = "00000000-0000-7000-8000-000000000001"
NAME = "{name}"
"""Stand in a story for what differs between the records that repeat it."""

PLACES = ("广州", "深圳", "佛山", "东莞", "珠海", "中山", "惠州", "江门", "汕头", "湛江")
MARKS: tuple[str, ...] = (
    "天河",
    "金龙",
    "华信",
    "远东",
    "南方",
    "新光",
    "恒通",
    "宏达",
    "长城",
    "东方",
)
MARKS += ("瑞丰", "中科", "海联", "安达", "盛世", "凯盛", "九州", "银河", "星辰", "明珠")
TRADES = ("科技", "物流", "电子", "贸易", "银行", "证券", "制造", "能源", "医药", "传媒")
PRODUCTS = ("数据专线", "互联网专线", "云主机", "视频会议", "呼叫中心", "物联网卡", "短信平台")
UNITS = tuple(f"gd-{code}" for code in ("gz", "sz", "fs", "dg", "zh", "zs", "hz", "jm", "st", "zj"))

Step = tuple[str, int, str]
"""Type, schema and payload of one event of a story."""


def fill(journal: Journal, customers: int, opportunities: int, seed: int = 1) -> int:
    """Append whole life stories to an empty journal, over the last year; return the position.

    Every event was stated by a real command on a real record; only ids and names differ.
    """
    random = Random(seed)
    story = _stories(random)
    accounts = [new_id() for _ in range(customers)]
    records: Iterable[tuple[str, Sequence[Step], str, str]] = itertools.chain(
        ((id_, random.choice(story[0]), _company(random), "") for id_ in accounts),
        (
            (new_id(), random.choice(story[1]), _title(random), random.choice(accounts))
            for _ in range(opportunities)
        ),
    )
    time_us = int((datetime.now(UTC) - timedelta(days=365)).timestamp() * 1_000_000)
    step_us = 365 * 86_400_000_000 // (2 * (customers + opportunities) + 1)
    rows = _rows(records, time_us, step_us)
    position = 0
    while batch := list(itertools.islice(rows, IN_ONE_COMMIT)):
        position = batch[-1][0]
        with writing(journal.engine).begin() as connection:
            insert_rows(connection, events, batch)
            moved = {"position": position, "operation": 0, "time_us": batch[-1][5]}
            connection.execute(head.update(), moved)
    return position


def _rows(
    records: Iterable[tuple[str, Sequence[Step], str, str]], time_us: int, step_us: int
) -> Iterator[tuple[Any, ...]]:
    position = 0
    for stream, story, name, customer in records:
        for version, (type_, schema, data) in enumerate(story, 1):
            position += 1
            time_us += step_us
            if version == 1:
                data = data.replace(NAME, name).replace(CUSTOMER, customer)
            # position, stream, version, type, schema, time, then where it comes from.
            yield (
                *(position, stream, version, type_, schema, time_us),
                *("e-100", "gd-gz", stream, None, None, data, None, "person"),
            )


def _stories(random: Random) -> tuple[list[list[Step]], list[list[Step]]]:
    """Return stories of customers and of opportunities, each proved to replay."""
    customers = [_told(_customer(random)) for _ in range(STORIES)]
    opportunities = [_told(_opportunity(random)) for _ in range(STORIES)]
    return customers, opportunities


def _told(record: Aggregate) -> list[Step]:
    stored = [to_stored(fact) for fact in record.collect_events()]  # type: ignore[arg-type]
    now = datetime.now(UTC)
    again = evolve(None, ((s.stream, s.version, s.type, s.schema, now, s.data) for s in stored))
    assert again is not None
    assert again.version == record.version
    return [(fact.type, fact.schema, fact.data.decode()) for fact in stored]


def _customer(random: Random) -> Customer:
    since = _day(random)
    customer = Customer.register(
        name=NAME,
        unit=random.choice(UNITS),
        category=random.choice([*Category, None]),
        reach=random.choice(list(ProfileReach)),
        grade=random.choice(list(Grade)),
        industry=random.choice(list(Industry)),
        region=random.choice(PLACES),
        website="https://example.com/about",
        employees=random.randrange(20, 20_000),
        annual_revenue=_amount(random, 1_000_000),
        it_budget=_amount(random, 10_000),
        registered_on=since,
    )
    if random.random() < 0.4:
        customer.assign_manager(_employee(random))
        customer.since(since)
    if random.random() < 0.4:
        customer.activate()
        customer.since(since + timedelta(days=random.randrange(90)))
    return customer


def _opportunity(random: Random) -> Opportunity:
    day = _day(random)
    lines = [
        ProductLine(
            product=random.choice(PRODUCTS),
            quantity=random.randrange(1, 40),
            monthly=_amount(random, 100),
            one_off=_amount(random, 1000),
        )
        for _ in range(random.choice((1, 1, 2)))
    ]
    sale = Opportunity.open(
        title=NAME,
        unit=random.choice(UNITS),
        customer_id=CUSTOMER,
        manager=_employee(random),
        lines=lines,
        expected_close=day + timedelta(days=random.randrange(30, 200)),
        source=random.choice(list(Source)),
        opened_on=day,
    )
    reached = random.choice((0, 0, 1, 2, 3))
    with suppress(RuleViolation):
        if reached:
            sale.advance(ADVANCING[reached - 1])
            sale.since(day + timedelta(days=20))
        if random.random() < 0.2:
            sale.win(_amount(random, 5000), f"C-{day:%Y}-{random.randrange(9999)}")
        elif random.random() < 0.2:
            sale.lose(random.choice(list(LossReason)))
    return sale


def _company(random: Random) -> str:
    """Return the name of a company: a million of them, some words common and some rare."""
    choice = random.choice
    number = int(random.random() * 5000)
    return f"{choice(PLACES)}{choice(MARKS)}{choice(MARKS)}{choice(TRADES)}{number}有限公司"


def _title(random: Random) -> str:
    return f"{random.choice(MARKS)}{random.choice(PRODUCTS)}{int(random.random() * 1000)}期"


def _employee(random: Random) -> str:
    return f"e-{random.randrange(500)}"


def _amount(random: Random, unit: int) -> Decimal:
    return Decimal(random.randrange(1, 500) * unit)


def _day(random: Random) -> date:
    return datetime.now(UTC).date() - timedelta(days=random.randrange(1, 700))
