"""Parting: a customer that was merged comes out again, each with what it can still have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from domain.customers.customer_contacts import ContactDetails, Contacts
from domain.customers.customer_credit import Credit, Rated
from domain.customers.customer_profile import Profile, normal_number
from domain.customers.customer_requirements import Requirements
from domain.customers.customer_standing import State
from domain.customers.customer_team import AccountTeam
from domain.customers.merges.merge_survivorship import (
    MANAGER,
    NUMBER,
    PARENT,
    TAKEN,
    UNIT,
    Absorption,
    Choice,
    Chosen,
    Difference,
    Outcome,
    Return,
    changes,
    difference,
    leaver,
    lost,
    of_requirement,
)
from domain.kernel.aggregate import Aggregate, RuleViolation, applies, command, starts
from domain.kernel.time.correction import corrected
from domain.kernel.types.values import EMPLOYEE_CODE, UNIT_CODE, Id, Line, Lineage, attribute

Returned = Annotated[Mapping[str, Return], attribute("customer", "survivor_id", "returns")]

REGISTERED = "registration-number-taken"
"""The rule under which customers claim their registration number."""

AboveBefore = Annotated[Sequence[str], Lineage("customer", "parent_before", "parent_id")]
HeadBefore = Annotated[State | None, attribute("customer", "parent_before", "state")]
UnitBefore = Annotated[bool | None, attribute("unit", "unit_before", "retired", UNIT_CODE)]
ManagerBefore = Annotated[
    bool | None, attribute("employee", "manager_before", "left", EMPLOYEE_CODE)
]
HoldersBefore = Annotated[Sequence[str], Lineage("customer", "number_before", None, REGISTERED)]
ManagerThen = Annotated[bool | None, attribute("employee", "manager", "left", EMPLOYEE_CODE)]
HoldersThen = Annotated[Sequence[str], Lineage("customer", "number_key", None, REGISTERED)]


class IntoOneCustomer(RuleViolation):
    """A customer goes into one other customer, once."""


class AbsorbedOnce(RuleViolation):
    """A merge reaches the customer that stays once, and is undone there once."""


class Parting(Profile, Credit, Requirements, AccountTeam, Contacts):
    """How a customer comes out of another one, or lets one out."""

    class Separated(Aggregate.Event):
        """{who} undid the merge into {survivor_id}, because "{reason}"; it is {state} again."""

        merge_id: str
        survivor_id: str
        state: State
        reason: str
        contacts: dict[str, ContactDetails] | None
        cleared: tuple[str, ...] = ()
        kept: tuple[Difference, ...] = ()

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
        requirements: list[str] | None = None

        def apply(self, aggregate: Any) -> None:
            """Give back what came by the merge."""
            aggregate.let_go(self)

    unit: str
    parent_id: str | None
    merge_id: str | None = starts(lambda: None)
    left: dict[str, dict[str, Any]] = starts(dict)
    before_merge = starts(lambda: State.POTENTIAL)
    absorbed: dict[str, Absorption] = starts(dict)
    returns: dict[str, Return] = starts(dict)

    @property
    def fields(self) -> dict[str, Any]:
        """The values that a merge may take or replace, by name."""
        return {each.value: self._value(each.value) for each in Choice}

    @property
    def credit(self) -> Rated | None:
        """The credit rating, as a merge may take it."""
        return None if self.rated is None else Rated(**self.rated)

    @credit.setter
    def credit(self, rated: Rated | None) -> None:
        self.rated = None if rated is None else dict(vars(rated))

    @property
    def outcome(self) -> Outcome:
        """What undoing merges came to here, for decision."""
        return Outcome(self.id, self.state is State.CLOSED, self.returns)

    @property
    def parent_before(self) -> str | None:
        """The head office in whose place the last merge that chose one has put another."""
        return self._before(PARENT)

    @property
    def unit_before(self) -> str | None:
        """The unit in whose place the last merge that chose one has put another."""
        return self._before(UNIT)

    @property
    def manager_before(self) -> str | None:
        """The account manager whom the last merge that chose one has replaced."""
        return self._before(MANAGER)

    @property
    def number_before(self) -> str | None:
        """The registration number before the last merge that chose one, as it is compared."""
        return _key(self._before(NUMBER))

    @property
    def number_key(self) -> str | None:
        """The registration number as it is compared."""
        return _key(self.details[NUMBER])

    def _before(self, name: str) -> str | None:
        chosen = [each for each in self.absorbed.values() if name in each.taken]
        before: str | None = chosen[-1].before[name] if chosen else None
        return before

    def _value(self, name: str) -> Any:
        return self.details[name] if name in self.details else getattr(self, name)

    def _choose(self, fact: Any) -> None:
        self.details = corrected(self.details, vars(fact), fact.cleared)
        for name in Chosen.among(vars(fact)).keys() - self.details.keys():
            given = getattr(fact, name)
            if given is not None or name in fact.cleared:
                setattr(self, name, given)

    @command(system=True)
    def give_back(
        self,
        merge_id: Id,
        duplicate_id: Id,
        reason: Line,
        above: AboveBefore,
        head: HeadBefore,
        ended: UnitBefore,
        gone: ManagerBefore,
        holders: HoldersBefore,
    ) -> None:
        """Undo a merge here: what was changed since stays."""
        known = self.absorbed.get(merge_id)
        if known is None:
            raise AbsorbedOnce
        why = lost(self.id, above, head, ended, gone, holders)
        barred = {NUMBER} & why.keys() if self.state is not State.CLOSED else set()
        if self.id in above or head == State.MERGED:  # below itself, or what is not there now
            barred.add(PARENT)
        values, kept = known.restored(self.fields, self._later(merge_id), barred, why)
        kept += known.missed(self.contacts, self.purchases, self.requirements, self.team)
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
            requirements=[
                code
                for code, each in known.requirements.items()
                if self.requirements.get(code) == each
                and not self._offered(merge_id, of_requirement(code))
            ],
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
            each.requirements |= {
                code: told
                for code, told in known.requirements.items()
                if of_requirement(code) in each.offered
            }
            each.team |= {k: v for k, v in known.team.items() if (k,) in each.offered}
        self._choose(fact)
        back = {key: self.contacts[key] for key in fact.contacts if key in self.contacts}
        self.returns[fact.merge_id] = Return(back, list(fact.kept))
        self.contacts = {k: v for k, v in self.contacts.items() if k not in back}
        self.purchases = {k: v for k, v in self.purchases.items() if k not in fact.purchases}
        gone = fact.requirements or ()
        self.requirements = {k: v for k, v in self.requirements.items() if k not in gone}
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
        self,
        survivor_id: Id,
        merge_id: Id,
        reason: Line,
        returned: Returned,
        gone: ManagerThen,
        holders: HoldersThen,
    ) -> None:
        """Let the customer be one of its own again, without a number that another one has now."""
        if merge_id != self.merge_id:
            raise IntoOneCustomer
        taken = bool({*holders} - {self.id}) and self.before_merge is not State.CLOSED
        kept = [difference(NUMBER, self.details[NUMBER], None, TAKEN)] if taken else []
        if self.manager is not None and gone:
            kept.append(leaver(self.manager))
        contacts = returned[merge_id].contacts
        self.trigger_event(
            self.Separated,
            merge_id=merge_id,
            survivor_id=survivor_id,
            state=self.before_merge,
            reason=reason,
            contacts={key: ContactDetails(**each) for key, each in contacts.items()},
            cleared=(NUMBER,) if taken else (),
            kept=tuple(kept),
        )

    @applies(Separated)
    def _separated(
        self,
        merge_id: str,
        state: State,
        contacts: dict[str, ContactDetails] | None,
        cleared: tuple[str, ...],
        kept: tuple[Difference, ...],
    ) -> None:
        contacts = contacts or {}
        if kept:
            self.returns[merge_id] = Return({}, list(kept))
        self.merged_into = self.merge_id = None
        self.state = state
        self.left = {}
        self.contacts = self.contacts | {key: dict(vars(each)) for key, each in contacts.items()}
        self.former_contacts.difference_update(contacts)
        self.details = corrected(self.details, {}, cleared)


def _key(number: str | None) -> str | None:
    return None if number is None else normal_number(number)
