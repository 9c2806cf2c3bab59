"""Products in use of the demo data: what customers have of the catalogue, where, at which fee."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from api.demo.bills import Charge
from api.demo.customers import COMPETITORS
from api.demo.products import PRODUCTS, Product, planned_on
from api.demo.sites import Site
from api.demo.story import Do, Story

_FEES = {
    "专线": 6000,
    "互联网接入": 2500,
    "语音中继": 800,
    "VPN": 1800,
    "IDC": 4000,
    "云": 1200,
    "会议": 900,
}
"""What a piece comes to a month, about, by category."""

_FATES = {"active": 64, "changed": 20, "ceased": 8, "pending": 4, "suspended": 2}
"""What becomes of products in use, against one another."""

_OLD = ("DDN专线", "ISDN", "集群电话")
"""What some still have from before there was a catalogue."""

_OFFERED = timedelta(days=130)
"""After how long a product that was planned is on sale at the latest."""

_YEARS, _WHILE = timedelta(days=5 * 365), timedelta(days=3)


@dataclasses.dataclass(frozen=True, slots=True)
class Use:
    """A product in use of the demo data; `product` is none where it is an old one."""

    number: int
    product: Product | None
    site: Site
    far: Site | None
    since: date
    fate: str


def uses(random: Random, sites: Sequence[Site], today: date, size: int) -> list[Use]:
    """Return `size` products in use, at sites that are not vacated."""
    open_ = [each for each in sites if not each.vacated]
    near = defaultdict(list)
    for each in open_:
        near[id(each.account)].append(each)
    offered = [(n, each) for n, each in enumerate(PRODUCTS) if each.fate == "group"]
    found = []
    for number in range(size if open_ else 0):
        site = random.choice(open_)
        others = [each for each in near[id(site.account)] if each is not site]
        place, product = random.choice(
            [each for each in offered if each[1].ends != "two" or others]
        )
        far = random.choice(others) if product.ends == "two" else None
        old = far is None and random.random() < 0.03
        known = [site.since, *([far.since] if far else [])]
        first = max(*known, *([] if old else [planned_on(place, today) + _OFFERED]), today - _YEARS)
        since = first + timedelta(days=random.randint(0, max(0, (today - first).days - 40)))
        fate = random.choices(tuple(_FATES), tuple(_FATES.values()))[0]
        told = None if old else product
        found.append(Use(number, told, site, far, min(since, today - _WHILE), fate))
    return found


def story(
    random: Random,
    use: Use,
    ids: Mapping[str, str],
    billed: Mapping[int, str],
    today: date,
    charges: list[Charge],
    installed: dict[int, str],
) -> Story[None]:
    """Tell a product in use from its installation on.

    `ids` are those of products by code, `billed` the number of each customer's billing account;
    what it costs through that comes to the `charges`, its own id to those `installed`.
    """
    account = use.site.account

    def do(verb: str, record: str | None, **body: Any) -> Do:
        who, unit = account.manager.code, account.unit.code
        return Do(f"product-in-use.{verb}", record, body, who, unit)

    body = _body(random, use, ids)
    if (number := billed.get(id(account))) is not None:
        body["account_number"] = number
    later = list(_later(random, use, body, today))  # drawn in any case, so that a load can go on
    charges += _charges(body, later, today)
    record = installed[use.number] = (yield do("install", None, **body)).id
    for verb, more in later:
        yield do(verb, record, **more)


def _charges(
    body: Mapping[str, Any], later: Sequence[tuple[str, Mapping[str, Any]]], today: date
) -> Iterator[Charge]:
    """Yield what a product costs through an account, if it is used."""
    if not {"account_number", "activated_on"} <= body.keys():
        return
    fees = [(date.fromisoformat(body["activated_on"]), Decimal(body["monthly_fee"]))]
    until = today
    for verb, told in later:
        day = date.fromisoformat(told["effective"])
        if verb == "change":
            fees.append((day, Decimal(told["monthly_fee"])))
        elif verb == "cease":
            until = day
    of = {name: body[name] for name in ("product_id", "service_number") if name in body}
    if "product_name" in body:
        of["product"] = body["product_name"]
    of["in_service"] = body["quantity"]
    yield Charge(body["account_number"], of, tuple(fees), until)


def _body(random: Random, use: Use, ids: Mapping[str, str]) -> dict[str, Any]:
    product, account = use.product, use.site.account
    quantity = random.choice((1, 1, 1, 2, 3, 5, 10))
    each = _FEES[product.category if product else "语音中继"] * random.uniform(0.6, 1.8)
    body = {
        "customer_id": account.id,
        "unit": account.unit.code,
        "attributes": _said(random, product),
        "quantity": quantity,
        "monthly_fee": f"{round(each / 10) * 10 * quantity}.00",
        "service_number": f"{account.unit.dial.zfill(4)}{use.number:06}",
    }
    body |= {"product_id": ids[product.code]} if product else {"product_name": random.choice(_OLD)}
    if product is None or product.ends != "none":
        body["site_id"] = use.site.id
    if use.far is not None:
        body["far_site_id"] = use.far.id
    if use.fate != "pending":
        body["activated_on"] = str(use.since)
    return body


def _said(random: Random, product: Product | None) -> dict[str, str]:
    """Return what is said of a piece of a product."""
    match product.attribute if product else "":
        case "speed":
            return {"bandwidth": random.choice(("10", "50", "100", "200", "500", "1000"))}
        case "size":
            return {"capacity": random.choice(("500", "2000", "10000"))}
        case "grade":
            return {"grade": random.choice(("标准", "增强", "尊享"))}
    return {}


def _later(
    random: Random, use: Use, body: Mapping[str, Any], today: date
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what became of a product since it was installed."""
    day = str(use.since + timedelta(days=random.randint(1, max(1, (today - use.since).days - 2))))
    match use.fate:
        case "changed":
            fee = f"{float(body['monthly_fee']) * random.choice((0.9, 1.2, 1.5)):.0f}.00"
            reason = random.choice(("带宽升级", "合同续签优惠", "业务扩容"))
            yield "change", {"monthly_fee": fee, "reason": reason, "effective": day}
        case "ceased":
            told = {"reason": random.choice(("转网", "撤点", "业务停用")), "effective": day}
            rival = {"competitor": random.choice(COMPETITORS)} if told["reason"] == "转网" else {}
            yield "cease", told | rival
        case "suspended":
            reason = random.choice(("arrears", "request"))
            yield "suspend", {"reason": reason, "effective": day}
