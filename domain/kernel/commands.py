"""What can be asked of each aggregate, read from its methods: names, bodies, rules."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache, cached_property
from keyword import iskeyword
from operator import attrgetter
from typing import Annotated, Any, TypeVar, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from domain.kernel.aggregate import (
    Aggregate,
    RecordClosed,
    RecordMerged,
    RuleViolation,
    SameHands,
    discover,
    kebab,
)
from domain.kernel.codec import fields_of
from domain.kernel.tally import Tallied
from domain.kernel.time.effective_day import STATED
from domain.kernel.time.retroactive import DatesContradict, FutureFact
from domain.kernel.types.authority import Highest
from domain.kernel.types.decided import Decided
from domain.kernel.types.values import Adds, Day, Issued, Lineage, Reference, Value

M = TypeVar("M")

EFFECTIVE = "effective"
"""The parameter of every command that states a fact for a day, besides those of its method."""

Effective = Annotated[
    Day | None,
    Field(description="From which day it is true; without one, from when it is recorded."),
]


@dataclasses.dataclass(frozen=True)
class Command:
    """One command of one aggregate, as declared by a method marked with `@command`.

    `body` validates its JSON; `references` maps a parameter to the kind of record that it names,
    `nested` a list of values to what each of them names, by field; `facts` may come of it,
    of which those in `adds` are the ids of parts that they add to the record;
    `lineages` are the parameters that the system fills in from other records, `decided` those that
    a rule set decides, `highest` those that say how high up it is permitted, `issued` those that
    the server makes up; `rules` are those it may be refused by, `guarded` those of them that need
    more than the record; `apart_from` is the fact whose author may not give this command; `dated`
    is the parameter that states from which day what is said is true, if it has one; what `rises`
    goes to a unit above without being permitted there; a `system` command is given by policies
    alone.
    """

    name: str
    aggregate: type[Aggregate]
    method: str
    creates: bool
    body: type[BaseModel]
    references: Mapping[str, Reference]
    nested: Mapping[str, Mapping[str, Reference]]
    lineages: Mapping[str, Lineage]
    tallies: Mapping[str, Tallied]
    decided: Mapping[str, Decided]
    highest: frozenset[str]
    issued: frozenset[str]
    rules: tuple[type[RuleViolation], ...]
    guarded: frozenset[type[RuleViolation]]
    facts: tuple[type[Aggregate.Event], ...]
    adds: tuple[str, ...]
    apart_from: type[Aggregate.Event] | None
    dated: str | None
    rises: bool
    system: bool

    @property
    def verb(self) -> str:
        """The command without its aggregate, as in `close`."""
        return self.name.partition(".")[2]

    @property
    def doc(self) -> str:
        """What the command does, in a business user's words."""
        told = inspect.getdoc(getattr(self.aggregate, self.method)) or ""
        return told.replace("{record}", self.aggregate.kind.replace("-", " "))

    def refusal(self, state: Any) -> type[RuleViolation] | None:
        """Return the rule by which a record in a state refuses it, of the states declared."""
        decide = vars(getattr(self.aggregate, self.method)).get("refusal")
        found: type[RuleViolation] | None = decide(state) if decide else None
        return found

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The parameters that name units: there, too, it has to be permitted."""
        return tuple(name for name, each in self.references.items() if each.kind == "unit")

    def units(self, arguments: Mapping[str, Any]) -> frozenset[str]:
        """Return the codes of the units that the arguments name: where a record comes or goes."""
        named = (arguments[place] for place in self.places)
        return frozenset(
            unit
            for value in named
            if value is not None
            for unit in ([value] if isinstance(value, str) else value)
        )

    def stated(self, arguments: Mapping[str, Any]) -> date | None:
        """Return the day, or the moment, that the arguments state."""
        stated: date | None = None if self.dated is None else arguments[self.dated]
        return stated

    def give(
        self, target: Any, arguments: Mapping[str, Any], named: str | None = None
    ) -> Aggregate:
        """Give the command to a record, or to the class of a new one; return the record.

        A new record is `named` by an id, or has one of its own. Raises a `RuleViolation`.
        """
        told = {
            f"{name}_" if iskeyword(name) else name: value
            for name, value in arguments.items()
            if name != EFFECTIVE
        }
        day = arguments[EFFECTIVE] if self.dated == EFFECTIVE else None
        if not self.creates:
            with target.dating(day):
                getattr(target, self.method)(**told)
            return cast("Aggregate", target)
        aggregate: Aggregate = getattr(target, self.method)(**told)
        if named is not None:
            aggregate.bear(named)
        if day is not None:
            aggregate.since(day)
        return aggregate

    def named(self, arguments: Mapping[str, Any]) -> Iterator[tuple[str, Reference, Any]]:
        """Yield what the arguments name: where, as in `lines/0/product`, what it is, the value."""
        for parameter, reference in self.references.items():
            yield parameter, reference, arguments[parameter]
        for parameter, fields in self.nested.items():
            for i, value in enumerate(arguments[parameter] or ()):
                for name, mark in fields.items():
                    yield f"{parameter}/{i}/{name}".replace(".", "/"), mark, attrgetter(name)(value)


@cache
def commands() -> Mapping[str, Command]:
    """Return every command that people may give, by name, as in `customer.regrade`."""
    return {name: each for name, each in every_command().items() if not each.system}


@cache
def every_command() -> Mapping[str, Command]:
    """Return every command of every aggregate by name, with those that policies alone give."""
    return {
        found.name: found
        for _, aggregate in sorted(discover().aggregates.items())
        for found in _declared(aggregate)
    }


def _declared(aggregate: type[Aggregate]) -> Iterator[Command]:
    given = vars(aggregate).get("given", {})
    for method, member in vars(aggregate).items():
        creates = isinstance(member, classmethod)
        function = member.__func__ if isinstance(member, classmethod) else member
        if not getattr(function, "is_command", False):
            continue
        name = f"{aggregate.kind}.{kebab(method)}"
        hints = get_type_hints(function, include_extras=True)
        hints = {n: given[h] if isinstance(h, TypeVar) else h for n, h in hints.items()}
        marks = {
            parameter: [m for m in _metadata(hint) if isinstance(m, (Reference, *_FILLED_IN))]
            for parameter, hint in hints.items()
        }
        fields: dict[str, Any] = {
            parameter.name.removesuffix("_"): (  # `from_`, as Python has no parameter `from`
                hints[parameter.name],
                ... if parameter.default is parameter.empty else parameter.default,
            )
            for parameter in list(inspect.signature(function).parameters.values())[1:]
            if not any(isinstance(m, _FILLED_IN) for m in marks[parameter.name])
        }
        facts = _facts(aggregate, function)
        usual = any(fact.dated == STATED and STATED in fields_of(fact) for fact in facts)
        if usual and STATED not in fields:
            fields[EFFECTIVE] = (Effective, None)
        dated = next((p for p in (EFFECTIVE, *(f.dated for f in facts)) if p in fields), None)
        body = create_model(
            "".join(part.title() for part in name.replace(".", "-").split("-")),
            __config__=ConfigDict(extra="forbid", frozen=True, strict=True),
            **fields,
        )
        references = _marked(marks, Reference)
        nested = {p: of for p, hint in hints.items() if p in fields and (of := dict(_inside(hint)))}
        guarded = frozenset(getattr(function, "guarded", ()))
        fact = getattr(function, "apart_from", None)
        apart_from = None if fact is None else getattr(aggregate, fact.__name__)
        rules = _rules(aggregate, function) | guarded
        if apart_from is not None:
            rules.add(SameHands)
        every = [*references.values(), *(r for inner in nested.values() for r in inner.values())]
        if dated is not None:
            rules |= {FutureFact, DatesContradict}
        if any(reference.live for reference in every):
            rules.add(RecordClosed)
        if any(reference.ended for reference in every):
            rules.add(RecordMerged)
        claimed, claims = _claims(aggregate)
        if not claimed.isdisjoint(fields):
            rules |= claims
        yield Command(
            name=name,
            aggregate=aggregate,
            method=method,
            creates=creates,
            body=body,
            references=references,
            nested=nested,
            lineages=_marked(marks, Lineage),
            tallies=_marked(marks, Tallied),
            decided=_marked(marks, Decided),
            highest=frozenset(_marked(marks, Highest)),
            issued=frozenset(_marked(marks, Issued)),
            rules=tuple(sorted(rules, key=lambda rule: rule.rule())),
            guarded=guarded,
            facts=tuple(facts),
            adds=tuple(dict.fromkeys(n for fact in facts for n in _adding(fact))),
            apart_from=apart_from,
            dated=dated,
            rises=getattr(function, "rises", False),
            system=getattr(function, "system", False),
        )


_FILLED_IN = (Lineage, Tallied, Decided, Highest, Issued)
"""Marks of parameters that no client states."""


def _marked(marks: Mapping[str, Sequence[Any]], kind: type[M]) -> dict[str, M]:
    """Return the parameters that have a mark of a kind, each with its mark."""
    return {p: mark for p, each in marks.items() for mark in each if isinstance(mark, kind)}


def _metadata(hint: Any) -> Iterator[Any]:
    """Yield the marks on a type, also those inside a union such as `CustomerId | None`."""
    yield from getattr(hint, "__metadata__", ())
    for part in getattr(hint, "__args__", ()):
        yield from _metadata(part)


def _inside(hint: Any) -> Iterator[tuple[str, Reference]]:
    """Yield the fields of values in a list that name others, those within as in `scope.sites`."""
    if isinstance(hint, type) and issubclass(hint, Value):
        for field, inner in get_type_hints(hint, include_extras=True).items():
            yield from ((field, m) for m in _metadata(inner) if isinstance(m, Reference))
            if isinstance(inner, type) and issubclass(inner, Value):
                yield from ((f"{field}.{name}", m) for name, m in _inside(inner))
    for part in getattr(hint, "__args__", ()):
        yield from _inside(part)


def _rules(aggregate: type[Aggregate], function: Any) -> set[type[RuleViolation]]:
    """Find the rules that a method names, itself or through what else of the domain it calls."""
    declared = {r for each in _calls(aggregate, function) for r in vars(each).get("refuses", ())}
    named = (each.get(name) for place, name in _names(aggregate, function) for each in place)
    return declared | {n for n in named if isinstance(n, type) and issubclass(n, RuleViolation)}


def ending(aggregate: type[Aggregate]) -> set[type[RuleViolation]]:
    """Return the rules that keep a record as it is once it has ended."""
    if "require_open" in vars(aggregate):
        return _rules(aggregate, vars(aggregate)["require_open"])
    return {aggregate.states.ended} if aggregate.states and aggregate.states.ended else set()


def _facts(aggregate: type[Aggregate], function: Any) -> list[type[Aggregate.Event]]:
    """Find the facts that a method states, itself or through other methods of the aggregate."""
    declared = [vars(each).get("states") for each in _calls(aggregate, function)]
    names = [name for _, name in _names(aggregate, function)]
    # By name: an aggregate has events of its own class for those that its parts declare.
    named = [vars(aggregate).get(n) for n in [*(f.__name__ for f in declared if f), *names]]
    return [n for n in named if isinstance(n, type) and issubclass(n, Aggregate.Event)]


def _adding(fact: type[Aggregate.Event]) -> Iterator[str]:
    """Yield the fields of an event that have the id of a part that it adds."""
    for name, hint in fields_of(fact).items():
        if any(isinstance(mark, Adds) for mark in getattr(hint, "__metadata__", ())):
            yield name


def _names(aggregate: type[Aggregate], function: Any) -> Iterator[tuple[tuple[Any, Any], str]]:
    """Yield the names in the code of a method and of what it calls, with what they may stand in."""
    for each in map(inspect.unwrap, _calls(aggregate, function)):
        for name in each.__code__.co_names:
            yield (each.__globals__, vars(aggregate)), name


def _calls(
    aggregate: type[Aggregate], function: Any, seen: frozenset[str] = frozenset()
) -> Iterator[Any]:
    """Yield a method and whatever of the domain it calls, at any depth."""
    yield function
    code = inspect.unwrap(function)
    for name in (*vars(function).get("calls", ()), *code.__code__.co_names):
        called = vars(aggregate).get(name, code.__globals__.get(name))
        if name not in seen and _of_domain(called):
            yield from _calls(aggregate, called, seen | {name})


def _of_domain(called: Any) -> bool:
    return inspect.isfunction(called) and called.__module__.startswith("domain.")


def _claims(aggregate: type[Aggregate]) -> tuple[set[str], set[type[RuleViolation]]]:
    """Return what an aggregate's claims are made of, by name, and the rules that guard them."""
    getter = aggregate.claims.fget  # type: ignore[attr-defined]
    code = getter.__code__
    return {*code.co_names, *map(str, code.co_consts)}, _rules(aggregate, getter)
