"""Told: how much the answer to a read said, up to where, of which records; for the log."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar

FEW = 20
"""Records whose ids are noted; of more only their number is."""


class Told:
    """What one answer told, as far as it is known before it leaves.

    `position` is how far what it told had come, `rows` how many lines or records it had, `ids` of
    which records they were, all of them, when they were few.
    """

    __slots__ = ("ids", "position", "rows")

    def __init__(
        self,
        position: int | None = None,
        rows: int | None = None,
        ids: Iterable[str] | None = None,
    ) -> None:
        """Know this much."""
        self.position = position
        self.rows = rows
        self.ids = None if ids is None else _few(ids)


def _few(ids: Iterable[str]) -> str | None:
    found = dict.fromkeys(ids)
    return " ".join(found) if len(found) <= FEW else None


_told: ContextVar[Told | None] = ContextVar("told", default=None)


def listen() -> Told:
    """Return what will be known of the answer that is made from here on, in threads, too."""
    told = Told()
    _told.set(told)
    return told


def tell(
    position: int | None = None, rows: int | None = None, ids: Iterable[str] | None = None
) -> None:
    """Say what the answer that is being made tells. What is left out stays as it was said."""
    told = _told.get()
    if told is None:
        return
    if position is not None:
        told.position = position
    if rows is not None:
        told.rows = rows
    if ids is not None:
        told.ids = _few(ids)
