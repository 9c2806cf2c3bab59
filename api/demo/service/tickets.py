"""Service tickets of the demo data: faults, complaints, questions and requests of a year."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from api.demo.customers import Account
from api.demo.people import Person
from api.demo.story import Do, Story
from domain.kernel.time.business_day import day_at


@dataclasses.dataclass(frozen=True, slots=True)
class _Case:
    title: str
    cause: str
    action: str


_CASES = {
    "fault": (
        _Case("专线中断，全部网点无法办理业务", "市政施工挖断光缆", "抢修班组熔接光缆，业务恢复"),
        _Case("互联网专线丢包严重", "接入交换机端口故障", "更换端口并观察两小时，恢复正常"),
        _Case("语音中继呼入不通", "路由数据配置错误", "更正路由数据，拨测通过"),
        _Case("视频会议频繁掉线", "客户侧路由器负荷过高", "协助客户调整带宽策略"),
        _Case("云主机无法登录", "安全组规则误删", "恢复规则并备份配置"),
        _Case("机房温度告警", "空调压缩机停机", "启用备用空调，更换压缩机"),
    ),
    "complaint": (
        _Case("账单金额与合同不符", "折扣未在计费系统生效", "退还差额，更正资费"),
        _Case("开通时限一再推迟", "资源勘查遗漏管道占用", "协调管道资源，安排加急开通"),
        _Case("客户经理联系不上", "人员调整未通知客户", "指定新的客户经理并上门致歉"),
    ),
    "consultation": (
        _Case("咨询IPv6改造方案", "客户有改造计划", "提供改造方案和同类案例"),
        _Case("咨询5G专网与园区WiFi的区别", "客户在做选型", "安排技术经理上门交流"),
        _Case("咨询合同到期后的续约政策", "合同即将到期", "发送续约方案"),
    ),
    "request": (
        _Case("申请专线临时提速", "重要会议保障", "临时提速至1G，保障期七天"),
        _Case("申请增加公网地址", "新业务上线", "分配地址并更新路由"),
        _Case("申请割接配合", "客户机房搬迁", "夜间配合割接，业务无中断"),
    ),
}

_SEVERITIES = {
    "fault": (12, 33, 40, 15),
    "complaint": (3, 27, 50, 20),
    "consultation": (0, 5, 35, 60),
    "request": (1, 14, 50, 35),
}

_HOURS = {"critical": 2.2, "major": 5, "minor": 14, "low": 30}
"""Hours from the opening of a ticket to its resolution, as a rule."""


@dataclasses.dataclass(frozen=True, slots=True)
class Incident:
    """A service ticket of the demo data."""

    account: Account
    kind: str
    at: datetime


def incidents(
    random: Random, accounts: Sequence[Account], until: datetime, size: int
) -> list[Incident]:
    """Return `size` tickets of the year before a day, which begins at a moment."""
    served = [account for account in accounts if account.state == "active"]
    weights = [{"A": 7, "B": 4, "C": 2}[account.grade] for account in served]
    hours = [1, 1, 1, 1, 1, 1, 2, 5, 14, 18, 16, 12, 7, 10, 15, 15, 12, 9, 5, 4, 3, 3, 2, 1]
    kinds = random.choices(list(_CASES), (55, 12, 18, 15), k=size)
    found = []
    for account, kind in zip(random.choices(served, weights, k=size), kinds, strict=True):
        # More of them lately: those of the last days are still being worked on.
        known = (day_at(until) - account.since).days
        days = min(int(random.expovariate(1 / 150)) + 1, 366, known)
        hour = random.choices(range(24), hours)[0]
        at = until - timedelta(days=days) + timedelta(hours=hour, minutes=random.randint(0, 59))
        found.append(Incident(account, kind, at))
    return found


def story(
    random: Random,
    incident: Incident,
    staff: Mapping[str, Sequence[Person]],
    until: datetime,
    faults: dict[str, str],
) -> Story[None]:
    """Tell a ticket from its opening to a moment; a fault of a customer comes to the `faults`."""
    account = incident.account
    owner = random.choice(staff[account.unit.code])
    case = random.choice(_CASES[incident.kind])
    severity = random.choices(list(_HOURS), _SEVERITIES[incident.kind])[0]
    levels = {"A": "group", "B": "province", "C": "local"}
    record: str | None = None

    def do(verb: str, **body: Any) -> Do:
        return Do(f"service-ticket.{verb}", record, body, owner.code, account.unit.code)

    answer = yield do(
        "open",
        customer_id=account.id,
        kind=incident.kind,
        severity=severity,
        channel=random.choices(
            ("hotline", "account-manager", "web", "email", "monitoring"), (45, 25, 12, 8, 10)
        )[0],
        title=case.title,
        unit=account.unit.code,
        level=levels[account.grade],
        at=incident.at.isoformat(),
    )
    record = answer.id
    if incident.kind == "fault":
        faults[account.id] = record
    # Some of the tickets of late turn out to be hard.
    stuck = incident.at > until - timedelta(days=20) and random.random() < 0.3
    for at, verb, body in _course(random, incident.at, severity, owner, case):
        if at >= until or (stuck and verb == "resolve"):
            return
        yield do(verb, **body, at=at.replace(microsecond=0).isoformat())


def _course(
    random: Random, opened: datetime, severity: str, owner: Person, case: _Case
) -> Iterator[tuple[datetime, str, dict[str, Any]]]:
    """Yield the steps of a ticket with their moments, in order."""
    work = timedelta(hours=_HOURS[severity] * random.lognormvariate(0, 0.6))
    at = opened + timedelta(minutes=random.randint(3, 45))
    yield at, "assign", {"owner": owner.code}
    if random.random() < 0.03:
        yield at + work / 4, "withdraw", {"reason": "客户自行解决"}
        return
    at += timedelta(minutes=random.randint(2, 60))
    yield at, "accept", {}
    if random.random() < 0.5:
        at += work / 4
        yield at, "record-progress", {"note": "已联系客户，正在现场处理"}
    if work > timedelta(hours=2 * _HOURS[severity]):
        at += work / 4
        yield at, "escalate", {"reason": "超过规定处理时限"}
    if random.random() < 0.2:
        at += work / 8
        yield at, "wait", {"awaited": "客户提供进场时间"}
        at += timedelta(hours=random.uniform(1, 40))
        yield at, "resume", {}
    at += work / 2
    yield at, "resolve", {"cause": case.cause, "action": case.action}
    if random.random() < 0.04:
        at += timedelta(hours=random.uniform(2, 30))
        yield at, "reopen", {"reason": "故障再次出现"}
        at += timedelta(minutes=random.randint(5, 90))
        yield at, "accept", {}
        at += work / 2
        yield at, "resolve", {"cause": case.cause, "action": case.action}
    if random.random() < 0.75:
        at += timedelta(hours=random.uniform(0.5, 30))
        late = work > timedelta(hours=1.5 * _HOURS[severity])
        score = random.choices(range(1, 6), (9, 16, 30, 30, 15) if late else (1, 3, 12, 42, 42))[0]
        yield at, "confirm", {"satisfaction": score}
    yield at + timedelta(hours=random.uniform(1, 48)), "close", {}
