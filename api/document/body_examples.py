"""Examples: a body of every command, of the types of its fields and the names of the demo data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.document.command_operations import body_of
from api.document.common_parts import ID
from domain.kernel.commands import commands

Schema = Mapping[str, Any]

_OF_KINDS = {
    "unit": "gd-gz",
    "employee": "haoran.guo",
    "role": "account-manager",
    "working-calendar": "cn-office",
}
"""What the demo data has, by kind; other records are named by ids."""

_OF_FIELDS: Mapping[str, Any] = {
    "name": "广州启明银行",
    "short_name": "启明银行",
    "english_name": "Guangzhou East",
    "title": "Leased lines for 20 branches",
    "reason": "As agreed with the customer",
    "code": "gd-gz-east",
    "number": "HT-2026-0815",
    "manager": "haoran.guo",
    "employee": "haoran.guo",
}
"""Texts by the fields that have them."""

_NAMES = {
    "api-key": "erp",
    "campaign": "Leased lines for factories",
    "employee": "李新",
    "product": "千兆互联网专线",
    "role": "Key account lead",
    "team": "Banks of Guangzhou",
    "unit": "广州东区",
    "working-calendar": "Shifts of the network centre",
}
"""What records are called, by kind; others as customers are."""

_OF_FORMATS = {
    "date": "2026-11-30",
    "date-time": "2026-11-30T09:00:00+08:00",
    "uuid": ID["examples"][0],
    "decimal": "125000.00",
}

_PART = {
    "kind": "recurring",
    "tiers": [{"from": 1, "price": "12000.00"}, {"from": 5, "percent_off": "10"}],
}

_MORE: Mapping[str, Mapping[str, Any]] = {
    "campaign.plan": {"ends_on": "2027-02-28"},
    "contract.draft": {"starts_on": "2026-12-01", "ends_on": "2027-11-30"},
    "contract.draft-amendment": {"from": "2026-12-01", "clauses": "Two more sites"},
    "contract.renew": {"ends_on": "2030-11-30"},
    "contract.give-notice": {"for_day": "2027-11-30"},
    "contract.terminate": {"last_day": "2027-06-30"},
    "customer.add-contact": {"name": "李伟", "phone": "+86 20 8888 1234"},
    "customer.correct-contact": {"title": "Head of IT"},
    "delegation.give": {"deputy": "jing.feng", "until": "2026-12-14T18:00:00+08:00"},
    "employee.engage": {"code": "new.hand"},
    "employee.record-certificate": {"name": "PMP"},
    "employee.move": {"unit": "gd-sz"},
    "handover.begin": {"successors": [{"employee": "jing.feng"}]},
    "opportunity.advance": {"stage": "negotiation"},
    "opportunity.correct-win": {"amount": "118000.00"},
    "price-plan.draft": {"valid_from": "2026-12-01", "parts": [_PART]},
    "price-plan.draft-version": {"valid_from": "2027-06-01", "parts": [_PART]},
    "price-plan.revise-draft": {"valid_from": "2027-07-01"},
    "price-plan.take-over": {"approved_on": "2026-11-01"},
    "role.define": {"code": "key-account-lead"},
    "unit.open": {"level": "team", "parent": "gd-gz"},
    "unit.move": {"parent": "gd"},
    "working-calendar.amend-day": {"off": True},
    "working-calendar.announce-year": {"year": 2027},
}
"""What bodies need beside or instead, by command."""

_BY_ITSELF = frozenset({"effective", "at", "on"})
"""Fields that say when: without them it is now."""


def add_examples(schemas: dict[str, Any]) -> None:
    """Give the schema of each command's body an example, in place."""
    for name, command in commands().items():
        schema = schemas[body_of(command)]
        named = {p: _OF_KINDS[r.kind] for p, r in command.references.items() if r.kind in _OF_KINDS}
        free = [each for each in schema.get("properties", ()) if each not in _BY_ITSELF]
        if command.aggregate.kind in _NAMES:
            named["name"] = _NAMES[command.aggregate.kind]
        needed = schema.get("required") or free[:1]
        made = {
            field: _value(schema["properties"][field], field, schemas, named)
            for field in needed
            if field not in _MORE.get(name, ())
        }
        schema["examples"] = [made | dict(_MORE.get(name, {}))]


def _value(schema: Schema, name: str, schemas: Schema, named: Mapping[str, Any]) -> Any:
    """Return a value of a schema for a field."""
    if "$ref" in schema:
        return _value(schemas[schema["$ref"].rpartition("/")[2]], name, schemas, named)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            some = [each for each in schema[choice] if each != {"type": "null"}]
            return _value(some[0], name, schemas, named)
    types = schema.get("type")
    type_ = next(each for each in types if each != "null") if isinstance(types, list) else types
    if type_ == "array":
        return [_value(schema["items"], name, schemas, named)]
    if type_ == "object":
        inner = schema.get("properties", {})
        return {
            each: _value(inner[each], each, schemas, named) for each in schema.get("required", ())
        }
    for known in (named, _OF_FIELDS):
        if type_ == "string" and "enum" not in schema and name in known:
            return known[name]
    if found := schema.get("examples") or schema.get("enum"):
        return found[0]
    if type_ == "integer":
        return max(1, schema.get("minimum", 1))
    if type_ == "boolean":
        return True
    if "pattern" in schema and "format" not in schema:
        return "item-1"
    return _OF_FORMATS.get(schema.get("format", ""), "As they asked")
