"""Contracts of the demo data: what was won, on paper, and what had been agreed before."""

from __future__ import annotations

import dataclasses
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from api.demo.customers import COMPETITORS
from api.demo.people import Person
from api.demo.places import GROUP
from api.demo.sales import Sale
from api.demo.story import Do, Story
from domain.kernel.time.business_day import today as this_day

_UNSIGNED: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "drafted": (),
    "submitted": (("submit", {"note": "请审批"}),),
    "sent-back": (("submit", {}), ("send-back", {"reason": "请补充付款条款"})),
    "approved": (("submit", {}), ("approve", {})),
    "void": (("void", {"reason": "客户改签集团合同"}),),
}
"""What is done to contracts that are not signed, and by which commands."""

_FATES = {
    "drafted": 12,
    "submitted": 14,
    "sent-back": 4,
    "approved": 8,
    "void": 4,
    "signed": 146,
    "amended": 25,
    "renewed": 20,
    "suspended": 5,
    "notice": 6,
    "terminated": 12,
    "replaced": 4,
}
"""What becomes of contracts, against one another."""

_DAY = timedelta(days=1)

_NOTICE = timedelta(days=90)
"""How long before its end a contract is given notice of at the latest."""


@dataclasses.dataclass(frozen=True, slots=True)
class Agreement:
    """A contract of the demo data, and what becomes of it; `won` where it is of a sale."""

    number: str
    sale: Sale
    won: bool
    fate: str
    starts_on: date

    @property
    def ends_on(self) -> date:
        """The last day of its term."""
        return _after(self.starts_on, max(line["months"] for line in self.sale.lines))


def agreements(random: Random, sales: Sequence[Sale], today: date, size: int) -> list[Agreement]:
    """Return up to `size` contracts: two of three with sales won, the others from years before."""
    known = [sale for sale in sales if sale.account.live]
    won = [sale for sale in known if sale.won_on is not None]
    won = random.sample(won, k=min(len(won), size * 2 // 3))
    found = []
    for place in range(size if known else 0):
        fresh = place < len(won)
        sale = won[place] if fresh else random.choice(known)
        day = sale.won_on if fresh else today - timedelta(days=random.randint(300, 1100))
        fate = random.choices(tuple(_FATES), tuple(_FATES.values()))[0]
        if day is None or fate in _UNSIGNED:
            day = today
        number = f"HT-{day.year}-{place + 1:04}"
        found.append(Agreement(number, sale, fresh, fate, _month_end(day) + _DAY))
    return found


def story(
    random: Random,
    agreement: Agreement,
    team: Mapping[str, Sequence[Person]],
    today: date,
    told: Callable[[int], Mapping[str, Any]],
) -> Story[None]:
    """Tell a contract from its draft to today: entered by its manager, approved at the group.

    `told` gives what the fact at a position says.
    """
    account, fate = agreement.sale.account, agreement.fate
    chief = next(each for each in team[GROUP.code] if each is not account.manager)

    def do(verb: str, record: str | None, **body: Any) -> Do:
        above = verb.startswith(("approve", "send-back"))
        who, unit = (chief, GROUP) if above else (account.manager, account.unit)
        return Do(f"contract.{verb}", record, body, who.code, unit.code)

    def signed(**body: Any) -> Story[str]:
        record = (yield do("draft", None, **body)).id
        yield do("submit", record)
        yield do("approve", record, note="条款与授权一致，同意")
        yield do("sign", record, ours=account.manager.code, checksum=f"sha256-{agreement.number}")
        return record

    body = _body(random, agreement)
    if fate in _UNSIGNED:
        record = (yield do("draft", None, **body)).id
        for verb, more in _UNSIGNED[fate]:
            yield do(verb, record, **more)
        return
    record = yield from signed(**body)
    for verb, more in _payments(random, agreement, today):
        yield do(verb, record, **more)
    if fate == "replaced":
        yield from signed(**_next(agreement, body), replaces_id=record)
    if fate == "amended" and agreement.ends_on > _month_end(today):
        answer = yield do("draft-amendment", record, **_amendment(random, body, today))
        amendment = {"amendment_id": told(answer.position)["amendment_id"]}
        yield do("submit-amendment", record, **amendment)
        if random.random() < 0.8:
            yield do("approve-amendment", record, **amendment)
            yield do("sign-amendment", record, **amendment)
    end = list(_end(random, agreement, today))  # drawn in any case, so that a load can go on
    latest = agreement.ends_on - _NOTICE
    if agreement.starts_on <= today and this_day() <= latest:
        for verb, more in end:
            yield do(verb, record, **more)


def _body(random: Random, agreement: Agreement) -> dict[str, Any]:
    """Return the draft; each line ends after its months."""
    sale = agreement.sale
    lines = [
        {
            **{name: line[name] for name in ("product", "quantity", "monthly", "one_off")},
            "id": f"L{place}",
            "to": str(_after(agreement.starts_on, line["months"])),
        }
        for place, line in enumerate(sale.lines, 1)
    ]
    body: dict[str, Any] = {
        "number": agreement.number,
        "customer_id": sale.account.id,
        "unit": sale.account.unit.code,
        "manager": sale.account.manager.code,
        "title": f"{sale.lines[0]['product']}服务合同",
        "starts_on": str(agreement.starts_on),
        "ends_on": str(agreement.ends_on),
        "lines": lines,
        "renewal": random.choice(("none", "manual", "manual")),
        "notice_days": random.choice((30, 60, _NOTICE.days)),
        "payment_days": 30,
    }
    return body | ({"opportunity_id": sale.id} if agreement.won else {})


def _next(agreement: Agreement, body: dict[str, Any]) -> dict[str, Any]:
    """Return the draft of a new text for the year after."""
    start = agreement.ends_on + _DAY
    end = str(_after(start, 12))
    return body | {
        "number": f"{agreement.number}-B",
        "starts_on": str(start),
        "ends_on": end,
        "lines": [{**line, "one_off": "0.00", "to": end} for line in body["lines"]],
    }


def _payments(
    random: Random, agreement: Agreement, today: date
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is to be paid once, a month after the start, and whether it was."""
    lines = agreement.sale.lines
    amount = sum((line["quantity"] * Decimal(line["one_off"]) for line in lines), Decimal(0))
    if not amount:
        return
    due = agreement.starts_on + timedelta(days=30)
    item = {"id": "P1", "amount": str(amount), "due_on": str(due), "for": "一次性费用"}
    yield "schedule-payments", {"items": [item]}
    if due < today and random.random() < 0.95:
        yield "record-payment", {"item": "P1", "amount": str(amount), "reference": "银行回单"}


def _amendment(random: Random, body: dict[str, Any], today: date) -> dict[str, Any]:
    """Return an amendment with more of the first product from the next month on."""
    since = max(_month_end(today) + _DAY, date.fromisoformat(body["starts_on"]))
    first = body["lines"][0]
    more = {**first, "id": "L9", "quantity": random.randint(1, 5), "one_off": "0.00"}
    return {"from": str(since), "new_lines": [more | {"to": None}]}


def _end(random: Random, agreement: Agreement, today: date) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield how a contract in force goes on or ends."""
    match agreement.fate:
        case "renewed":
            yield "renew", {"ends_on": str(_after(agreement.ends_on + _DAY, 12))}
        case "suspended":
            yield "suspend", {"reason": "客户机房搬迁"}
        case "notice":
            yield "give-notice", {"by": "customer", "for_day": str(agreement.ends_on)}
        case "terminated":
            ends = {"last_day": str(min(_month_end(today), agreement.ends_on)), "by": "both"}
            rival = random.choice(COMPETITORS)
            yield "terminate", {**ends, "reason": "客户转网", "competitor": rival}


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _after(day: date, months: int) -> date:
    """Return the last day of so many months that begin with a day, the first of its month."""
    month = day.year * 12 + day.month - 1 + months - 1
    return _month_end(date(month // 12, month % 12 + 1, 1))
