"""The crowd: who is connected. Strangers, whom nobody has recognised yet, make way."""

from __future__ import annotations

from collections import Counter
from typing import Protocol


class Member(Protocol):
    """A connection."""

    def make_way(self) -> None:
        """End, for somebody else."""


class Crowd:
    """All connections of a server, at most so many, and at most so many strangers among them.

    A newcomer is a stranger. Where there is no room the stranger who has been here longest makes
    way: whoever has credentials shows them at once, so those who wait are those who have none.
    """

    def __init__(self, connections: int, strangers: int, shared: bool) -> None:
        """Have room for so many; if it is `shared` an address gets half of each at most."""
        self._connections = connections
        self._most = strangers
        self._part = 2 if shared else 1
        self._from: dict[Member, str] = {}
        self._strangers: dict[Member, None] = {}
        self._strangers_of: dict[str, dict[Member, None]] = {}
        self._count: Counter[str] = Counter()

    def enter(self, member: Member, address: str) -> bool:
        """Let a newcomer in; tells whether there was room, or room was made."""
        own = self._strangers_of.get(address, {})
        if len(own) * self._part >= self._most or self._full_of(address):
            self._dismiss(own)
        if len(self._strangers) >= self._most or self._full:
            self._dismiss(self._strangers)
        if self._full or self._full_of(address):
            return False
        self._from[member] = address
        self._count[address] += 1
        self._strangers[member] = None
        self._strangers_of.setdefault(address, {})[member] = None
        return True

    def recognise(self, member: Member) -> None:
        """Count a connection no longer among the strangers."""
        if member in self._strangers:
            del self._strangers[member]
            address = self._from[member]
            del self._strangers_of[address][member]
            if not self._strangers_of[address]:
                del self._strangers_of[address]

    def leave(self, member: Member) -> None:
        """Count a connection no longer."""
        self.recognise(member)
        address = self._from.pop(member, None)
        if address is not None:
            self._count[address] -= 1
            if not self._count[address]:
                del self._count[address]

    @property
    def _full(self) -> bool:
        return len(self._from) >= self._connections

    def _full_of(self, address: str) -> bool:
        return self._count[address] * self._part >= self._connections

    def _dismiss(self, strangers: dict[Member, None]) -> None:
        """Let go of the one who has been here longest, if there is one."""
        for longest in strangers:
            self.leave(longest)
            longest.make_way()
            return
