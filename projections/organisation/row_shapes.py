"""Row shapes: what the columns of the organisation have that hold lists and objects."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict


class MovedRecord(TypedDict):
    """A record that went to somebody, or stayed."""

    kind: str
    id: str
    employee: NotRequired[str | None]
