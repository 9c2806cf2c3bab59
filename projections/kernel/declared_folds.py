"""What an event changes in a row: its fields go to the columns of their names; what else is said.

The rule for a field: one without a default states the value that it has, nothing included; one that
starts with nothing (its default is `None`) and has nothing was not given, and its column stays as
it was. What `cleared` names has nothing. A field without a column of its name changes nothing. The
state to which an event leads goes to the column of the attribute that holds it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

import sqlalchemy as sa

from domain.kernel.aggregate import Aggregate, Recorded, discover
from domain.kernel.codec import ENVELOPE
from domain.kernel.time.effective_day import STATED, TIMED, effective_day, stating
from projections.kernel.columns import Instant, Money
from projections.kernel.fingerprint import code_of, words_of
from projections.kernel.payload_values import day, day_of, moment, moment_of, money, number

Row = dict[str, Any]
Fold = Callable[[Row, Recorded], Row]
"""Takes the row as it is and an event; returns the columns that change, as a new object. Pure."""

F = TypeVar("F", bound=Fold)
Read = Callable[[Any], Any]
"""Returns a value of a payload as a column has it."""

Columns = Mapping[str, sa.Column[Any]]

CLEARED = "cleared"
"""The field of a payload that names those that have nothing from now on."""


class _Folds(dict[str, Fold | None]):
    """Folds by event type, made when they are asked for: `None` for another aggregate's."""

    def __init__(self, model: DeclaredFolds) -> None:
        super().__init__()
        self._model = model

    def __missing__(self, type_: str) -> Fold | None:
        found = self[type_] = self._model.fold_of(type_)
        return found


@dataclasses.dataclass(slots=True)
class _Told:
    """What is declared of the events of one type."""

    written: Fold | None = None
    kept: tuple[str, ...] = ()
    values: Row = dataclasses.field(default_factory=dict)
    dated: list[str] = dataclasses.field(default_factory=list)
    counted: list[str] = dataclasses.field(default_factory=list)

    @property
    def columns(self) -> set[str]:
        """The columns of which it tells something else than fields of their names would."""
        return {*self.kept, *self.values, *self.dated, *self.counted}


class DeclaredFolds:
    """The folds of a read model, by event type: by default, as declared of columns, and written."""

    def __init__(
        self, name: str, aggregate: str, columns: Columns, folds: Mapping[str, Fold] = {}
    ) -> None:
        """Begin with what fields give to columns of their names, but with some `folds` by type."""
        self.name = name
        self.aggregate = aggregate
        self.columns = columns
        self.folds = _Folds(self)
        self._first = folds
        self._told: dict[str, _Told] = {}
        self._copies: dict[str, Fold] = {}

    def on(self, *event_types: str) -> Callable[[F], F]:
        """Declare the fold for some event types, as in `@customers.on("customer.lapsed")`.

        It is instead of what their fields give to columns; `stated` returns that.
        """

        def declare(function: F) -> F:
            for type_ in event_types:
                if (told := self._of(type_)).written is not None:
                    raise ValueError(f"{self.name} cannot declare another fold for {type_}")
                told.written = function
            return function

        return declare

    def keeps(self, event_type: str, *columns: str) -> None:
        """Declare columns that events of a type leave as they are, whatever their fields say."""
        self._of(event_type, *columns).kept += columns

    def becomes(self, column: str, values: Mapping[str, Any]) -> None:
        """Declare what a column has after events, by type, as in `{"unit.closed": "closed"}`."""
        for type_, value in values.items():
            self._of(type_, column).values[column] = value

    def dates(self, column: str, *event_types: str) -> None:
        """Declare that a column has the day of an event, or its moment where it is an `Instant`.

        That is as stated in the field that dates such events, else when it was recorded. Moments
        are those of events that are dated by one.
        """
        self._require(column, sa.Date, Instant)
        for type_ in event_types:
            self._of(type_, column).dated.append(column)

    def counts(self, column: str, *event_types: str) -> None:
        """Declare that a column counts events of some types."""
        self._require(column, sa.Integer)
        for type_ in event_types:
            self._of(type_, column).counted.append(column)

    def stated(self, event: Recorded) -> Row:
        """Return what the fields of an event give to the columns of their names."""
        type_ = event.type
        copy = self._copies.get(type_) or self._copies.setdefault(type_, self._copy(type_))
        return copy({}, event)

    def fold_of(self, type_: str) -> Fold | None:
        """Return the fold of an event type, `None` for one of another aggregate."""
        if not type_.startswith(f"{self.aggregate}."):
            return None
        told = self._told.get(type_) or _Told()
        first = told.written or self._first.get(type_) or self._copy(type_)
        values = self._values(type_)
        if not (values or told.dated or told.counted):
            return first
        moments = [each for each in told.dated if self._is_instant(each)]
        days = [each for each in told.dated if each not in moments]
        by = stating.get(type_, STATED)
        return _and_then(first, values, by, days, moments, list(told.counted))

    def state_after(self, type_: str) -> Row:
        """Return the state to which events of a type lead, by its column if there is one."""
        event = discover().events.get(type_)
        leading: Any = None if event is None else event.leading
        states = None if leading is None else discover().owners[type_].states
        if states is None or states.attribute not in self.columns:
            return {}
        return {states.attribute: leading.value if isinstance(leading, Enum) else leading}

    @property
    def handles(self) -> frozenset[str]:
        """The event types that have a fold."""
        types = {*discover().events, *self._told}
        return frozenset(each for each in types if self.folds[each] not in (None, _unchanged))

    def depends_on(self, *more: Callable[..., Any]) -> list[str]:
        """Return all that the folds depend on, as text, and the code of more functions."""
        parts, functions = list[str](), [*more, *_MECHANISM]
        for type_ in sorted(self.handles):
            told = self._told.get(type_) or _Told()
            if fold := told.written or self._first.get(type_):
                functions.append(fold)
                parts.append(f"{type_} {fold.__qualname__}")
            parts.append(
                f"{type_} {sorted(self._values(type_).items())} {told.dated} {told.counted}"
            )
            if (event := discover().events.get(type_)) is not None:
                defaults = [
                    (each.name, each.default)
                    for each in dataclasses.fields(event)  # type: ignore[arg-type]
                    if each.default is not dataclasses.MISSING
                ]
                copied = sorted(self._given(type_))
                parts.append(f"{event.schema} {event.dated} {defaults} {copied}")
                functions += (getattr(event, each) for each in dir(event) if each[:8] == "upcast_v")
        return parts + code_of(functions)

    def require_whole(self) -> None:
        """Require that what is declared is of events that there are, and no column is forgotten.

        Raises `ValueError`, which names what is not so.
        """
        events = discover().events
        for type_, told in self._told.items():
            if type_ not in events:
                raise ValueError(f"{self.name} folds {type_}, which is no event")
            names = {each.name for each in _fields(events[type_])} | self.state_after(type_).keys()
            if idle := sorted({*told.kept} - names):
                raise ValueError(f"{type_} has no field {', '.join(idle)} that {self.name} keeps")
            if events[type_].dated != TIMED and any(map(self._is_instant, told.dated)):
                raise ValueError(f"{type_} states no moment that {self.name} could have")
        given = {
            name for each in self.handles for name in (*self._given(each), *self._values(each))
        }
        for told in self._told.values():
            given |= told.columns - {*told.kept}
        written = [*self._first.values(), *(t.written for t in self._told.values() if t.written)]
        if forgotten := sorted(self.columns.keys() - given - words_of(written)):
            raise ValueError(f"{self.name}: no event gives {', '.join(forgotten)}")

    def _is_instant(self, column: str) -> bool:
        return isinstance(self.columns[column].type, Instant)

    def _require(self, column: str, *types: type[Any]) -> None:
        """Require that there is a column, of one of these types where any are given."""
        if column not in self.columns:
            raise ValueError(f"{self.name} has no column {column}")
        if types and type(self.columns[column].type) not in types:
            named = " or ".join(each.__name__ for each in types)
            raise ValueError(f"{self.name} has no {named} in {column}")

    def _of(self, type_: str, *columns: str) -> _Told:
        """Return what is declared of a type so far. More of a column is refused."""
        if not type_.startswith(f"{self.aggregate}."):
            raise ValueError(f"{self.name} cannot declare a fold for {type_}")
        told = self._told.setdefault(type_, _Told())
        for column in columns:
            self._require(column)
            if column in told.columns:
                raise ValueError(f"{self.name} declares {column} twice for {type_}")
        self.folds.pop(type_, None)
        self._copies.pop(type_, None)
        return told

    def _given(self, type_: str) -> Iterator[str]:
        """Yield the fields of an event type that go to columns, of which nothing else is told."""
        event, told = discover().events.get(type_), self._told.get(type_) or _Told()
        names = [each.name for each in _fields(event)] if event else []
        return (name for name in names if name in self.columns.keys() - told.columns)

    def _values(self, type_: str) -> Row:
        """Return what columns become after events of a type, and the state that these lead to."""
        told = self._told.get(type_) or _Told()
        state = {} if told.columns & self.state_after(type_).keys() else self.state_after(type_)
        return state | told.values

    def _copy(self, type_: str) -> Fold:
        """Return the fold that gives the fields of an event type to the columns of their names."""
        event = discover().events.get(type_)
        fields = {} if event is None else {each.name: each.default for each in _fields(event)}
        given, readers = list(self._given(type_)), list[tuple[str, Read]]()
        for name in given:
            if (read := _reader(self.columns[name])) is not None:
                readers.append((name, read))
        always = [name for name in given if fields[name] is not None]
        optional = [name for name in given if fields[name] is None]
        clears = frozenset(self.columns) if CLEARED in fields else frozenset[str]()
        return _copying(always, optional, readers, clears) if given or clears else _unchanged


def _fields(event: type[Aggregate.Event]) -> list[dataclasses.Field[Any]]:
    fields = dataclasses.fields(event)  # type: ignore[arg-type]
    return [each for each in fields if each.name not in ENVELOPE]


def _reader(column: sa.Column[Any]) -> Read | None:
    """Return how a column has the value of a payload; `None`: as it is."""
    readers: tuple[tuple[type[Any], Read], ...]
    readers = ((Money, money), (Instant, moment), (sa.Date, day), (sa.Float, number))
    return next((read for type_, read in readers if isinstance(column.type, type_)), None)


def _unchanged(row: Row, event: Recorded) -> Row:
    return {}


def _copying(
    always: Sequence[str],
    optional: Sequence[str],
    readers: Sequence[tuple[str, Read]],
    clears: frozenset[str],
) -> Fold:
    def copied(row: Row, event: Recorded) -> Row:
        data = event.data
        changes: Row = {}
        for name in always:
            changes[name] = data[name]
        for name in optional:
            if (value := data.get(name)) is not None:
                changes[name] = value
        for name, read in readers:
            if (value := changes.get(name)) is not None:
                changes[name] = read(value)
        if clears:
            changes |= {name: None for name in data.get(CLEARED) or () if name in clears}
        return changes

    return copied


def _and_then(
    first: Fold, values: Row, by: str, days: list[str], moments: list[str], counted: list[str]
) -> Fold:
    def declared(row: Row, event: Recorded) -> Row:
        changes = first(row, event)
        changes.update(values)
        if days:
            timed = by == TIMED
            day = effective_day(event.type, event.data, event.time) if timed else day_of(event, by)
            changes |= dict.fromkeys(days, day)
        if moments:
            changes |= dict.fromkeys(moments, moment_of(event, by))
        for name in counted:
            changes[name] = row[name] + 1
        return changes

    return declared


_MECHANISM: tuple[Callable[..., Any], ...]
_MECHANISM = (_copying, _and_then, day, day_of, moment, moment_of, money, number)
