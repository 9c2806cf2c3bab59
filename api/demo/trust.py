"""Trust: how far customers of the demo data are trusted to pay, and what they ask for specially."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

_REQUIREMENTS = (
    ("S-1", "security", "进入机房的人员须提前一个工作日备案"),
    ("B-1", "billing", "账单按分支机构拆分"),
    ("F-1", "invoice", "每月五日前开具增值税专用发票"),
    ("W-1", "service", "割接只在周末零点至六点进行"),
    ("J-1", "access", "施工须有客户方人员陪同"),
)
"""What customers ask for specially."""


def trust(name: str, grade: str, today: date) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield how far a customer is trusted to pay, and what it asks for specially."""
    random = Random(name)  # of its own, so that all else stays as it was
    if grade in "AB" or random.random() < 0.3:
        rating = random.choice(("AAA", "AA", "AA", "A", "A", "B", "C"))
        until = str(today + timedelta(days=random.randint(30, 360)))
        rated = {"rating": rating, "until": until, "basis": "年度信用评估"}
        yield "rate-credit", rated | {"limit": f"{random.randint(1, 40) * 50_000}.00"}
    for code, kind, text in random.sample(_REQUIREMENTS, k=random.choice((0, 0, 0, 1, 2))):
        yield "state-requirement", {"code": code, "kind": kind, "text": text}
