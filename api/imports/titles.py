"""Titles: what people call the fields of records above the columns of their sheets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from domain.kernel.aggregate import Aggregate

CHINESE = {
    "code": "编码",
    "currency": "币种",
    "customer_id": "客户",
    "description": "描述",
    "effective": "生效日期",
    "employee": "员工",
    "ends_on": "结束日期",
    "kind": "类型",
    "level": "级别",
    "lines": "产品明细",
    "manager": "客户经理",
    "masked": "屏蔽字段",
    "name": "名称",
    "reach": "覆盖范围",
    "reason": "原因",
    "role": "角色",
    "starts": "起始日期",
    "starts_on": "开始日期",
    "title": "标题",
    "unit": "单位",
    "until": "截止日期",
}
"""The titles in Chinese of fields that several kinds of record have; one's own are its `titles`."""

ENGLISH = {
    "customer_id": "customer",
    "parent_id": "head office",
    "survivor_id": "survivor",
    "duplicate_id": "duplicate",
    "employees": "number of employees",
}
"""The title of a field in English where its name in words does not say it."""


def titled(aggregate: type[Aggregate], field: str, columns: Iterable[str]) -> list[str]:
    """Return the columns that are named as a field of a kind, or have a title of it."""
    wanted = {_compared(title) for title in titles(aggregate, field)}
    return [column for column in columns if _compared(column) in wanted]


def titles(aggregate: type[Aggregate], field: str) -> list[str]:
    """Return the name of a field of a kind, and the titles that it has in Chinese and English."""
    told = aggregate.titles.get(field) or CHINESE.get(field), ENGLISH.get(field)
    return [field, *(each for each in told if each is not None)]


def _compared(title: str) -> str:
    return re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", title)).casefold()
