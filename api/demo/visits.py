"""Visits of the demo data: whom account managers called on in a year, and what they found."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from api.demo.customers import COMPETITORS, Account
from api.demo.story import Do, Story
from domain.kernel.time.business_day import begin_of

_OFTEN = {"A": 6, "B": 3, "C": 2}
"""How often customers are called on, by their grade, against one another."""

_PURPOSES = {"routine": 12, "problem": 3, "contract": 3, "executive": 1, "technical": 3}
_AGENDAS = ("回顾本季服务情况", "介绍云网融合新产品", "沟通续约意向", "了解新建网点计划")
_FINDINGS = (
    ("complaint", "反映上月账单明细不清晰"),
    ("fault", "分支机构夜间偶有丢包"),
    ("lead", "计划明年将核心系统迁移上云"),
    ("lead", "拟新增三个营业网点"),
    ("risk", "竞争对手正在上门报价"),
    ("praise", "对故障抢修速度表示满意"),
)
_NEEDS = ("专线提速", "异地灾备", "统一通信平台", "网络安全加固")
_STEPS = ("提交扩容方案", "安排技术交流", "核对账单并回复", "约见分管领导")


@dataclasses.dataclass(frozen=True, slots=True)
class Visit:
    """A visit of the demo data: when it was to be, and what became of it."""

    account: Account
    planned: date
    day: date
    state: str
    plan: dict[str, Any]
    record: dict[str, Any]


def calls(random: Random, accounts: Sequence[Account], today: date, size: int) -> list[Visit]:
    """Return `size` visits of the last year and the next weeks, the more the better the grade."""
    live = [each for each in accounts if each.live]
    often = [_OFTEN[each.grade] for each in live]
    return [
        _call(random, account, _day(random, account, today), today)
        for account in random.choices(live, often, k=size if live else 0)
    ]


def _day(random: Random, account: Account, today: date) -> date:
    first = max(account.since, today - timedelta(days=365))
    return first + timedelta(days=random.randint(1, (today - first).days + 21))


def _call(random: Random, account: Account, day: date, today: date) -> Visit:
    plan = {"purpose": random.choices(tuple(_PURPOSES), tuple(_PURPOSES.values()))[0]}
    if random.random() < 0.4:
        plan["agenda"] = random.choice(_AGENDAS)
    states = ("done", "missed", "cancelled") if day < today - timedelta(days=4) else ("done",)
    state = random.choices(states, (92, 4, 4)[: len(states)])[0] if day < today else "planned"
    record: dict[str, Any] = {"mood": random.choices((2, 3, 4, 5), (1, 4, 6, 3))[0]}
    kinds = random.sample(_FINDINGS, k=random.choices((0, 1, 2), (5, 4, 1))[0])
    record["findings"] = [{"kind": kind, "text": text} for kind, text in kinds]
    if random.random() < 0.3:
        record["needs"] = [random.choice(_NEEDS)]
    if random.random() < 0.1:
        told = {"competitor": random.choice(COMPETITORS), "text": "已提交比我方低一成的报价"}
        record["competitor_notes"] = [told]
    if random.random() < 0.5:
        due = str(day + timedelta(days=random.randint(3, 14)))
        who = account.manager.code
        record["next_steps"] = [{"text": random.choice(_STEPS), "who": who, "due": due}]
    hour = begin_of(day) + timedelta(hours=random.choice((9, 10, 14, 15, 16)))
    record |= {"happened_at": hour.isoformat(), "met": random.sample(account.contacts, k=1)}
    planned = min(max(account.since, day - timedelta(days=10)), today - timedelta(days=1))
    return Visit(account, planned, day, state, plan, record)


def story(visit: Visit) -> Story[None]:
    """Tell a visit from its plan on; what was missed is noted by the clock."""
    account, day = visit.account, visit.day

    def do(verb: str, id: str | None = None, **body: Any) -> Do:
        return Do(f"visit.{verb}", id, body, account.manager.code, account.unit.code)

    told = {"customer_id": account.id, "unit": account.unit.code, "day": str(day), **visit.plan}
    planned = str(visit.planned)
    id_ = (yield do("plan", **told, effective=planned)).id
    yield do("assign-manager", id_, manager=account.manager.code, effective=planned)
    if visit.state == "done":
        yield do("record", id_, **visit.record, effective=str(day))
    if visit.state == "cancelled":
        yield do("cancel", id_, reason="客户临时有事", effective=str(day))
