"""Seeing: what whoever asks may see, for every way out; and what they are told when they may not.

Every read asks here first, names its permission, and puts the sight that it gets into its query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import reduce
from typing import Annotated, ParamSpec, TypeVar

import sqlalchemy as sa
from fastapi import Depends, Request

from adapters.refusals import NotPermitted
from api.kernel.access.authentication import ADMINISTRATOR, Principal
from api.kernel.process import Parts
from api.kernel.reading.as_of_reads import units_then
from api.kernel.reading.read_parameters import parts_of
from domain.kernel.aggregate import Recorded, discover
from domain.kernel.chinese import Language
from projections.kernel.listed import Listed
from projections.kernel.read_model import models_by_kind
from projections.kernel.summary import Summary
from projections.kernel.visibility.row_security import visible
from projections.kernel.visibility.summed_sight import seen_of
from projections.kernel.visibility.unit_tree import Organisation
from projections.kernel.visibility.visibility import Sight, Sights, View
from projections.permissions.access_control import Access

P = ParamSpec("P")
T = TypeVar("T")


class Seeing:
    """What one party sees, by what held when its request came in."""

    def __init__(self, parts: Parts, who: Principal, language: Language = "en") -> None:
        """See as somebody, whom the entrance has just looked up, and be told in a language."""
        self.language: Language = language
        self._parts = parts
        self._who, self._party = who, who.party
        self.access: Access = parts.guard.upto(0)
        """Who may do what."""

    async def ask(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what takes long to find, in turn with others. Raises `TooManyQuestions`."""
        return await self._parts.questions.ask(self._who, work, *args, **kwargs)

    async def go_on(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the next piece of an answer without end, in turn with others."""
        return await self._parts.streams.ask(self._who, work, *args, **kwargs)

    def again(self) -> None:
        """See by what holds now; for what goes on after the request has come in."""
        self.access = self._parts.guard.now()

    def sight(self, permission: str) -> Sight:
        """Return what is seen under a permission, which may be nothing."""
        if self._party is None:
            return Sight()
        return self.access.sight(self._party, permission, datetime.now(UTC))

    @property
    def me(self) -> str | None:
        """The employee who asks, or on whose behalf it is asked; keys are none."""
        if self._party is None or self._who == ADMINISTRATOR:
            return None
        return self._party.on_behalf_of or self._party.employee

    @property
    def everything(self) -> bool:
        """Whether whoever asks sees every record of every kind, unmasked."""
        return all(self.sight(f"{kind}.read").everything for kind in discover().aggregates)

    @property
    def anything(self) -> bool:
        """Whether whoever asks sees records of any kind at all."""
        return any(self.sight(f"{kind}.read") for kind in discover().aggregates)

    def need(self, permission: str) -> Sight:
        """Return what is seen under a permission. Raises `NotPermitted` for one had nowhere."""
        sight = self.sight(permission)
        if not sight:
            raise NotPermitted(f"You have the permission {permission} nowhere.")
        return sight

    def of(self, listed: Listed, *more: str) -> Sight | Sights:
        """Return what is seen of a list: what may be seen of each kind that its rows tell of.

        `more` are permissions that it takes besides.
        """
        sights = {
            kind: reduce(both, [self.sight(each) for each in (f"{kind}.read", *more)])
            for kind in listed.kinds
        }
        if isinstance(listed, Summary):
            return seen_of(listed, sights)
        return sights[listed.aggregate]

    def need_of(self, listed: Listed, *more: str) -> Sight | Sights:
        """Return what is seen of a list. Raises `NotPermitted` for what is seen nowhere."""
        for each in (*(f"{kind}.read" for kind in listed.kinds), *more):
            self.need(each)
        return self.of(listed, *more)

    def under(
        self, unit: str, position: int | None = None, valid_at: date | None = None
    ) -> frozenset[str] | None:
        """Return a unit and all below it; `None` for the unit above all others.

        They are those of now, or as known at a position, or as they were on a day.
        """
        organisation = self._organisation(position, valid_at)
        return None if unit == organisation.root else organisation.under(unit)

    def over(
        self, unit: str, position: int | None = None, valid_at: date | None = None
    ) -> tuple[str, ...]:
        """Return a unit and all above it, nearest first, of the units that `under` goes by."""
        return tuple(self._organisation(position, valid_at).path(unit))

    def _organisation(self, position: int | None, valid_at: date | None) -> Organisation:
        if position is None and valid_at is None:
            return self.access.organisation
        return units_then(self._parts, position, valid_at)[1]

    def events(self, found: Iterable[Recorded]) -> list[Seen]:
        """Return those of some events whose record is in sight as it is now, opened."""
        found = list(found)
        by_kind: dict[str, set[str]] = {}
        for event in found:
            by_kind.setdefault(event.aggregate, set()).add(event.stream)
        hidden: dict[str, frozenset[str]] = {}
        with self._parts.rows.connect() as connection:
            for kind, streams in by_kind.items():
                hidden |= self.records(connection, kind, streams, self.sight(f"{kind}.read"))
        seen = self._parts.opening.events(each for each in found if each.stream in hidden)
        return [(each, hidden[each.stream]) for each in seen]

    def records(
        self, connection: sa.Connection, kind: str, ids: Iterable[str], sight: Sight
    ) -> dict[str, frozenset[str]]:
        """Return those of some records of a kind that are in sight, with what is masked in each."""
        if sight.everything:
            return dict.fromkeys(ids, frozenset())
        model = models_by_kind().get(kind)
        if model is None or not sight:
            return {}
        return visible(connection, model, ids, sight)


def both(one: Sight, other: Sight) -> Sight:
    """Return what is in sight under two permissions at once, less rather than more."""

    def common(some: frozenset[str] | None, more: frozenset[str] | None) -> frozenset[str] | None:
        if some is None or more is None:
            return more if some is None else some
        return some & more

    # What a view of both sights shows is not shown more narrowly by it and another one.
    alike = [view for view in one.views if view in other.views]
    return Sight(
        (
            *alike,
            *(
                View(
                    a.grant,
                    common(a.units, b.units),
                    common(a.owners, b.owners),
                    a.masked | b.masked,
                )
                for a in one.views
                for b in other.views
                if a not in alike and b not in alike
            ),
        )
    )


Seen = tuple[Recorded, frozenset[str]]
"""An event, and the classes of what is masked in it."""


def seeing(request: Request) -> Seeing:
    """Return what whoever sent a request sees."""
    asked = request.headers.get("accept-language", "").strip().lower()
    language: Language = "zh" if asked.startswith("zh") else "en"
    return Seeing(parts_of(request), request.state.who, language)


See = Annotated[Seeing, Depends(seeing)]
