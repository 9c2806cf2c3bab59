"""A small history with something of each kind, and everything that is asked of it."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.api.asking import until_ready
from tests.faults.fresh import Fresh, id_of, until

DAY = "2026-06-30"
"""The day of what is asked as it was true on a day."""


def lay(fresh: Fresh) -> None:
    """Write the history by commands, some of them late, of several people."""
    until_ready(fresh.http)
    for code, level, parent in (("gd", "province", "group"), ("gd-gz", "network", "gd")):
        fresh.do("/units", code=code, name=code, level=level, parent=parent)
    for code, name in (("li.wei", "李伟"), ("an.na", "安娜")):
        fresh.do("/employees", code=code, name=name, unit="gd-gz")
    _customers(fresh)
    _sales(fresh)
    _service(fresh)
    _marketing(fresh)
    fresh.make("/teams", name="Guangzhou", unit="gd-gz")
    fresh.make("/roles", code="seer", name="Seer", unit="group", permissions=["customer.read"])
    fresh.refuse(
        409, "unit-code-taken", "/units", code="gd", name="x", level="network", parent="gd"
    )


def _customers(fresh: Fresh) -> None:
    bank = fresh.customer("中国银行广州分行", unit="gd-gz", grade="B", registered_on="2026-01-05")
    fresh.do(f"{bank}/engage", effective="2026-01-06")
    fresh.do(f"{bank}/activate", effective="2026-02-01")
    fresh.do(f"{bank}/assign-manager", manager="li.wei", effective="2026-02-01")
    fresh.do(f"{bank}/add-contact", name="王芳", phone="13800138000", birthday="1980-05-06")
    fresh.do(f"{bank}/regrade", grade="A", reason="yearly review", effective="2026-05-01")
    fresh.do(f"{bank}/regrade", grade="C", reason="told late", effective="2026-03-01")
    branch = fresh.customer("Bank of China, branch", unit="gd-gz", registered_on="2026-01-10")
    fresh.do(f"{branch}/place-under", parent_id=id_of(bank))
    twin = fresh.customer("Bank of China (Guangzhou)", unit="gd-gz", registered_on="2026-02-10")
    both = {"survivor_id": id_of(bank), "duplicate_id": id_of(twin)}
    merge = fresh.make("/customer-merges", **both, reason="The same bank")
    until(lambda: fresh.ask(merge)["state"] == "done")


def _sales(fresh: Fresh) -> None:
    sale = fresh.sale(title="Leased lines", unit="gd-gz", opened_on="2026-03-02")
    fresh.do(f"{sale}/advance", stage="qualified", effective="2026-03-20")
    lines = [{"product": "line", "quantity": 3, "monthly": "1200.50"}]
    fresh.do(f"{sale}/revise-lines", lines=lines)
    buyer = id_of(fresh.customer("Pearl River Hotel", unit="gd", registered_on="2026-03-01"))
    won = fresh.sale(title="Cloud", unit="gd", opened_on="2026-04-01", customer_id=buyer)
    fresh.do(f"{won}/win", amount="88000.00", closed_on="2026-06-15")


def _service(fresh: Fresh) -> None:
    customer = fresh.customer("Guangzhou Steel", unit="gd-gz", registered_on="2026-06-01")
    opening = {
        "customer_id": id_of(customer),
        "kind": "fault",
        "severity": "minor",
        "channel": "web",
        "title": "Line down",
    }
    ticket = fresh.make("/service-tickets", **opening, unit="gd-gz", at="2026-06-28T18:00:00Z")
    fresh.do(f"{ticket}/assign", owner="an.na", at="2026-06-28T19:00:00Z")


def _marketing(fresh: Fresh) -> None:
    days = {"starts_on": "2026-05-01", "ends_on": "2026-12-31"}
    plan = {"name": "Spring", "goal": "Lines", "kind": "care", "units": ["gd-gz"]}
    campaign = fresh.make("/campaigns", **plan, **days, budget="100.00")
    fresh.do(f"{campaign}/submit")


def told(fresh: Fresh, count: int | None = None) -> dict[str, Any]:
    """Return whatever the program tells of the history, by what is asked.

    `count` is the number of its events, if others came behind them.
    """
    # What another version left of the warehouse is remade first.
    until(lambda: fresh.get("/readyz").json().get("stale") == [])
    events = [json.loads(line) for line in fresh.get("/events", after=0).text.splitlines()]
    middle = (count or len(events)) // 2
    moments = ("", f"as_of={events[middle]['time']}", f"valid_at={DAY}")
    found: dict[str, Any] = {"events": events}
    for plural in _lists(fresh):
        for moment in moments:
            answer = fresh.get(f"{plural}?limit=200&min_position={fresh.position}&{moment}")
            if answer.status_code == 200:
                found[f"{plural}?{moment}"] = _by_id(answer.json()["items"])
        for id in found[f"{plural}?"]:
            found[f"{plural}/{id}"] = fresh.get(f"{plural}/{id}").json()
            history = fresh.get(f"{plural}/{id}/history")
            if history.status_code == 200:
                found[f"{plural}/{id}/history"] = history.json()["items"]
    for report in fresh.get("/reports").json()["items"]:
        path = f"/reports/{report['name']}?from=2026-01-01&to={DAY}"
        found[path] = fresh.ask(path)["rows"]
    return found


def without(found: dict[str, Any], ids: set[str]) -> dict[str, Any]:
    """Return what is told but of some records."""
    return {
        path: {key: each for key, each in answer.items() if key not in ids}
        if isinstance(answer, dict)
        else answer
        for path, answer in found.items()
        if ids.isdisjoint(path.split("/"))
    }


def _lists(fresh: Fresh) -> list[str]:
    """Return the paths of the lists of records, of which files to import are none."""
    paths = fresh.get("/openapi.json").json()["paths"].keys() - {"/imports"}
    return sorted(path for path in paths if f"{path}/{{id}}" in paths)


def _by_id(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {item["id"]: item for item in items}


def missing(then: Any, now: Any, where: str = "") -> list[str]:
    """Return where something was told then and is not told, or otherwise, now."""
    then, now = _by_field(then), _by_field(now)
    if isinstance(then, dict) and isinstance(now, dict):
        gone = [f"{where} {key}: gone" for key in then.keys() - now.keys()]
        both = then.keys() & now.keys()
        return gone + [
            each for key in both for each in missing(then[key], now[key], f"{where} {key}")
        ]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = enumerate(zip(then, now, strict=True))
        return [each for i, (a, b) in pairs for each in missing(a, b, f"{where} {i}")]
    return [] if _anywhere(then) == _anywhere(now) else [f"{where}: {then!r}, now {now!r}"]


def _by_field(value: Any) -> Any:
    """Return what changed in a row by field: which of them stands first says nothing."""
    if isinstance(value, list) and any(
        isinstance(each, dict) and "field" in each for each in value
    ):
        return {each["field"]: each for each in value}
    return value


def _anywhere(value: Any) -> Any:
    """Return a link to what is behind a figure without the position up to which it was asked."""
    return re.sub(r"[?&]as_of_position=\d+$", "", value) if isinstance(value, str) else value
