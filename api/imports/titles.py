"""Titles: what people call the fields of records above the columns of their sheets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

CHINESE = {
    "amount": "金额",
    "annual_revenue": "年收入",
    "at": "时间",
    "budget": "预算",
    "category": "客户类别",
    "channel": "受理渠道",
    "checksum": "校验和",
    "clauses": "条款",
    "code": "编码",
    "contact": "联系人",
    "currency": "币种",
    "customer_id": "客户",
    "deputy": "代理人",
    "description": "描述",
    "duplicate_id": "重复客户",
    "effective": "生效日期",
    "email": "邮箱",
    "employee": "员工",
    "employees": "员工人数",
    "ends_on": "结束日期",
    "english_name": "英文名称",
    "expected_close": "预计成交日期",
    "founded": "成立年份",
    "goal": "目标",
    "grade": "客户等级",
    "industry": "行业",
    "it_budget": "IT预算",
    "kind": "类型",
    "level": "级别",
    "lines": "产品明细",
    "manager": "客户经理",
    "masked": "屏蔽字段",
    "name": "名称",
    "notice_days": "通知天数",
    "number": "合同编号",
    "opened_on": "开始日期",
    "opportunity_id": "商机",
    "parent": "上级单位",
    "parent_id": "上级客户",
    "payment_days": "付款天数",
    "permissions": "权限",
    "phone": "电话",
    "post": "岗位",
    "principal": "被代理人",
    "probability": "成功率",
    "purpose": "用途",
    "quote_id": "报价单",
    "quote_version": "报价版本",
    "reach": "覆盖范围",
    "reason": "原因",
    "region": "地区",
    "registered_on": "登记日期",
    "registration_number": "统一社会信用代码",
    "renewal": "续约方式",
    "renewal_months": "续约月数",
    "replaces_id": "替代合同",
    "role": "角色",
    "severity": "严重程度",
    "short_name": "简称",
    "source": "来源",
    "starts": "起始日期",
    "starts_on": "开始日期",
    "successors": "接任者",
    "survivor_id": "保留客户",
    "take": "采用字段",
    "title": "标题",
    "unit": "单位",
    "units": "参与单位",
    "until": "截止日期",
    "website": "网站",
    "week": "每周工作时间",
    "zone": "时区",
}
"""The title of a field in Chinese; in English it is its name in words."""

ENGLISH = {
    "customer_id": "customer",
    "parent_id": "head office",
    "survivor_id": "survivor",
    "duplicate_id": "duplicate",
    "employees": "number of employees",
}
"""The title of a field in English where its name in words does not say it."""


def titled(field: str, columns: Iterable[str]) -> list[str]:
    """Return the columns that are named as a field, or have its title in either language."""
    wanted = {_compared(title) for title in _titles(field)}
    return [column for column in columns if _compared(column) in wanted]


def _titles(field: str) -> Iterator[str]:
    yield field
    for titles in (CHINESE, ENGLISH):
        if field in titles:
            yield titles[field]


def _compared(title: str) -> str:
    return re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", title)).casefold()
