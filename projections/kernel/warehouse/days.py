"""Days in SQL: the business day of a moment, counted as `domain/kernel/time` counts it."""

from __future__ import annotations

from domain.kernel.time.business_day import EVER, counted_in
from projections.kernel.warehouse.facts import literal


def business_day(moment: str, recorded: str) -> str:
    """Return the SQL of the day of a moment that was stated in what was recorded at another."""
    return f"store.business_day({moment}, {recorded})"


def business_day_statement() -> str:
    """Return the SQL that lets `business_day` be asked for."""
    zone, since = counted_in()
    named = literal(zone)
    if since > EVER:
        early = f"recorded < TIMESTAMPTZ {literal(since.isoformat())}"
        named = f"CASE WHEN {early} THEN 'UTC' ELSE {named} END"
    day = f"CAST(timezone({named}, moment) AS DATE)"
    return f"CREATE OR REPLACE MACRO store.business_day(moment, recorded) AS {day}"
