"""Price plans of the demo data: what products cost at the group, and in provinces instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from api.demo.places import GROUP, PROVINCES
from api.demo.story import Do, Story
from domain.kernel.time.business_day import today as this_day

_PRICES: Mapping[str, tuple[str, str]] = {
    "dl-otn": ("12000.00", "8000.00"),
    "dl-eth": ("4800.00", "3000.00"),
    "dl-fibre": ("9500.00", "20000.00"),
    "dl-5g": ("28000.00", "180000.00"),
    "ia-line": ("6800.00", "5000.00"),
    "ia-biz": ("399.00", "200.00"),
    "ia-ip": ("50.00", "0.00"),
    "ia-wifi": ("260.00", "600.00"),
    "ia-iot": ("8.00", "2.00"),
    "ia-guard": ("4200.00", "6000.00"),
    "vt-sip": ("900.00", "600.00"),
    "vt-e1": ("1200.00", "800.00"),
    "vt-400": ("600.00", "0.00"),
    "vt-sms": ("1800.00", "1000.00"),
    "vpn-mpls": ("3200.00", "3000.00"),
    "vpn-sdwan": ("1600.00", "1200.00"),
    "vpn-vpdn": ("300.00", "500.00"),
    "idc-rack": ("5500.00", "2000.00"),
    "idc-unit": ("700.00", "300.00"),
    "idc-band": ("3000.00", "0.00"),
    "cl-host": ("1500.00", "0.00"),
    "cl-disk": ("350.00", "0.00"),
    "cl-desk": ("120.00", "0.00"),
    "cl-backup": ("420.00", "0.00"),
    "mt-video": ("2600.00", "9000.00"),
    "bd-branch": ("2900.00", "1500.00"),
    "bd-head": ("10200.00", "12000.00"),
    "bd-shop": ("1100.00", "700.00"),
    "bd-twin": ("15800.00", "4000.00"),
}
"""What a piece costs a month and once."""

_IN_PROVINCES = ("dl-otn", "ia-line", "cl-host", "vpn-sdwan", "idc-rack")

PLANS = len(_PRICES) + len(_IN_PROVINCES) * len(PROVINCES) + 1
"""How many price plans there are."""


def stories(
    keeper: str, chief: str, today: date, products: Mapping[str, str]
) -> Iterator[Story[None]]:
    """Yield the story of each price plan: drafted by an employee, decided by another one."""
    for place, code in enumerate(_PRICES):
        yield _story(place, code, GROUP.code, "std", keeper, chief, today, products[code])
    for step, province in enumerate(PROVINCES):
        for place, code in enumerate(_IN_PROVINCES):
            told = (100 + step + place, code, province.code, "std")
            yield _story(*told, keeper, chief, today, products[code])
    yield _story(99, "mt-video", GROUP.code, "trial", keeper, chief, today, products["mt-video"])


def _story(
    place: int,
    code: str,
    unit: str,
    name: str,
    keeper: str,
    chief: str,
    today: date,
    product_id: str,
) -> Story[None]:
    def do(verb: str, record: str | None, who: str = keeper, **body: Any) -> Do:
        return Do(f"price-plan.{verb}", record, body, who, unit)

    since = (today - timedelta(days=200 + place % 9 * 30)).replace(day=1)
    plan = {"product_id": product_id, "code": f"{code}-{name}", "unit": unit}
    parts = _parts(place, code, Decimal(1))
    record = (yield do("draft", None, **plan, parts=parts, valid_from=str(since))).id
    decided = str(since - timedelta(days=20))
    yield do("take-over", record, approved_on=decided, decided_by="资费管理委员会")
    if place % 6 == 1:
        ahead = (max(today, this_day()).replace(day=1) + timedelta(days=64)).replace(day=1)
        dearer = _parts(place, code, Decimal("1.05"))
        yield do("draft-version", record, parts=dearer, valid_from=str(ahead))
        yield do("submit", record, note="成本上涨，建议调价")
        if place % 12 == 1:
            yield do("approve", record, chief, note="同意")
    if place == 99:
        yield do("end", record, reason="推广期结束")


def _parts(place: int, code: str, times: Decimal) -> list[dict[str, Any]]:
    """Return what is paid: each month by how many there are, once, and by use where it is told."""
    monthly, once = _PRICES[code]
    cheaper = Decimal("0.95") if place >= 100 else Decimal(1)
    price = str((Decimal(monthly) * times * cheaper).quantize(Decimal("0.01")))
    tiers = [{"from": 1, "price": price}, *({"from": n, "percent_off": p} for n, p in _STEPS)]
    tiering = "graduated" if place % 4 == 3 else "volume"
    parts: list[dict[str, Any]] = [{"kind": "recurring", "tiers": tiers, "tiering": tiering}]
    if Decimal(once):
        parts.append({"kind": "one-off", "tiers": [{"from": 1, "price": once}]})
    if code in ("vt-sip", "vt-400"):
        rate = {"from": 1, "price": "0.15"}
        parts.append({"kind": "usage", "measure": "minutes", "tiers": [rate]})
    return parts


_STEPS = ((5, "10"), (20, "18"))
"""From how many pieces on each is cheaper, by how many per cent."""
