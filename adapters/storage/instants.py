"""Instants: microseconds since 1970, as they are stored, and the moments that they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(time_us: int) -> datetime:
    """Return microseconds since 1970 UTC as a datetime."""
    return EPOCH + timedelta(0, 0, time_us)  # by place, which takes half the time
