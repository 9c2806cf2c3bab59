"""Merging: a customer that turned out to be another one goes into it, and comes out again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from domain.account_team import AccountTeam, TeamRole
from domain.contact import ContactDetails, Contacts
from domain.correction import corrected
from domain.estate import (
    NUMBER,
    PARENT,
    Absorption,
    Bought,
    Choice,
    Chosen,
    Difference,
    Estate,
    Return,
    changes,
    told,
)
from domain.kernel import Aggregate, RecordMerged, RuleViolation, applies, command
from domain.profile import Profile
from domain.standing import State
from domain.values import Id, Line, Lineage

Left = Annotated[Sequence[Any], Lineage("customer", "duplicate_id", None, take="estate")]
AboveDuplicate = Annotated[Sequence[str], Lineage("customer", "duplicate_id", "parent_id")]
Returned = Annotated[Sequence[Any], Lineage("customer", "survivor_id", None, take="returns")]
AboveBefore = Annotated[Sequence[str], Lineage("customer", "parent_before", "parent_id")]
Gone = Annotated[Sequence[Any], Lineage("customer", "parent_before", None, take="merged_into")]


class IntoOneCustomer(RuleViolation):
    """A customer goes into one other customer, once."""


class AbsorbedOnce(RuleViolation):
    """A merge reaches the customer that stays once, and is undone there once."""


class Merging(Profile, AccountTeam, Contacts):
    """How a customer goes into another one, or takes one in."""

    class MergedInto(Aggregate.Event):
        """{who} merged the customer into {survivor_id}, because "{reason}"."""

        merge_id: str
        survivor_id: str
        reason: str

    class Separated(Aggregate.Event):
        """{who} undid the merge into {survivor_id}, because "{reason}"; it is {state} again."""

        merge_id: str
        survivor_id: str
        state: State
        reason: str
        contacts: dict[str, ContactDetails] | None
        cleared: tuple[str, ...] = ()

    class Absorbed(Chosen, Aggregate.Event):
        """{who} merged {duplicate_id} into the customer, because "{reason}"."""

        merge_id: str
        duplicate_id: str
        reason: str
        cleared: tuple[str, ...]
        contacts: dict[str, ContactDetails] | None
        purchases: list[Bought]
        team: dict[str, TeamRole]
        offered: list[tuple[str, ...]]

        def apply(self, aggregate: Any) -> None:
            """Take the duplicate in."""
            aggregate.take_in(self)

    class GaveBack(Chosen, Aggregate.Event):
        """{who} undid the merge of {duplicate_id} into the customer, because "{reason}"."""

        merge_id: str
        duplicate_id: str
        reason: str
        cleared: tuple[str, ...]
        contacts: list[str]
        purchases: list[tuple[str, str]]
        team: list[str]
        kept: list[Difference]

        def apply(self, aggregate: Any) -> None:
            """Give back what came by the merge."""
            aggregate.let_go(self)

    unit: str
    parent_id: str | None
    merge_id: str | None
    left: dict[str, dict[str, Any]]
    absorbed: dict[str, Absorption]
    returns: dict[str, Return]

    def alone(self) -> None:
        """Begin as a customer that has nothing to do with any merge."""
        self.merged_into = self.merge_id = None
        self.before_merge = State.POTENTIAL
        self.left = {}
        self.absorbed = {}
        self.returns = {}

    @property
    def fields(self) -> dict[str, Any]:
        """The values that a merge may take or replace, by name."""
        return {each.value: self._value(each.value) for each in Choice}

    @property
    def estate(self) -> Estate:
        """What the customer leaves to the one that it is merged into."""
        return Estate(self.fields, self.left, self.purchases, self.team)

    @property
    def parent_before(self) -> str | None:
        """The head office in whose place the last merge that chose one has put another."""
        chosen = [each for each in self.absorbed.values() if PARENT in each.taken]
        return chosen[-1].before[PARENT] if chosen else None

    def closing(self, field: str) -> RuleViolation:
        """Return why the customer is not named in a new record."""
        if self.merged_into is not None:
            return RecordMerged(field, self.merged_into)
        return super().closing(field)  # type: ignore[misc,no-any-return]

    def _value(self, name: str) -> Any:
        return self.details[name] if name in self.details else getattr(self, name)

    def _choose(self, fact: Any) -> None:
        self.details = corrected(self.details, vars(fact), fact.cleared)
        for name in Chosen.among(vars(fact)).keys() - self.details.keys():
            given = getattr(fact, name)
            if given is not None or name in fact.cleared:
                setattr(self, name, given)

    @command(system=True)
    def merge_into(self, survivor_id: Id, merge_id: Id, reason: Line) -> None:
        """Let the customer go into another one, open or not."""
        if self.merged_into is not None:
            raise IntoOneCustomer
        self.trigger_event(
            self.MergedInto, merge_id=merge_id, survivor_id=survivor_id, reason=reason
        )

    @applies(MergedInto)
    def _merged_into(self, merge_id: str, survivor_id: str) -> None:
        self.merge_id, self.merged_into = merge_id, survivor_id
        self.before_merge, self.state = self.state, State.MERGED
        self.left, self.contacts = self.contacts, {}
        self.former_contacts.update(self.left)

    @command(system=True)
    def absorb(
        self,
        duplicate_id: Id,
        merge_id: Id,
        reason: Line,
        take: list[Choice],
        left: Left,
        above: AboveDuplicate,
    ) -> None:
        """Take a duplicate in: the values chosen, its people, what it buys elsewhere, its team."""
        if merge_id in self.absorbed:
            raise AbsorbedOnce
        estate: Estate = left[0]
        own = self.fields
        values = {each.value: estate.fields[each.value] for each in take}
        values = {name: value for name, value in values.items() if value != own[name]}
        if self.id in above:  # the customer would come to be above itself
            values.pop(PARENT, None)
        self.trigger_event(
            self.Absorbed,
            merge_id=merge_id,
            duplicate_id=duplicate_id,
            reason=reason,
            **changes(values),
            contacts={key: ContactDetails(**each) for key, each in estate.contacts.items()},
            purchases=[
                Bought(competitor=key[0], product=key[1], **told(each))
                for key, each in estate.purchases.items()
                if key not in self.purchases
            ],
            team={who: role for who, role in estate.team.items() if who not in self.team},
            offered=[*estate.purchases, *((who,) for who in estate.team)],
        )

    def take_in(self, fact: Any) -> None:
        """Apply that a duplicate came in."""
        before = self.fields
        self._choose(fact)
        came = Absorption.of(fact, before, self.fields)
        self.absorbed[fact.merge_id] = came
        self.contacts = self.contacts | came.contacts
        self.purchases = self.purchases | came.purchases
        self.team = self.team | came.team

    @command(system=True)
    def give_back(
        self,
        merge_id: Id,
        duplicate_id: Id,
        reason: Line,
        above_before: AboveBefore,
        gone: Gone,
        number: bool = True,
    ) -> None:
        """Undo a merge here: what was changed since stays; a registration number may have to."""
        known = self.absorbed.get(merge_id)
        if known is None:
            raise AbsorbedOnce
        barred = set() if number else {NUMBER}
        if self.id in above_before or any(gone):  # below itself, or below what is not there now
            barred.add(PARENT)
        values, kept = known.restored(self.fields, self._later(merge_id), barred)
        kept += known.missed(self.contacts, self.purchases, self.team)
        self.trigger_event(
            self.GaveBack,
            merge_id=merge_id,
            duplicate_id=duplicate_id,
            reason=reason,
            **changes(values),
            contacts=[key for key in known.contacts if key in self.contacts],
            purchases=[
                key
                for key, each in known.purchases.items()
                if self.purchases.get(key) == each and not self._offered(merge_id, key)
            ],
            team=[
                who
                for who, role in known.team.items()
                if self.team.get(who) == role and not self._offered(merge_id, (who,))
            ],
            kept=kept,
        )

    def let_go(self, fact: Any) -> None:
        """Apply that a merge was undone."""
        known = self.absorbed[fact.merge_id]
        for name, before in known.before.items():
            # What a later merge replaced is, once that is undone, what was there before this one.
            for each in self._later(fact.merge_id):
                if name in each.taken:
                    each.before[name] = before
                    break
        del self.absorbed[fact.merge_id]
        for each in self.absorbed.values():
            each.purchases |= {k: v for k, v in known.purchases.items() if k in each.offered}
            each.team |= {k: v for k, v in known.team.items() if (k,) in each.offered}
        self._choose(fact)
        back = {key: self.contacts[key] for key in fact.contacts if key in self.contacts}
        self.returns[fact.merge_id] = Return(back, list(fact.kept))
        self.contacts = {k: v for k, v in self.contacts.items() if k not in back}
        self.purchases = {k: v for k, v in self.purchases.items() if k not in fact.purchases}
        self.team = {k: v for k, v in self.team.items() if k not in fact.team}

    def _later(self, merge_id: str) -> list[Absorption]:
        every = list(self.absorbed)
        return [self.absorbed[each] for each in every[every.index(merge_id) + 1 :]]

    def _offered(self, merge_id: str, what: tuple[str, ...]) -> bool:
        """Tell whether another merge would have brought the same."""
        others = (each for key, each in self.absorbed.items() if key != merge_id)
        return any(what in each.offered for each in others)

    @command(system=True)
    def separate(
        self, survivor_id: Id, merge_id: Id, reason: Line, returned: Returned, number: bool = True
    ) -> None:
        """Let the customer be one of its own again, without its registration number if need be."""
        if merge_id != self.merge_id:
            raise IntoOneCustomer
        contacts = returned[0][merge_id].contacts
        self.trigger_event(
            self.Separated,
            merge_id=merge_id,
            survivor_id=survivor_id,
            state=self.before_merge,
            reason=reason,
            contacts={key: ContactDetails(**each) for key, each in contacts.items()},
            cleared=() if number else (NUMBER,),
        )

    @applies(Separated)
    def _separated(
        self, state: State, contacts: dict[str, ContactDetails] | None, cleared: tuple[str, ...]
    ) -> None:
        contacts = contacts or {}
        self.merged_into = self.merge_id = None
        self.state = state
        self.left = {}
        self.contacts = self.contacts | {key: dict(vars(each)) for key, each in contacts.items()}
        self.former_contacts.difference_update(contacts)
        self.details = corrected(self.details, {}, cleared)
