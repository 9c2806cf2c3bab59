"""Bills and runs of the seeded stretch of business, some of them corrected, paid, cancelled."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.billing.bill import Bill
from domain.billing.bill_lines import BillLine, LineKind, total
from domain.billing.bill_run import BillRun
from domain.billing.billing_terms import Billed, last_day
from domain.kernel.tally import Tally


def bill(business: Any, place: int) -> None:
    """Receive the bills of one account for some months, of a few places a run besides."""
    chance, ledger = business.chance, business.ledger
    holder = chance.choice([*business.customers, None])
    held = ((date.min, holder),) if holder else ()
    unit, currency = chance.choice(["gd-gz", "gd-sz", "js-nj"]), chance.choice(["CNY", "USD"])
    account = Billed(held, unit, currency)
    for month in ("2025-01", "2025-02", "2025-04"):
        issued = last_day(month) + timedelta(days=3)
        lines = [_line(business) for _ in range(chance.randrange(1, 4))]
        record = Bill.receive(
            *(f"ZH-{place}", month, issued, issued + timedelta(days=20), lines, total(lines)),
            account=(account,),
            closed=False,
            run=(),
            source=chance.choice(["billing", "crm"]),
        )
        if chance.random() < 0.3:
            lines = [*lines, _line(business)]
            record.correct(lines, total(lines), "Mistaken")
        if record.remaining > 2 and chance.random() < 0.7:
            day = issued + timedelta(days=chance.randrange(60))
            record.record_payment(record.remaining - 1, day, f"p{place}")
            record.write_off(Decimal(1), "Little")
        elif chance.random() < 0.2:
            record.cancel("Mistaken")
        ledger.record(record)
    if place < 4:
        month, system = ("2025-01", "2025-02")[place % 2], ("billing", "crm")[place // 2]
        run = BillRun.announce(month, place, Decimal(place), "gd", system)
        if place % 2:
            run.balance(Tally(run.bills, run.total))
        ledger.record(run)


def _line(business: Any) -> BillLine:
    pick = business.chance.choice
    kind = pick([*LineKind])
    amount = Decimal(business.chance.randrange(1, 10_000_000)) / 100
    return BillLine(
        kind=kind,
        amount=-amount if kind is LineKind.DISCOUNT else amount,
        product=pick(["p0", "p1", "Old", None]),
        service_number=pick(["1", None]),
        quantity=pick([Decimal(3), None]),
        measure=pick(["GB", "min", None]),
    )
