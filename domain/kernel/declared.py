"""What an aggregate declares: its states, what leads to them, what may be asked in which of them.

```python
status = begins(Status.DRAFT, ends=(Status.EXPIRED,), ended=ContractExpired)

class Signed(Aggregate.Event, to=Status.SIGNED): ...
class Retitled(Aggregate.Event, changes="title"): ...

@command(states=Signed, only=(Status.APPROVED, ApprovalRequired))
def sign(self, signatory: Line | None = None) -> None:
    \"\"\"Note that the approved contract was signed.\"\"\"
```
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast, overload

from domain.kernel.decision import Decision, Misdeclared, require_state
from domain.kernel.keyed import Keyed
from domain.kernel.rule import RuleViolation

if TYPE_CHECKING:
    from domain.kernel.aggregate import Aggregate

    A = TypeVar("A", bound=Aggregate)

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
S = TypeVar("S")


_KERNEL = ("domain.kernel.aggregate", "eventsourcing.domain")
"""What every aggregate has from there no command takes the name of."""


@dataclass(frozen=True, slots=True)
class States:
    """The states of an aggregate: the `first`, those that are its `ends`, the rule that then holds.

    Without a rule an ended record can be changed still.
    """

    first: Any
    ends: tuple[Any, ...]
    ended: type[RuleViolation] | None
    attribute: str = ""

    def make(self) -> Any:
        """Return the state in which a record begins."""
        return self.first

    def own(self, state: Any) -> Any:
        """Return one of these states, which a Part may name by its text. Raises `ValueError`."""
        kind: Any = type(self.first)
        return kind(state) if type(state) is str else state


def begins(first: S, ends: Collection[S] = (), ended: type[RuleViolation] | None = None) -> S:
    """Declare the attribute that holds the state of a record, and the state in which it begins.

    In one of the states that are its `ends` it is retired, and each command is refused by the
    rule `ended`, but for those of the system, those that are `always` good and those for an
    ended record `only`.
    """
    return cast("S", States(first, tuple(ends), ended))


@dataclass(frozen=True, slots=True)
class Start:
    """How the first value of an attribute is made."""

    make: Callable[[], Any]


def starts(make: Callable[[], S]) -> S:
    """Declare an attribute of a record by what makes its first value, as in `starts(dict)`."""
    return cast("S", Start(make))


@overload
def command(method: F) -> F: ...
@overload
def command(  # type: ignore[overload-overlap]
    *, states: type[Aggregate.Created], guarded: Collection[type[RuleViolation]] = ...
) -> Callable[[Callable[Concatenate[type[A], P], None]], Callable[Concatenate[type[A], P], A]]: ...
@overload
def command(
    *,
    states: type[Aggregate.Event] | None = ...,
    only: tuple[Any, ...] = ...,
    always: bool = ...,
    apart_from: type[Any] | None = ...,
    guarded: Collection[type[RuleViolation]] = ...,
    rises: bool = ...,
    system: bool = ...,
) -> Callable[[F], F]: ...
def command(method: Any = None, **marks: Any) -> Any:
    """Mark a method as a command: it checks the rules and states facts; it becomes a route.

    What states its parameters, as the fact `states`, has a body only for what refuses it besides
    what is declared. `only` are states followed
    by the rule told in any other, and again if need be. It is `always` good, or not once the record
    has ended. With `apart_from=Submitted` whoever stated the last such fact about the record is
    refused (`SameHands`). `guarded` are rules that need more than the record to be checked. What
    `rises` goes to a unit above its own without that unit's permission. A `system` command is for
    policies alone: it is no route and no permission.
    """

    def mark(function: Any) -> Any:
        function.__dict__.update(marks, is_command=True)
        return function

    return mark if method is None else mark(method)


def come_about(besides: Callable[[Any, Any], None] | None) -> Callable[[Any, Any], None]:
    """Return how a fact is applied as declared, after what it does `besides`.

    What it changes has the values of its fields, and the record is in the state that it leads to.
    """

    def apply(fact: Any, aggregate: Any) -> None:
        if besides is not None:
            besides(fact, aggregate)
        for name in fact.changing:
            setattr(aggregate, name, getattr(fact, name))
        if fact.turn is not None:
            fact.turn.apply(vars(fact), aggregate)
        if fact.leading is not None:
            setattr(aggregate, aggregate.states.attribute, aggregate.states.own(fact.leading))

    return apply


def settle(aggregate: type[Aggregate]) -> None:
    """Make an aggregate do what its body declares. Raises `Misdeclared`."""
    _require_needs(aggregate)
    aggregate.__annotations__ = {}  # the library would make parameters of `__init__` of them
    if "__init__" not in vars(aggregate):
        aggregate.__init__ = _nothing  # type: ignore[assignment, method-assign]
    found = {n: each for n, each in vars(aggregate).items() if isinstance(each, States)}
    if len(found) > 1:
        raise Misdeclared(f"{aggregate.__name__} begins in {' and in '.join(found)}")
    aggregate.starting = tuple(
        (n, each.make)
        for n, each in vars(aggregate).items()
        if isinstance(each, Start | States | Keyed)
    )
    for name, each in found.items():
        aggregate.states = States(each.first, each.ends, each.ended, name)
    for name, member in list(vars(aggregate).items()):
        if isinstance(member, type) and (state := getattr(member, "leading", None)) is not None:
            require_state(aggregate, name, state)
        _require_keyed(aggregate, name, member)
        creates = isinstance(member, classmethod)
        function = member.__func__ if isinstance(member, classmethod) else member
        if getattr(function, "is_command", False):
            if any(name in vars(each) for each in aggregate.__mro__ if each.__module__ in _KERNEL):
                raise Misdeclared(f"{aggregate.__name__}.{name} is a name of the kernel's own")
            decide = Decision(aggregate, name, function, creates).method()
            setattr(aggregate, name, classmethod(decide) if creates else decide)


def _nothing(_: Any) -> None:
    """Set nothing besides what is declared."""


def _require_needs(aggregate: type[Aggregate]) -> None:
    events = [each for each in vars(aggregate).values() if isinstance(each, type)]
    first = [each for each in events if issubclass(each, aggregate.Created)]
    had = {
        *vars(aggregate),
        *(name for each in first for name in inspect.signature(each).parameters),
    }
    for part in aggregate.__mro__[1:]:
        for need in vars(part).get("needs", ()):
            if need not in had:
                raise Misdeclared(f"{aggregate.__name__} is {part.__name__}, which needs {need}")


def _require_keyed(aggregate: type[Aggregate], name: str, fact: Any) -> None:
    turn = getattr(fact, "turn", None) if isinstance(fact, type) else None
    if turn is not None and not isinstance(vars(aggregate).get(turn.attribute), Keyed):
        told = f"{aggregate.__name__}.{name} {turn.act} {turn.attribute}"
        raise Misdeclared(f"{told}, which is not declared as keyed")
