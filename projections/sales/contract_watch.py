"""What the row of a contract says of its terms, of its payments, and of what is to come."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from domain.sales.contract_clock import Renewal, Watch
from domain.sales.contract_course import Status
from domain.sales.contract_terms import Terms
from projections.kernel.columns import json_text
from projections.kernel.read_model import Row


def terms_of(row: Row) -> Terms:
    """Return the terms of a contract, as its row has them."""
    told = {name: row[name] for name in ("starts_on", "ends_on", "lines", "suspensions")}
    return Terms.model_validate_json(json_text({**told, "cut": row["cut_on"]}))


def watch_of(row: Row) -> Watch:
    """Return what has to be known of a contract to say what is to come, as its row has it."""
    return Watch(
        status=Status(row["status"]),
        terms=terms_of(row),
        renewal=Renewal(row["renewal"]),
        notice_days=row["notice_days"],
        told_since=row["told_since"],
        reminded={of: date.fromisoformat(each) for of, each in row["reminded"].items()},
        unpaid={each["id"]: date.fromisoformat(each["due_on"]) for each in unpaid(row, False)},
    )


def unpaid(row: Row, fell_due: bool) -> list[Row]:
    """Return the payments that were not made in whole; those that fell due only if asked for."""
    return [
        each
        for each in row["payments"]
        if Decimal(each["paid"]) < Decimal(each["amount"]) and (fell_due or not each["fell_due"])
    ]
