"""Service agreements of the demo data: what larger customers were promised of our service."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from api.demo.customers import Account
from api.demo.people import Person
from api.demo.places import GROUP
from api.demo.story import Do, Story
from domain.kernel.time.business_day import today as this_day

_CIRCUITS: dict[str, Any] = {
    "code": "circuits",
    "measure": "availability",
    "target": {"percent": "99.9"},
    "calendar": "around-the-clock",
    "credits": [
        {"below": "99.9", "percent_of_fee": "5"},
        {"below": "99.5", "percent_of_fee": "10"},
        {"below": "99", "percent_of_fee": "20"},
    ],
    "cap_percent": "20",
}
_FAULTS: dict[str, Any] = {
    "code": "faults",
    "measure": "resolution",
    "scope": {"kinds": ["fault"]},
    "target": {"seconds": 24 * 3600},
    "share_percent": "95",
    "calendar": "around-the-clock",
    "credits": [
        {"below": "95", "percent_of_fee": "5"},
        {"below": "80", "percent_of_fee": "10"},
    ],
}
_RESPONSE: dict[str, Any] = {
    "code": "response",
    "measure": "response",
    "target": {"seconds": 3600},
    "share_percent": "90",
    "calendar": "around-the-clock",
}
_COMPLAINTS: dict[str, Any] = {
    "code": "complaints",
    "measure": "complaint-answer",
    "target": {"seconds": 3 * 8 * 3600},
    "share_percent": "90",
    "calendar": "cn-office",
    "period": "quarter",
}
_PROMISES = ((_CIRCUITS, _FAULTS, _RESPONSE), (_CIRCUITS, _FAULTS), (_FAULTS, _COMPLAINTS))
_FATES = {"approved": 30, "amended": 4, "drafted": 2, "submitted": 3, "ended": 3}
"""What becomes of agreements, against one another."""


_REASONS = (
    ("customer", "客户未按约定时间开放机房"),
    ("third-party", "市政施工挖断光缆"),
    ("force-majeure", "台风期间道路中断"),
)
_DECISIONS: tuple[tuple[str, dict[str, str]] | None, ...] = (
    ("agree", {"note": "有现场记录为证"}),
    ("agree", {}),
    ("refuse", {"reason": "未提供证明材料"}),
    None,
)
"""What becomes of what is to be left out, in turn."""


@dataclasses.dataclass(frozen=True, slots=True)
class Agreement:
    """A service agreement of the demo data, and what becomes of it."""

    account: Account
    name: str
    since: date
    clauses: list[dict[str, Any]]
    fate: str


def agreements(
    random: Random, accounts: Sequence[Account], today: date, size: int
) -> list[Agreement]:
    """Return up to `size` agreements, each with another of the better customers."""
    live = sorted((each for each in accounts if each.live), key=lambda each: each.grade)
    fates, often = tuple(_FATES), tuple(_FATES.values())
    found = []
    for place, account in enumerate(live[:size]):
        fate = fates[place] if place < len(fates) else random.choices(fates, often)[0]
        since = max(account.since, today - timedelta(days=random.randint(370, 700)))
        name = f"{account.unit.name}专线服务等级协议{place + 1:02}"
        clauses = [dict(each) for each in random.choice(_PROMISES)]
        found.append(Agreement(account, name, since.replace(day=1), clauses, fate))
    return found


def story(
    agreement: Agreement, chiefs: Sequence[Person], today: date, ids: dict[str, str]
) -> Story[None]:
    """Tell an agreement: drafted by the manager of its customer, decided at the group.

    Its id comes to the `ids`, by its name.
    """
    account, fate = agreement.account, agreement.fate
    chief = next(each for each in chiefs if each is not account.manager)

    def do(verb: str, record: str | None, **body: Any) -> Do:
        who, unit = (chief, GROUP) if verb == "approve" else (account.manager, account.unit)
        return Do(f"service-agreement.{verb}", record, body, who.code, unit.code)

    told: dict[str, Any] = {"customer_id": account.id, "unit": account.unit.code}
    told |= {"name": agreement.name, "from": str(agreement.since), "clauses": agreement.clauses}
    record = ids[agreement.name] = (yield do("draft", None, **told)).id
    if fate == "drafted":
        return
    yield do("submit", record, note="按客户要求拟定")
    if fate == "submitted":
        return
    yield do("approve", record, note="同意")
    if fate == "amended":
        ahead = max(today, this_day()) + timedelta(days=60)
        faster = {**_FAULTS, "target": {"seconds": 8 * 3600}}
        clauses = [faster if each["code"] == "faults" else each for each in agreement.clauses]
        yield do("draft-amendment", record, clauses=clauses, **{"from": str(ahead)})
        yield do("submit", record, note="客户要求缩短故障处理时限")
    if fate == "ended":
        yield do("end", record, reason="客户改签新协议")


def exclusions(
    agreements: Sequence[Agreement],
    ids: Mapping[str, str],
    faults: Mapping[str, str],
    chiefs: Sequence[Person],
) -> Iterator[Story[None]]:
    """Yield what becomes of a fault of every other customer that is not to count."""
    kept = [each for each in agreements if each.fate in ("approved", "amended")]
    for place, each in enumerate(kept[::2]):
        if each.account.id in faults and any(c["code"] == "faults" for c in each.clauses):
            yield _exclusion(place, each, ids[each.name], faults[each.account.id], chiefs)


def _exclusion(
    place: int, agreement: Agreement, id_: str, fault: str, chiefs: Sequence[Person]
) -> Story[None]:
    manager = agreement.account.manager
    chief = next(each for each in chiefs if each is not manager)
    reason, explanation = _REASONS[place % len(_REASONS)]
    body = {"agreement_id": id_, "clause": "faults", "ticket_id": fault, "reason": reason}
    body["explanation"] = explanation
    unit = agreement.account.unit.code
    record = (yield Do("exclusion.propose", None, body, manager.code, unit)).id
    if (decision := _DECISIONS[place % len(_DECISIONS)]) is not None:
        verb, told = decision
        yield Do(f"exclusion.{verb}", record, told, chief.code, GROUP.code)
