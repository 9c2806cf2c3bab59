"""Bills of the demo data: through which accounts products in use are paid, for twelve months."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from api.demo.customers import Account
from api.demo.people import Person
from api.demo.places import GROUP
from api.demo.story import Do, Story
from domain.billing.billing_terms import first_day, last_day

SYSTEM = "billing"
MOST = 199
"""Lines of a bill, before it is corrected."""


def numbers(accounts: Sequence[Account], size: int) -> Mapping[str, Account]:
    """Return `size` numbers of billing accounts, one of each live customer and then more."""
    live = [each for each in accounts if each.live]
    return {f"ZH{n:06}": live[n % len(live)] for n in range(size if live else 0)}


def opening(number: str, account: Account) -> Story[None]:
    """Tell a billing account: it was opened when its customer came."""
    told = {"account_number": number, "customer_id": account.id, "unit": account.unit.code}
    who, since = account.manager.code, str(account.since)
    yield Do("billing-account.open", None, told | {"effective": since}, who, account.unit.code)


@dataclasses.dataclass(frozen=True, slots=True)
class Charge:
    """What a product in use costs a month: through which account, from when until when.

    `fees` are what it came to from each day on, `of` is what lines say of it.
    """

    account: str
    of: dict[str, Any]
    fees: tuple[tuple[date, Decimal], ...]
    until: date

    def fee(self, month: str) -> Decimal:
        """Return what it comes to in a month, as agreed on the last day."""
        if self.until < first_day(month):
            return Decimal(0)
        last = last_day(month)
        return next((fee for since, fee in reversed(self.fees) if since <= last), Decimal(0))


@dataclasses.dataclass(slots=True)
class Bill:
    """A bill of the demo data: what it says, and what becomes of it."""

    account: str
    month: str
    issued_on: date
    due_on: date
    lines: list[dict[str, Any]]
    corrected: bool
    paid_on: date | None
    id: str = ""

    @property
    def amount(self) -> Decimal:
        """What it comes to at first."""
        return sum((Decimal(each["amount"]) for each in self.lines), Decimal(0))


def months(today: date, count: int = 12) -> list[str]:
    """Return the last months of which the bills are out, the latest last."""
    found: list[str] = []
    day = today.replace(day=1)
    while len(found) < count:
        day = (day - timedelta(1)).replace(day=1)
        if _issued(f"{day:%Y-%m}") < today:
            found.insert(0, f"{day:%Y-%m}")
    return found


def _issued(month: str) -> date:
    return last_day(month) + timedelta(days=3)


def bills(random: Random, charges: Iterable[Charge], today: date) -> list[Bill]:
    """Return the bills of twelve months; of the last one two are of accounts nobody knows yet."""
    by_account = defaultdict(list)
    for charge in charges:
        by_account[charge.account].append(charge)
    found = []
    for month in months(today):
        for account, of in sorted(by_account.items()):
            lines = list(_lines(random, of, month))[:MOST]
            if lines:
                found.append(_bill(random, account, month, lines, today))
    last = [each for each in found if found and each.month == found[-1].month][:2]
    strange = [dataclasses.replace(each, account=f"ZH9{n:05}") for n, each in enumerate(last)]
    return [*found, *(dataclasses.replace(each, paid_on=None) for each in strange)]


def _lines(random: Random, charges: Sequence[Charge], month: str) -> Iterator[dict[str, Any]]:
    whole = Decimal(0)
    for charge in charges:
        if fee := charge.fee(month):
            whole += fee
            yield {"kind": "recurring", **charge.of, "amount": str(fee)}
    if whole and random.random() < 0.4:
        minutes = random.randint(200, 9000)
        told = {"product": "通话", "quantity": str(minutes), "measure": "min"}
        yield {"kind": "usage", **told, "amount": f"{minutes * 0.08:.2f}"}
    if whole > 20_000:
        yield {"kind": "discount", "product": "大客户优惠", "amount": f"-{whole * 5 / 100:.2f}"}


def _bill(
    random: Random, account: str, month: str, lines: list[dict[str, Any]], today: date
) -> Bill:
    issued, due = _issued(month), _issued(month) + timedelta(days=22)
    paid = issued + timedelta(days=random.randint(2, 21))
    kept = random.random() < 0.04 or paid >= today
    return Bill(account, month, issued, due, lines, random.random() < 0.03, None if kept else paid)


def announcement(month: str, of: Sequence[Bill], clerk: Person, ids: dict[str, str]) -> Story[None]:
    """Tell how a run was announced."""
    total = sum((each.amount for each in of), Decimal(0))
    told = {"month": month, "system": SYSTEM, "bills": len(of), "total": str(total)}
    day = {"unit": GROUP.code, "effective": str(last_day(month) + timedelta(days=1))}
    made = yield Do("bill-run.announce", None, told | day, clerk.code, GROUP.code)
    ids[month] = made.id


def receipt(bill: Bill, clerk: Person) -> Story[None]:
    """Tell how a bill came in."""
    told = {
        "account_number": bill.account,
        "month": bill.month,
        "source": SYSTEM,
        "issued_on": str(bill.issued_on),
        "due_on": str(bill.due_on),
        "lines": bill.lines,
        "amount": str(bill.amount),
    }
    bill.id = (yield Do("bill.receive", None, told, clerk.code, GROUP.code)).id


def balance(month: str, run: str, clerk: Person) -> Story[None]:
    """Tell how a run was balanced."""
    body = {"effective": str(_issued(month))}
    yield Do("bill-run.balance", run, body, clerk.code, GROUP.code)


def outcome(bill: Bill, clerk: Person) -> Story[None]:
    """Tell what became of a bill that did not only come in."""
    amount = bill.amount
    if bill.corrected:
        less = (amount * 3 / 100).quantize(Decimal("0.01"))
        lines = [*bill.lines, {"kind": "adjustment", "product": "调账", "amount": f"-{less}"}]
        amount -= less
        told = {"lines": lines, "amount": str(amount), "reason": "多计调减"}
        day = {"effective": str(bill.issued_on + timedelta(days=1))}
        yield Do("bill.correct", bill.id, told | day, clerk.code, GROUP.code)
    if bill.paid_on is not None:
        told = {"amount": str(amount), "on": str(bill.paid_on)}
        told |= {"reference": f"SK{bill.month.replace('-', '')}-{bill.account}"}
        yield Do("bill.record-payment", bill.id, told, clerk.code, GROUP.code)
