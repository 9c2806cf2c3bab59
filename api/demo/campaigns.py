"""Campaigns of the demo data: what marketing did in a year, and what it brought."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from api.demo.customers import Account
from api.demo.people import Person
from api.demo.places import GROUP, PROVINCES, Unit
from api.demo.sales import Sale
from api.demo.story import Do, Story

_THEMES = (
    ("企业上云专项行动", "cross-selling", "让专线客户试用云主机和云桌面"),
    ("5G专网进园区", "product-launch", "在制造业园区树立5G专网样板"),
    ("大客户新春走访", "care", "走访全部A、B级客户，收集需求"),
    ("合同到期客户续约", "retention", "提前九十天锁定到期合同"),
    ("流失客户回访", "win-back", "了解流失原因，争取赢回"),
    ("中小金融机构拓展", "new-business", "进入十家新的金融客户"),
    ("网络安全护航", "cross-selling", "为关键行业客户配置安全防护"),
)

_LEAD = 30
"""How many days before its start a campaign is planned."""


@dataclasses.dataclass(frozen=True, slots=True)
class Drive:
    """A campaign of the demo data."""

    name: str
    kind: str
    goal: str
    unit: Unit
    starts_on: date
    ends_on: date
    targets: Sequence[Account]
    sales: Sequence[Sale]


def drives(
    random: Random, accounts: Sequence[Account], sales: Sequence[Sale], today: date
) -> list[Drive]:
    """Return two campaigns a theme, from a year ago to next month."""
    found = []
    for number in range(2 * len(_THEMES)):
        name, kind, goal = _THEMES[number % len(_THEMES)]
        unit = random.choice((GROUP, *PROVINCES, *PROVINCES))
        starts = today - timedelta(days=330 - 27 * number)
        ends = starts + timedelta(days=random.randint(30, 60))
        near = [each for each in accounts if each.live and _within(each, unit)]
        near = [each for each in near if each.since <= starts - timedelta(days=_LEAD)]
        targets = random.sample(near, k=min(len(near), random.randint(25, 60)))
        chosen = {id(account) for account in targets}
        brought = [
            sale for sale in sales if id(sale.account) in chosen and starts < sale.opened_on < ends
        ]
        title = f"{starts.year}年{unit.name}{name}"
        found.append(Drive(title, kind, goal, unit, starts, ends, targets, brought[:8]))
    return found


def _within(account: Account, unit: Unit) -> bool:
    return unit == GROUP or account.unit.province == unit.code


def story(random: Random, drive: Drive, today: date, planner: Person, chief: Person) -> Story[None]:
    """Tell a campaign from its plan to today; the chief approves what the planner submits."""
    manager = drive.targets[0].manager if drive.targets else planner
    others = {"plan": planner, "submit": planner, "approve": chief}
    record: str | None = None

    def do(verb: str, **body: Any) -> Do:
        actor = others.get(verb, manager)
        return Do(f"campaign.{verb}", record, body, actor.code, drive.unit.code)

    planned = str(_before(drive, _LEAD, today))
    budget = len(drive.targets) * random.randint(2, 6) * 1000
    answer = yield do(
        "plan",
        name=drive.name,
        goal=drive.goal,
        kind=drive.kind,
        units=[drive.unit.code],
        budget=f"{budget}.00",
        starts_on=str(drive.starts_on),
        ends_on=str(drive.ends_on),
        manager=manager.code,
        effective=planned,
    )
    record = answer.id
    if drive.targets:
        ids = [account.id for account in drive.targets]
        yield do("add-targets", customer_ids=ids, effective=planned)
    for verb, body in _course(random, drive, budget, today):
        yield do(verb, **body)


def _before(drive: Drive, days: int, today: date) -> date:
    """Return the day so many days before a campaign starts, yesterday if that is still to come."""
    return min(drive.starts_on - timedelta(days=days), today - timedelta(days=1))


def _course(
    random: Random, drive: Drive, budget: int, today: date
) -> Iterator[tuple[str, dict[str, Any]]]:
    if drive.starts_on > today + timedelta(days=20):
        return
    yield "submit", {"effective": str(_before(drive, 20, today))}
    if drive.starts_on > today + timedelta(days=5):
        return
    note = "同意，费用从省公司营销费列支"
    yield "approve", {"note": note, "effective": str(_before(drive, 5, today))}
    if drive.starts_on >= today or not drive.targets:
        return
    yield "launch", {"effective": str(drive.starts_on)}
    yield from sorted(_work(random, drive, budget, today), key=lambda did: did[1]["effective"])
    if drive.ends_on >= today:
        if random.random() < 0.3:
            yield "pause", {"reason": "等待新资费批复", "effective": str(today - timedelta(days=1))}
        return
    yield "close", {"effective": str(drive.ends_on)}
    if drive.ends_on < today - timedelta(days=20):
        won = [sale.won for sale in drive.sales if sale.won is not None]
        yield (
            "evaluate",
            {
                "conclusion": "目标客户响应好于去年" if won else "响应不足，需要更准的名单",
                "orders_won": len(won),
                "won_amount": f"{sum(won)}.00",
                "effective": str(drive.ends_on + timedelta(days=15)),
            },
        )


def _work(
    random: Random, drive: Drive, budget: int, today: date
) -> Iterator[tuple[str, dict[str, Any]]]:
    last = min(drive.ends_on, today - timedelta(days=1))
    span = max(0, (last - drive.starts_on).days)

    def some_day() -> str:
        return str(drive.starts_on + timedelta(days=random.randint(0, span)))

    for account in drive.targets:
        if random.random() < 0.8:
            yield (
                "record-contact",
                {
                    "customer_id": account.id,
                    "channel": random.choice(("phone", "visit", "email", "event")),
                    "outcome": random.choices(
                        ("reached", "not-reached", "call-back", "refused"), (68, 17, 10, 5)
                    )[0],
                    "effective": some_day(),
                },
            )
        if random.random() < 0.33:
            kinds = ("inquiry", "interest", "meeting", "order", "refusal")
            kind = random.choices(kinds, (30, 30, 20, 12, 8))[0]
            response = {"customer_id": account.id, "kind": kind, "effective": some_day()}
            yield "record-response", response
    for purpose, share in (("宣传材料", 0.2), ("现场活动", 0.45), ("礼品", 0.15)):
        amount = round(budget * share * random.uniform(0.6, 1.2))
        yield "record-cost", {"amount": f"{amount}.00", "purpose": purpose, "effective": some_day()}
    for sale in drive.sales:
        yield "link-opportunity", {"opportunity_id": sale.id, "effective": str(last)}
