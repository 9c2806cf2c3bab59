"""Planned work of the demo data: what was worked on at night, who was told, what it took."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from api.demo.products_in_use import Use
from api.demo.story import Do, Story
from domain.kernel.time.business_day import begin_of

_AHEAD = 28
_NOTICE = {5: 12, 4: 6, 1: 1}
"""How many days before it begins work is announced, against one another."""

_FALLBACK = "切换至备用链路，三十分钟内恢复原配置"
_FINDINGS = ("光衰偏大，已更换尾纤", "设备温度偏高，已清洁风扇", "备用电源电量不足")
_OBJECTIONS = ("当晚进行年终结算", "当晚有重要视频会议")


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """Planned work of the demo data, and what became of it."""

    uses: Sequence[Use]
    begin: datetime
    plan: dict[str, Any]
    announced: datetime
    told: bool
    finished: bool
    lasted: timedelta
    finding: str | None
    objection: str | None
    called_off: bool


def works(random: Random, uses: Sequence[Use], today: date, size: int) -> list[Work]:
    """Return `size` works of the last year and the next weeks, each of one manager's customers."""
    live = [each for each in uses if each.fate in ("active", "changed")] or list(uses)
    return [_work(random, live, today) for _ in range(size if live else 0)]


def _work(random: Random, live: Sequence[Use], today: date) -> Work:
    use = random.choice(live)
    beside = [each for each in live if each.site is use.site][:3]
    first = max(use.since, today - timedelta(days=365))
    day = first + timedelta(days=random.randint(1, (today - first).days + _AHEAD))
    begin = begin_of(day) + timedelta(minutes=random.choice((0, 30, 60, 120)))
    minutes = random.randint(5, 40)
    plan = {
        "kind": random.choice(("inspection", "planned-work", "planned-work")),
        "from": begin.isoformat(),
        "until": (begin + timedelta(hours=4)).isoformat(),
        "interruption_minutes": minutes,
        "risk": random.choice(("low", "low", "medium", "high")),
        "fallback": _FALLBACK,
    }
    (notice,) = random.choices(tuple(_NOTICE), tuple(_NOTICE.values()))
    return Work(
        uses=beside,
        begin=begin,
        plan=plan,
        announced=begin - timedelta(days=notice),
        told=day - timedelta(days=notice) < today,
        finished=day < today,
        lasted=timedelta(minutes=minutes + random.choice((-3, 0, 0, 4))),
        finding=random.choice(_FINDINGS) if random.random() < 0.2 else None,
        objection=random.choice(_OBJECTIONS) if random.random() < 0.08 else None,
        called_off=random.random() < 0.04,
    )


def story(work: Work, ids: Mapping[int, str]) -> Story[None]:
    """Tell a work from its plan on; `ids` are those of products in use by number."""
    account = work.uses[0].site.account
    worked_on = [ids[each.number] for each in work.uses]

    def do(verb: str, record: str | None, **body: Any) -> Do:
        return Do(f"maintenance.{verb}", record, body, account.manager.code, account.unit.code)

    told = {**work.plan, "unit": account.unit.code, "products_in_use": worked_on}
    record = (yield do("plan", None, **told)).id
    yield do("assign-manager", record, manager=account.manager.code)
    if not work.told:
        return
    yield do("announce", record, announced_at=work.announced.isoformat())
    if work.objection is not None:
        yield do("object", record, customer_id=account.id, reason=work.objection)
        if work.finished:
            told = {"customer_id": account.id, "answer": "已安排临时链路保障"}
            yield do("answer-objection", record, **told)
    if work.called_off:
        yield do("cancel", record, reason="客户要求本季度内不作业")
        return
    if not work.finished:
        return
    yield do("begin", record, began_at=work.begin.isoformat())
    since = work.begin + timedelta(minutes=20)
    until = since + max(work.lasted, timedelta(minutes=1))
    took = [
        {"product_in_use_id": each, "since": since.isoformat(), "until": until.isoformat()}
        for each in worked_on
    ]
    told = {
        "findings": [work.finding] if work.finding else [],
        "interruptions": took,
        "finished_at": (until + timedelta(minutes=30)).isoformat(),
    }
    yield do("finish", record, **told)
