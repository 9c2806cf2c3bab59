"""Read models: a table with a row per record, and the pure folds that keep it."""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import ModuleType
from typing import Any, TypeVar

import sqlalchemy as sa

from domain.kernel import Recorded
from domain.stored import Unreadable, UnreadableEvent
from projections.columns import Id, Instant, Json, Text
from projections.scope import Scope
from projections.search import bigrams

Row = dict[str, Any]
Fold = Callable[[Row, Recorded], Row]
"""Takes the row as it is and an event; returns the columns that change. Pure."""

F = TypeVar("F", bound=Fold)

Waiting = dict[str, dict[int, Recorded]]
"""Events that cannot be applied yet, by stream and version."""

row_tables = sa.MetaData()


class _Folds(dict[str, Fold | None]):
    """Folds by event type: `None` for another aggregate's, no change where none was declared."""

    def __init__(self, aggregate: str) -> None:
        super().__init__()
        self._prefix = f"{aggregate}."

    def __missing__(self, type_: str) -> Fold | None:
        found = _unchanged if type_.startswith(self._prefix) else None
        self[type_] = found
        return found


def _unchanged(row: Row, event: Recorded) -> Row:
    return {}


class ReadModel:
    """One row per record of one aggregate, folded from all its events.

    Every row has, before the columns of its model: `id`, the stream; `version`, the number of the
    stream's last event in it; `position`, where that event stands in the journal; `created_at`
    and `changed_at`, when the first and the last event were recorded. The first event finds a row
    with the defaults of the columns.
    """

    def __init__(
        self,
        name: str,
        aggregate: str,
        *columns: sa.Column[Any],
        order: str = "id",
        indexes: Iterable[Sequence[str]] = (),
        sorts: Sequence[str] = (),
        filters: Sequence[str] = (),
        search: Sequence[str] = (),
        scope: Scope = Scope(),  # noqa: B008
    ) -> None:
        """Declare a read model.

        Args:
            name: The name of its table.
            aggregate: The kind of the aggregate, as in `service-ticket`.
            columns: What is kept, beside the columns that every row has.
            order: The column by which lists are sorted unless asked otherwise; `-` for downwards.
            indexes: Columns of each index; the id is added as the last.
            sorts: Columns by which large lists are sorted: each has an index.
            filters: Columns by which large lists are filtered. They stand in the index of each of
                `sorts`, so that rows to leave out are not even looked at, and have one of their
                own, for counting.
            search: The columns whose words are found by full text.
            scope: Where the rows belong. Without it, only those see them who see everything.
        """
        self.name = name
        self.aggregate = aggregate
        self.order = order
        self.search = tuple(search)
        self.scope = scope
        self.table = sa.Table(
            name,
            row_tables,
            sa.Column("id", Id, primary_key=True),
            sa.Column("version", sa.Integer, nullable=False, default=0),
            sa.Column("position", sa.BigInteger, nullable=False, default=0),
            sa.Column("created_at", Instant, nullable=False),
            sa.Column("changed_at", Instant, nullable=False),
            *columns,
            *([sa.Column("search", Text, nullable=False, default="")] if search else []),
            *([sa.Column("owned_by", Json, nullable=False, default=[])] if scope.owners else []),
        )
        self.indexes = (
            *((*each, "id") for each in indexes),
            *((each, "id", *(name for name in filters if name != each)) for each in sorts),
            *([(*filters, "id")] if filters else []),
        )
        self.folds = _Folds(aggregate)
        self._searched = frozenset(search)
        self._owners = frozenset(scope.owners)
        self._module: ModuleType | None = None
        self.blank: Row = {
            column.name: None if column.default is None else column.default.arg  # type: ignore[attr-defined]
            for column in self.table.columns
        }

    def on(self, *event_types: str) -> Callable[[F], F]:
        """Declare the fold for some event types, as in `@customers.on("customer.lapsed")`."""

        def declare(function: F) -> F:
            for type_ in event_types:
                if not type_.startswith(f"{self.aggregate}.") or type_ in self.folds:
                    raise ValueError(f"{self.name} cannot declare a fold for {type_}")
                self.folds[type_] = function
            self._module = inspect.getmodule(function)
            return function

        return declare

    def apply(self, row: Row, event: Recorded) -> Row:
        """Return the row after an event that is next in turn.

        Raises whatever the fold raises; `OutOfTurn` when an event is missing in between,
        `UnreadableEvent` for one that this program cannot read.
        """
        if event.version != row["version"] + 1:
            raise OutOfTurn(f"version {row['version'] + 1} has not come yet")
        if event.data.__class__ is Unreadable:
            raise UnreadableEvent(event.data.error)
        changes = self.folds[event.type](row, event)  # type: ignore[misc]
        after = self.advance({**row, **changes}, event)
        if len(after) != len(row):
            raise KeyError(*(changes.keys() - row.keys()))
        if not self._searched.isdisjoint(changes):
            after["search"] = bigrams(*[after[name] for name in self.search])
        if not self._owners.isdisjoint(changes):
            after["owned_by"] = self.scope.owned_by(after)
        return after

    def advance(self, row: Row, event: Recorded) -> Row:
        """Set, in place, the columns that every event changes, and return the row."""
        if row["version"] == 0:
            row["id"] = event.stream
            row["created_at"] = event.time
        row["version"] = event.version
        row["position"] = event.position
        row["changed_at"] = event.time
        return row

    @property
    def handles(self) -> frozenset[str]:
        """The event types that have a fold."""
        return frozenset(
            type_ for type_, function in self.folds.items() if function not in (None, _unchanged)
        )

    @cached_property
    def fingerprint(self) -> str:
        """What the rows depend on: columns, indexes, folds and the functions these call."""
        columns = [f"{column.name} {column.type!r}" for column in self.table.columns]
        parts = [*columns, *map(repr, (self.indexes, self.search, self.scope)), *self._code()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def _code(self) -> list[str]:
        """Return the code of the module with the folds, and of what it imports of ours.

        Comments and layout do not count.
        """
        if self._module is None:
            return []
        helpers: dict[str, Any] = {
            name: member
            for name, member in vars(self._module).items()
            if inspect.isfunction(member)
            and member.__module__ != self._module.__name__
            and member.__module__.startswith(("projections.", "domain."))
        }
        if self.search:
            helpers["bigrams"] = bigrams
        parts = [self._module, *(helpers[name] for name in sorted(helpers))]
        return [ast.unparse(ast.parse(inspect.getsource(part))) for part in parts]


class OutOfTurn(Exception):
    """An event came before its predecessor."""


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that could not be applied, and why."""

    event: Recorded
    error: str


@dataclass(slots=True)
class Folded:
    """What became of some events.

    `rows` are the changed rows by id; `versions` every state that a row went through, in the
    order of application, for histories; `parked` the events that could not be applied, by stream
    and version; `healed` the events that had been waiting and now were applied.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    versions: list[Row] = field(default_factory=list)
    parked: dict[tuple[str, int], Parked] = field(default_factory=dict)
    healed: list[Recorded] = field(default_factory=list)


def fold(
    model: ReadModel,
    rows: Mapping[str, Row],
    events: Iterable[Recorded],
    waiting: Waiting | None = None,
    *,
    keep_versions: bool = True,
) -> Folded:
    """Apply events to rows. Pure: neither the rows nor their values are changed in place.

    An event that a row has already seen changes nothing. One that comes before its predecessor
    is parked until that was applied, and so is everything behind an event whose fold raises.
    Events of other aggregates are passed over.

    Args:
        model: The read model.
        rows: The rows of the streams concerned, by id, as far as there are any.
        events: In any order, with any repeats.
        waiting: Events parked earlier; they are applied as soon as their turn comes.
        keep_versions: Whether `versions` of the result are wanted.
    """
    folded = Folded()
    folds, changed, blank = model.folds, folded.rows, model.blank
    queues: Waiting = {stream: dict(queue) for stream, queue in (waiting or {}).items()}
    for event in events:
        if folds[event.type] is None:
            continue
        stream = event.stream
        row = changed.get(stream) or rows.get(stream) or blank
        following: Recorded | None = event
        while following is not None and following.version > row["version"]:
            event, following = following, None
            try:
                row = model.apply(row, event)
            except Exception as error:
                queues.setdefault(stream, {})[event.version] = event
                reason = f"{type(error).__name__}: {error}"
                folded.parked[stream, event.version] = Parked(event, reason)
                break
            changed[stream] = row
            if keep_versions:
                folded.versions.append(row)
            if stream in queues:
                folded.parked.pop((stream, event.version), None)
                if waiting and event.version in waiting.get(stream, ()):
                    folded.healed.append(event)
                following = queues[stream].get(event.version + 1)
    return folded


@cache
def read_models() -> Mapping[str, ReadModel]:
    """Return every read model by name: those that the modules of this package declare.

    Adding a file is all it takes to add one.
    """
    package = importlib.import_module("projections")
    found = (
        value
        for module in pkgutil.iter_modules(package.__path__)
        for value in vars(importlib.import_module(f"projections.{module.name}")).values()
        if isinstance(value, ReadModel)
    )
    return {model.name: model for model in sorted(found, key=lambda model: model.name)}
