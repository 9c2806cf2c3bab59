"""Decisions: how a command is decided, from what is declared where it is marked."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from domain.kernel.rule import NothingChanged, RuleViolation

if TYPE_CHECKING:
    from domain.kernel.aggregate import Aggregate

_STATING = frozenset({"trigger_event", "_create"})
"""What the body of a command calls that states facts itself."""


class Misdeclared(TypeError):
    """An aggregate declares what it has not; it is told at the import of its module, by name."""


def require_state(aggregate: type[Aggregate], name: str, state: Any) -> None:
    """Refuse what is no state of an aggregate, named in one of its members."""
    where = f"{aggregate.__name__}.{name}"
    if aggregate.states is None:
        raise Misdeclared(f"{where} names {state!r}, but {aggregate.__name__} begins in no state")
    try:
        known = type(aggregate.states.own(state)) is type(aggregate.states.first)
    except ValueError:
        known = False
    if not known:
        raise Misdeclared(f"{where} names {state!r}, which is no state of {aggregate.__name__}")


class Decision:
    """How one command of one aggregate is decided, from what is declared where it is marked."""

    def __init__(self, aggregate: type[Aggregate], name: str, function: Any, creates: bool) -> None:
        self.aggregate, self.name, self.function, self.creates = aggregate, name, function, creates
        marks = vars(function)
        self.only = list(self._only(marks.get("only", ())))
        if "due" in marks and aggregate.states is not None and not self.only:
            raise Misdeclared(f"{self} is due by itself, but is for no states only")
        if "due" in marks and creates:
            raise Misdeclared(f"{self} is due by itself, but of no record yet")
        ended = aggregate.states and aggregate.states.ended
        for_ended = self.only and any(each in aggregate.states.ends for each in self.only[0][0])  # type: ignore[union-attr]
        free = creates or for_ended or marks.get("always") or marks.get("system")
        self.ended = None if free else ended
        self.fact = self._fact(marks.get("states"))
        if self.fact is None and not _has_body(function):
            raise Misdeclared(f"{self} has no body, and states no fact")

    def __str__(self) -> str:
        return f"{self.aggregate.__name__}.{self.name}"

    def _only(self, told: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], type[RuleViolation]]]:
        states: list[Any] = []
        for each in told:
            if isinstance(each, type) and issubclass(each, RuleViolation) and states:
                yield tuple(states), each
                states = []
            else:
                require_state(self.aggregate, self.name, each)
                states.append(each)
        if states:
            raise Misdeclared(f"{self} is for {states[-1]!r} only, by no rule")

    def _fact(self, stated: type[Any] | None) -> str | None:
        if stated is None:
            return None
        fact = stated.__name__
        if not issubclass(vars(self.aggregate).get(fact, object), stated):
            raise Misdeclared(f"{self} states {fact}, which {self.aggregate.__name__} has not")
        if {"trigger_event", "_create"}.intersection(
            inspect.unwrap(self.function).__code__.co_names
        ):
            raise Misdeclared(f"{self} states {fact}, and its body states facts besides")
        fields = inspect.signature(stated).parameters
        of_events = inspect.signature(self.aggregate.Created).parameters
        wanted = {n for n, each in fields.items() if each.default is each.empty} - {*of_events}
        given = {*list(inspect.signature(self.function).parameters)[1:]}
        if "cleared" in fields:
            given = {"cleared" if name == "clear" else name for name in given}
        if given - {*fields} or wanted - given:
            told = ", ".join(sorted((given - {*fields}) | (wanted - given)))
            raise Misdeclared(f"{self} and its fact {fact} differ in {told}")
        return fact

    @property
    def rules(self) -> frozenset[type[RuleViolation]]:
        """What it may be refused by, as declared."""
        rules = {rule for _, rule in self.only} | ({self.ended} if self.ended else set())
        rules |= vars(self.function).get("refuses", frozenset())
        if self.fact is None or self.creates:
            return frozenset(rules)
        fact = getattr(self.aggregate, self.fact)
        rules |= fact.turn.rules(self.aggregate) if fact.turn else set()
        return frozenset(rules | {NothingChanged} if fact.changing else rules)

    def refusal(self, state: Any) -> type[RuleViolation] | None:
        """Return the rule by which a record in a state refuses it, if one does."""
        states = self.aggregate.states
        if self.ended and states and state in states.ends:
            return self.ended
        return next((rule for allowed, rule in self.only if state not in allowed), None)

    def method(self) -> Any:
        """Return the method that checks what is declared and then does what its body says."""
        if not (self.only or self.ended or self.fact):
            return self.function
        only, ended, body = self.only, self.ended, self._statement() or self.function
        attribute = self.aggregate.states.attribute if self.aggregate.states else ""

        @functools.wraps(self.function)
        def decide(record: Any, *args: Any, **kwargs: Any) -> Any:
            if ended is not None:
                record.require_open()
            for states, rule in only:
                if getattr(record, attribute) not in states:
                    raise rule
            return body(record, *args, **kwargs)

        calls = ("require_open",) if ended else ()
        decide.__dict__.update(refuses=self.rules, calls=calls, refusal=self.refusal)
        return decide

    def _statement(self) -> Any:
        """Return what states the parameters as the fact, if it states one."""
        if self.fact is None:
            return None
        function, fact, creates = self.function, self.fact, self.creates
        parameters = list(inspect.signature(self.function).parameters.values())[1:]
        names = [each.name for each in parameters]
        defaults = {
            each.name: each.default for each in parameters if each.default is not each.empty
        }
        needed = {*names} - {*defaults}
        turn = getattr(self.aggregate, fact).turn
        changing = [n for n in getattr(self.aggregate, fact).changing if n in names]
        field = changing[0] if len(changing) == 1 else None

        def state(record: Any, *args: Any, **kwargs: Any) -> Any:
            given = {**defaults, **kwargs, **dict(zip(names, args, strict=False))}
            if not given.keys() >= needed:
                raise TypeError(f"{self} is given without {', '.join(needed - given.keys())}")
            told = turn.decide(record, given) if turn else given
            function(record, *args, **kwargs)  # refuses what is not declared, if anything
            if creates:
                return record._create(getattr(record, fact), **told)
            if changing and all(given[name] == getattr(record, name) for name in changing):
                raise NothingChanged(field)
            return record.trigger_event(getattr(record, fact), **told)

        return state


def _has_body(function: Any) -> bool:
    code = inspect.unwrap(function).__code__
    return bool(code.co_names) or len(code.co_consts) > 2  # beside its docstring and None
