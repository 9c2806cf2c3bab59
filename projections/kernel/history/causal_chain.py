"""Chains: which events one request led to across records, from the first cause to the last effect.

An event that a policy answered is known exactly: its position is part of the ids of the commands
that the policy gives. Other causes are known by the id of the causing command.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from duckdb import DuckDBPyConnection

from domain.kernel.actors import ActorKind


class Link(NamedTuple):
    """An event in a chain: where it stands, whose it is, and the command that caused its own."""

    position: int
    stream: str
    type: str
    actor: str
    actor_kind: ActorKind
    command_id: str
    cause: str | None

    @property
    def command(self) -> tuple[ActorKind, str, str]:
        """The command that the event is of: its id is one of those of whoever gave it."""
        return (self.actor_kind, self.actor, self.command_id)

    @property
    def causing(self) -> int | None:
        """The position of the event that a policy answered with this one."""
        return causing(self.actor_kind, self.command_id)


def causing(kind: ActorKind, command_id: str) -> int | None:
    """Return the position of the event that a policy answered with a command, if it was one.

    `kind` is that of whoever gave the command: in the ids of others anything may stand.
    """
    _, _, rest = command_id.partition("/")
    place = rest.partition("/")[0]
    return int(place) if kind == "policy" and place.isdecimal() else None


def chain(cursor: DuckDBPyConnection, command_id: str, upto: int) -> dict[int, Link]:
    """Return the events of the chain that a command is part of, by position, up to a position.

    Where several requests had this id, made by several actors, it is the chains of all of them.
    """
    known = _Known(cursor, upto)
    frontier = known.find("command_id IN (SELECT unnest($ids))", ids=[command_id])
    tops: dict[int, Link] = {}
    while frontier:
        causes = known.causes(frontier)
        tops |= {each.position: each for each in frontier if not known.caused(each)}
        frontier = causes
    whole = known.of_commands(tops.values())
    while frontier := known.effects(whole):
        whole |= {each.position: each for each in frontier}
    return dict(sorted(whole.items()))


class _Known:
    """The envelopes of all events, with what was found of them so far."""

    def __init__(self, cursor: DuckDBPyConnection, upto: int) -> None:
        self._cursor = cursor
        self._upto = upto
        self._climbed: dict[int, Link] = {}
        self._asked: set[str] = set()

    def find(self, condition: str, **values: Any) -> list[Link]:
        columns = "position, stream, type, actor, actor_kind, command_id, caused_by"
        query = f"SELECT {columns} FROM events WHERE position <= $upto AND {condition}"
        found = self._cursor.execute(query, {"upto": self._upto, **values}).fetchall()
        return sorted(Link(*row) for row in found)

    def causes(self, links: Collection[Link]) -> list[Link]:
        """Return the events that caused some, those not met before."""
        self._climbed |= {each.position: each for each in links}
        places = {each.causing for each in links} - {None}
        ids = {each.cause for each in links if each.causing is None} - {None}
        found = self.find(
            "(position IN (SELECT unnest($places::BIGINT[])) "
            "OR command_id IN (SELECT unnest($ids::VARCHAR[])))",
            places=sorted(places),
            ids=sorted(ids),
        )
        new = [each for each in found if each.position not in self._climbed]
        self._climbed |= {each.position: each for each in new}
        return new

    def caused(self, link: Link) -> bool:
        """Tell whether the cause of an event, looked for before, was found."""
        if link.cause is None:
            return False
        if link.causing is not None:
            return link.causing in self._climbed
        return any(each.command_id == link.cause for each in self._climbed.values())

    def of_commands(self, links: Iterable[Link]) -> dict[int, Link]:
        """Return all events of the commands that some events are of."""
        commands = {each.command for each in links}
        ids = sorted({id_ for *_, id_ in commands})
        found = self.find("command_id IN (SELECT unnest($ids::VARCHAR[]))", ids=ids)
        return {each.position: each for each in found if each.command in commands}

    def effects(self, whole: Mapping[int, Link]) -> list[Link]:
        """Return the events that the commands of some caused, those not among them."""
        ids = {each.command_id for each in whole.values()} - self._asked
        self._asked |= ids
        if not ids:
            return []
        found = self.find(
            "position > $since AND caused_by IN (SELECT unnest($ids::VARCHAR[]))",
            since=min(whole),
            ids=sorted(ids),
        )
        return [
            each
            for each in found
            if each.position not in whole and (each.causing is None or each.causing in whole)
        ]


def parents(whole: Mapping[int, Link], seen: Collection[int]) -> dict[int, int | None]:
    """Return the nearest event in sight that led to each one in sight; `None` for the first."""
    last: dict[str, int] = {}
    above: dict[int, int | None] = {}
    for position, link in whole.items():  # a cause comes before its effects
        cause = link.causing if link.causing is not None else last.get(link.cause or "")
        above[position] = cause if cause in above else None
        last[link.command_id] = position
    found: dict[int, int | None] = {}
    for position in seen:
        cause = above[position]
        while cause is not None and cause not in seen:
            cause = above[cause]
        found[position] = cause
    return found


def with_causes(positions: Iterable[int], above: Mapping[int, int | None]) -> set[int]:
    """Return some events and all that led to them."""
    found: set[int] = set()
    for each in positions:
        position: int | None = each
        while position is not None and position not in found:
            found.add(position)
            position = above[position]
    return found


def forest(
    told: Mapping[int, Mapping[str, Any]],
    whole: Mapping[int, Link],
    above: Mapping[int, int | None],
) -> list[dict[str, Any]]:
    """Return what is told of events as trees: commands, their events, and the effects of each."""
    below: dict[int | None, list[int]] = {}
    for position in sorted(told):
        below.setdefault(above[position], []).append(position)

    def commands(cause: int | None) -> Iterator[dict[str, Any]]:
        groups: dict[tuple[ActorKind, str, str], list[int]] = {}
        for position in below.get(cause, ()):
            groups.setdefault(whole[position].command, []).append(position)
        for (kind, actor, command_id), group in groups.items():
            told_of = [{**told[each], "effects": list(commands(each))} for each in group]
            who = {"actor": actor, "actor_kind": kind}
            yield {"command_id": command_id, **who, "events": told_of}

    return list(commands(None))
