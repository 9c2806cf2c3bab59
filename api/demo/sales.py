"""Opportunities of the demo data: a year of sales with their stages, wins and losses."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from api.demo.customers import COMPETITORS, Account
from api.demo.story import Do, Story

_SEASON = (7, 5, 10, 9, 9, 11, 8, 7, 10, 8, 9, 12)
"""How many opportunities the months of a year bring, against one another."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Product:
    name: str
    monthly: int
    one_off: int
    most: int
    """Units of it that one customer takes at most."""


_PRODUCTS = (
    _Product("互联网专线", 6800, 5000, 6),
    _Product("MPLS VPN组网", 3200, 3000, 20),
    _Product("云主机", 1500, 0, 40),
    _Product("IDC机柜", 5500, 2000, 12),
    _Product("5G专网", 28000, 180000, 2),
    _Product("物联网卡", 8, 2, 5000),
    _Product("语音中继", 1200, 800, 10),
    _Product("云桌面", 120, 0, 300),
    _Product("安全防护", 4200, 6000, 3),
    _Product("视频会议", 2600, 9000, 8),
    _Product("短信平台", 1800, 1000, 2),
)

_OCCASIONS = ("新装", "扩容", "改造", "续约", "一期", "二期", "迁移")

_STAGES = ("qualified", "solution", "proposal", "negotiation")

_LOSSES = (
    ("price", 34),
    ("product", 12),
    ("coverage", 10),
    ("delivery-time", 9),
    ("relationship", 12),
    ("no-budget", 12),
    ("no-decision", 11),
)


@dataclasses.dataclass
class Sale:
    """An opportunity of the demo data, and what its story makes of it."""

    account: Account
    opened_on: date
    source: str
    id: str = ""
    lines: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    won: int | None = None
    """What was agreed, once it is won."""
    won_on: date | None = None


def sales(random: Random, accounts: Sequence[Account], today: date, size: int) -> list[Sale]:
    """Return `size` opportunities of the past fifteen months with customers that are alive.

    Sales take months: the year that ends today has its share of wins from its beginning.
    """
    alive = [account for account in accounts if account.live]
    weights = [{"A": 9, "B": 4, "C": 2}[account.grade] for account in alive]
    days = [today - timedelta(days=n) for n in range(2, 456)]
    seasons = [_SEASON[day.month - 1] * (0.1 if day.weekday() > 4 else 1) for day in days]
    sources = ("account-manager", "customer-request", "tender", "renewal", "campaign", "referral")
    return [
        Sale(account, max(day, account.since), source)
        for account, day, source in zip(
            random.choices(alive, weights, k=size),
            random.choices(days, seasons, k=size),
            random.choices(sources, (38, 18, 14, 14, 10, 6), k=size),
            strict=True,
        )
    ]


def name_products(sales: Sequence[Sale], ids: Mapping[str, str]) -> None:
    """Have the lines of every other sale name products of the catalogue, by what these are called.

    The others were written before there was one.
    """
    for line in (line for sale in sales[::2] for line in sale.lines):
        if line["product"] in ids:
            line["product_id"] = ids[line["product"]]


def story(random: Random, sale: Sale, today: date) -> Story[None]:
    """Tell an opportunity from its opening to today."""
    account = sale.account

    def do(verb: str, **body: Any) -> Do:
        record = sale.id or None
        return Do(f"opportunity.{verb}", record, body, account.manager.code, account.unit.code)

    products = random.sample(_PRODUCTS, k=random.choice((1, 1, 1, 2, 2, 3)))
    lines = sale.lines = [_line(random, product, account.grade) for product in products]
    amount = sum(_worth(line) for line in lines)
    answer = yield do(
        "open",
        title=f"{products[0].name}{random.choice(_OCCASIONS)}",
        unit=account.unit.code,
        customer_id=account.id,
        manager=account.manager.code,
        lines=lines,
        expected_close=str(sale.opened_on + timedelta(days=random.randint(45, 160))),
        source=sale.source,
        opened_on=str(sale.opened_on),
    )
    sale.id = answer.id
    rival = random.choice(COMPETITORS) if random.random() < 0.45 else None
    if rival is not None:
        yield do("add-competitor", competitor=rival, effective=str(sale.opened_on))
    for verb, body in _course(random, sale, amount, rival, today):
        yield do(verb, **body)


def _course(
    random: Random, sale: Sale, amount: int, rival: str | None, today: date
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the steps of a sale, as far as they lie before today."""
    day = sale.opened_on
    for stage in _STAGES:
        day += timedelta(days=max(1, round(random.lognormvariate(2.4, 0.8))))
        if day >= today:
            return
        if random.random() < 0.14:
            yield _loss(random, rival, day)
            return
        yield "advance", {"stage": stage, "effective": str(day)}
        if stage == "proposal" and random.random() < 0.3:
            before, amount = amount, round(amount * random.uniform(0.8, 1.15))
            reason = "方案评审后调整数量"
            revised = {"amount": f"{amount}.00", "reason": reason, "effective": str(day)}
            if amount != before:
                yield "revise-amount", revised
        if stage == "proposal" and random.random() < 0.06:
            day += timedelta(days=random.randint(3, 20))
            if day >= today:
                return
            back = {"stage": "solution", "reason": "客户要求重新设计方案", "effective": str(day)}
            yield "move-back", back
    day += timedelta(days=max(1, round(random.lognormvariate(2.2, 0.8))))
    if day >= today:
        return
    if random.random() < 0.62:
        sale.won, sale.won_on = round(amount * random.uniform(0.82, 1.0)), day
        number = f"CT-{day.year}-{random.randint(0, 99_999):05}"
        yield (
            "win",
            {"amount": f"{sale.won}.00", "contract_number": number, "closed_on": str(day)},
        )
    elif random.random() < 0.15:
        yield "abandon", {"reason": "客户项目取消", "closed_on": str(day)}
    else:
        yield _loss(random, rival, day)


def _loss(random: Random, rival: str | None, day: date) -> tuple[str, dict[str, Any]]:
    reasons, weights = zip(*_LOSSES, strict=True)
    reason = random.choices(reasons, weights)[0]
    body = {"reason": reason, "closed_on": str(day)}
    if rival is not None and not reason.startswith("no-"):
        body["competitor"] = rival
    return "lose", body


def _line(random: Random, product: _Product, grade: str) -> dict[str, Any]:
    most = product.most if grade != "C" else max(1, product.most // 3)
    return {
        "product": product.name,
        "quantity": max(1, round(most * random.random() ** 2)),
        "monthly": f"{max(1, round(product.monthly * random.uniform(0.75, 1.1)))}.00",
        "one_off": f"{product.one_off}.00",
        "months": random.choice((12, 12, 24, 36)),
    }


def _worth(line: dict[str, Any]) -> int:
    monthly, once = float(line["monthly"]), float(line["one_off"])
    return int(line["quantity"] * (once + monthly * line["months"]))
