"""Units: the tree of the organisation, from the group down to departments and teams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    applies,
    begins,
    command,
    starts,
)
from domain.kernel.types.authority import Level, Seat
from domain.kernel.types.values import UNIT_CODE, Line, Lineage, PlainUnitCode, UnitCode


class UnitLevel(StrEnum):
    """How high a unit stands."""

    GROUP = "group"
    PROVINCE = "province"
    NETWORK = "network"
    TEAM = "team"


class State(StrEnum):
    """Whether a unit is at work, and how it ended."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


BELOW = {UnitLevel.PROVINCE: UnitLevel.GROUP, UnitLevel.NETWORK: UnitLevel.PROVINCE}
"""The level right above a level; a team is below any."""


class UnitCodeTaken(RuleViolation):
    """The code of a unit is given once, also when the unit has ended."""


class RootTaken(RuleViolation):
    """There is one group, above all other units."""


class RootRequired(RuleViolation):
    """The group is not merged or closed: it is above all other units."""


class LevelMisfit(RuleViolation):
    """A group is below nothing, a province below the group, a network below a province."""


class UnitCycle(RuleViolation):
    """A unit is not placed under, or succeeded by, itself or a unit below it."""


class UnitClosed(RuleViolation):
    """A unit that was merged or closed is not changed any more."""


AboveParent = Annotated[
    Sequence[str], Lineage("unit", "parent", "leads_to", claim=UNIT_CODE, take="code")
]
LevelsAbove = Annotated[
    Sequence[str], Lineage("unit", "parent", "leads_to", claim=UNIT_CODE, take="level")
]
AboveInto = Annotated[
    Sequence[str], Lineage("unit", "into", "leads_to", claim=UNIT_CODE, take="code")
]
AboveSuccessor = Annotated[
    Sequence[str], Lineage("unit", "successor", "leads_to", claim=UNIT_CODE, take="code")
]


class Unit(Aggregate):
    """A part of the organisation, below another one."""

    titles = {"english_name": "英文名称", "parent": "上级单位"}
    state = begins(State.OPEN, ends=(State.MERGED, State.CLOSED), ended=UnitClosed)
    successor: str | None = starts(lambda: None)
    code: str
    name: str
    english_name: str | None
    level: UnitLevel
    parent: str | None

    class Opened(Aggregate.Created, changes=("code", "name", "english_name", "level", "parent")):
        """{who} opened the unit "{name}" ({code})[ below {parent}]."""

        code: str
        name: str
        english_name: str | None
        level: UnitLevel
        parent: str | None
        on: date | None = None

    class Renamed(Aggregate.Event, changes=("name", "english_name")):
        """{who} renamed the unit[ from "{was.name}"] to "{name}"."""

        name: str
        english_name: str | None
        on: date | None = None

    class Moved(Aggregate.Event, changes="parent"):
        """{who} moved the unit[ from {was.parent}] below {parent}, because "{reason}"."""

        parent: str
        reason: str
        on: date | None = None

    class Merged(Aggregate.Event, to=State.MERGED):
        """{who} merged the unit into {into}, because "{reason}"."""

        into: str
        reason: str
        on: date | None = None

    class Closed(Aggregate.Event, to=State.CLOSED, changes="successor"):
        """{who} closed the unit, which {successor} succeeds, because "{reason}"."""

        successor: str
        reason: str
        on: date | None = None

    @classmethod
    @command
    def open(
        cls,
        code: PlainUnitCode,
        name: Line,
        level: UnitLevel,
        levels: LevelsAbove,
        parent: UnitCode | None = None,
        english_name: Line | None = None,
    ) -> Unit:
        """Open a unit below another one; the group is below none."""
        if not _fits(level, levels if parent else ()):
            raise LevelMisfit("level")
        return cls._create(
            cls.Opened,
            code=code,
            name=name,
            english_name=english_name,
            level=level,
            parent=parent,
        )

    @property
    def claims(self) -> Mapping[type[RuleViolation], str]:
        """The code of the unit, for ever; and for the group, to be the only one."""
        code: Mapping[type[RuleViolation], str] = {UnitCodeTaken: self.code}
        return {**code, RootTaken: "root"} if self.level is UnitLevel.GROUP else code

    @property
    def units(self) -> frozenset[str]:
        """Where the unit belongs: to the one above it, which decides about it."""
        return frozenset({self.parent or self.code})

    @property
    def leads_to(self) -> str | None:
        """What is above the unit: its successor once it has ended."""
        return self.parent if self.successor is None else self.successor

    @property
    def course(self) -> object:
        """What is above the unit, until it ends."""
        return (self.state, self.parent)

    @property
    def seat(self) -> Seat | None:
        """Where it stands among those who approve: a team does not, nor what has ended."""
        if self.retired or self.level is UnitLevel.TEAM:
            return None
        return Seat(Level(self.level), self.code)

    def _require_end(self, field: str, above: Sequence[str]) -> None:
        if self.level is UnitLevel.GROUP:
            raise RootRequired
        if self.code in above:
            raise UnitCycle(field)

    @command
    def rename(self, name: Line, english_name: Line | None = None) -> None:
        """Give the unit another name; an English name that is not given stays."""
        english_name = english_name or self.english_name
        if (name, english_name) == (self.name, self.english_name):
            raise NothingChanged("name")
        self.trigger_event(self.Renamed, name=name, english_name=english_name)

    @command
    def move(self, parent: UnitCode, reason: Line, above: AboveParent, levels: LevelsAbove) -> None:
        """Move the unit, with all that is below it, under another one."""
        if parent == self.parent:
            raise NothingChanged("parent")
        if self.code in above:
            raise UnitCycle("parent")
        if not _fits(self.level, levels):
            raise LevelMisfit("parent")
        self.trigger_event(self.Moved, parent=parent, reason=reason)

    @command
    def merge(self, into: UnitCode, reason: Line, above: AboveInto) -> None:
        """Merge the unit into another one, which takes over all that belonged to it."""
        self._require_end("into", above)
        self.trigger_event(self.Merged, into=into, reason=reason)

    @applies(Merged)
    def _merged(self, into: str) -> None:
        self.successor = into

    @command
    def close(
        self,
        reason: Line,
        above: AboveSuccessor,
        successor: UnitCode | None = None,
    ) -> None:
        """Close the unit; its successor, else the unit above it, takes over what belonged to it."""
        self._require_end("successor", above)
        self.trigger_event(self.Closed, successor=successor or self.parent, reason=reason)


def _fits(level: UnitLevel, levels: Sequence[str]) -> bool:
    """Return whether a level fits below the first of `levels`, below nothing if there is none."""
    above = levels[0] if levels else None
    return above is not None if level is UnitLevel.TEAM else above == BELOW.get(level)
