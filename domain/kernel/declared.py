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

import functools
import inspect
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast, overload

from domain.kernel.rule import NothingChanged, RuleViolation

if TYPE_CHECKING:
    from domain.kernel.aggregate import Aggregate

    A = TypeVar("A", bound=Aggregate)

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
S = TypeVar("S")


_KERNEL = ("domain.kernel.aggregate", "eventsourcing.domain")
"""What every aggregate has from there no command takes the name of."""


class Misdeclared(TypeError):
    """An aggregate declares what it has not; it is told at the import of its module, by name."""


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

    What only states its parameters, as the fact `states`, has no body. `only` are states followed
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
        (n, each.make) for n, each in vars(aggregate).items() if isinstance(each, Start | States)
    )
    for name, each in found.items():
        aggregate.states = States(each.first, each.ends, each.ended, name)
    for name, member in list(vars(aggregate).items()):
        if isinstance(member, type) and (state := getattr(member, "leading", None)) is not None:
            _require_state(aggregate, name, state)
        creates = isinstance(member, classmethod)
        function = member.__func__ if isinstance(member, classmethod) else member
        if getattr(function, "is_command", False):
            if any(name in vars(each) for each in aggregate.__mro__ if each.__module__ in _KERNEL):
                raise Misdeclared(f"{aggregate.__name__}.{name} is a name of the kernel's own")
            decide = _Decision(aggregate, name, function, creates).method()
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


def _require_state(aggregate: type[Aggregate], name: str, state: Any) -> None:
    where = f"{aggregate.__name__}.{name}"
    if aggregate.states is None:
        raise Misdeclared(f"{where} names {state!r}, but {aggregate.__name__} begins in no state")
    try:
        known = type(aggregate.states.own(state)) is type(aggregate.states.first)
    except ValueError:
        known = False
    if not known:
        raise Misdeclared(f"{where} names {state!r}, which is no state of {aggregate.__name__}")


class _Decision:
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
                _require_state(self.aggregate, self.name, each)
                states.append(each)
        if states:
            raise Misdeclared(f"{self} is for {states[-1]!r} only, by no rule")

    def _fact(self, stated: type[Any] | None) -> str | None:
        if stated is None:
            return None
        fact = stated.__name__
        if not issubclass(vars(self.aggregate).get(fact, object), stated):
            raise Misdeclared(f"{self} states {fact}, which {self.aggregate.__name__} has not")
        if _has_body(self.function):
            raise Misdeclared(f"{self} states {fact}, and has a body besides")
        fields = inspect.signature(stated).parameters
        of_events = inspect.signature(self.aggregate.Created).parameters
        wanted = {n for n, each in fields.items() if each.default is each.empty} - {*of_events}
        given = {*list(inspect.signature(self.function).parameters)[1:]}
        if given - {*fields} or wanted - given:
            told = ", ".join(sorted((given - {*fields}) | (wanted - given)))
            raise Misdeclared(f"{self} and its fact {fact} differ in {told}")
        return fact

    @property
    def rules(self) -> frozenset[type[RuleViolation]]:
        """What it may be refused by, as declared."""
        rules = {rule for _, rule in self.only} | ({self.ended} if self.ended else set())
        rules |= vars(self.function).get("refuses", frozenset())
        changes = self.fact and getattr(self.aggregate, self.fact).changing
        return frozenset(rules | {NothingChanged} if changes and not self.creates else rules)

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
        """Return what states the parameters as the fact, for a command without a body."""
        if self.fact is None:
            return None
        function, fact, creates = self.function, self.fact, self.creates
        parameters = list(inspect.signature(self.function).parameters.values())[1:]
        names = [each.name for each in parameters]
        defaults = {
            each.name: each.default for each in parameters if each.default is not each.empty
        }
        changing = [n for n in getattr(self.aggregate, fact).changing if n in names]
        field = changing[0] if len(changing) == 1 else None

        def state(record: Any, *args: Any, **kwargs: Any) -> Any:
            function(record, *args, **kwargs)  # does nothing, but knows its parameters
            given = {**defaults, **kwargs, **dict(zip(names, args, strict=False))}
            if creates:
                return record._create(getattr(record, fact), **given)
            if changing and all(given[name] == getattr(record, name) for name in changing):
                raise NothingChanged(field)
            return record.trigger_event(getattr(record, fact), **given)

        return state


def _has_body(function: Any) -> bool:
    code = inspect.unwrap(function).__code__
    return bool(code.co_names) or len(code.co_consts) > 2  # beside its docstring and None
