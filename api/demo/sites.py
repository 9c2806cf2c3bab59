"""Sites of the demo data: where customers are, how they are connected there, and by whom."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from api.demo.customers import COMPETITORS, Account
from api.demo.story import Do, Story

_KINDS = {
    "branch": ("分部", 5),
    "outlet": ("营业网点", 6),
    "factory": ("生产基地", 3),
    "data-centre": ("数据中心", 2),
    "other": ("培训中心", 1),
}
"""What customers have beside their head offices: how it is called, against one another."""

_ROADS = ("东风路", "中山路", "解放路", "人民路", "建设路", "科技园路", "滨江大道", "环城东路")
_ENTRIES = ("东门管道", "西门管道", "楼顶", "地下二层弱电间")
_MEDIA = {"fibre": 14, "copper": 3, "microwave": 1, "mobile": 2}
_DEVICES = (
    ("router", "华为", "NE40E"),
    ("router", "中兴", "M6000"),
    ("switch", "华三", "S6520"),
    ("firewall", "深信服", "AF-2000"),
    ("pbx", "中兴", "ZXECS"),
    ("power", "科华", "FR-UK3110"),
)


@dataclasses.dataclass
class Site:
    """A site of the demo data; its `id` once it was opened."""

    account: Account
    kind: str
    name: str
    since: date
    vacated: bool
    id: str = ""


def places(random: Random, accounts: Sequence[Account], today: date, size: int) -> list[Site]:
    """Return `size` sites: a head office of each customer there is business with, then others."""
    live = [each for each in accounts if each.live]
    found = []
    for place in range(size if live else 0):
        head = place < len(live)
        account = live[place] if head else random.choice(live)
        kinds = {kind: weight for kind, (_, weight) in _KINDS.items()}
        kind = "head-office" if head else random.choices(tuple(kinds), tuple(kinds.values()))[0]
        called = "总部" if head else f"{random.choice(_ROADS)}{_KINDS[kind][0]}"
        since = account.since + timedelta(days=random.randint(0, (today - account.since).days // 2))
        name = f"{account.register['name']}{called}"
        found.append(Site(account, kind, name, since, not head and random.random() < 0.08))
    return found


def story(random: Random, site: Site, today: date) -> Story[None]:
    """Tell a site from its opening on; most are in use since then."""
    account = site.account
    since = str(site.since)

    def do(verb: str, **body: Any) -> Do:
        return Do(f"site.{verb}", site.id or None, body, account.manager.code, account.unit.code)

    told = {
        "customer_id": account.id,
        "name": site.name,
        "unit": account.unit.code,
        "kind": site.kind,
        "address": f"{account.unit.name}{random.choice(_ROADS)}{random.randint(1, 900)}号",
        "area": "country" if site.kind == "factory" and random.random() < 0.6 else "town",
        "region": account.register["region"],
    }
    site.id = (yield do("open", **told, effective=since)).id
    steps = list(_connected(random, site))  # drawn in any case, so that a load can go on
    planned = not site.vacated and random.random() < 0.04
    if planned:
        return
    yield do("take-into-use", effective=since)
    for verb, body in steps:
        yield do(verb, **body, effective=since)
    if site.vacated:
        yield do("vacate", reason="客户搬迁", effective=str(today - timedelta(days=2)))


def _connected(random: Random, site: Site) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the access points of a site, and what stands there."""
    count = random.choices((1, 2), (7, 3))[0]
    entries = random.sample(_ENTRIES, k=count)
    for code, entry in zip("AB", entries, strict=False):
        ours = code == "A" and random.random() < 0.85
        medium = random.choices(tuple(_MEDIA), tuple(_MEDIA.values()))[0]
        point = {
            "code": code,
            "medium": medium,
            "carrier": "ours" if ours else random.choice(COMPETITORS),
            "capacity_mbps": random.choice((100, 200, 500, 1000, 10_000)),
            "entry": entry,
        }
        yield "add-access-point", point | ({"diverse_from": "A"} if code == "B" else {})
    for place in range(random.choices((0, 1, 2), (5, 4, 1))[0]):
        kind, vendor, model = random.choice(_DEVICES)
        device = {"tag": f"SB-{place + 1}", "kind": kind, "vendor": vendor, "model": model}
        owner = random.choice(("us", "customer"))
        installed = {"quantity": random.randint(1, 3), "installed_on": str(site.since)}
        yield "record-equipment", {**device, **installed, "owner": owner}
    if site.kind in ("head-office", "data-centre") and random.random() < 0.4:
        network = {"topology": random.choice(("星型", "双星型", "环型")), "protocols": ["OSPF"]}
        yield "describe-network", {**network, "providers": [], "document_ids": []}
