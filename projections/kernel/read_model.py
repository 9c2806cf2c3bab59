"""Read models: a table with a row per record, and the pure folds that keep it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded, discover
from domain.kernel.discovery import declared
from domain.kernel.envelope import Unreadable, UnreadableEvent
from domain.kernel.time.business_day import recorded_day
from domain.kernel.time.effective_day import effective_day, in_effect
from domain.kernel.time.replay import follow
from projections.kernel.belonging import Belongs
from projections.kernel.columns import Day, Id, Instant, Json, Text
from projections.kernel.declared_folds import DeclaredFolds
from projections.kernel.declared_folds import Fold as Fold
from projections.kernel.declared_folds import Row as Row
from projections.kernel.due_columns import due_columns
from projections.kernel.fold import Check as Check
from projections.kernel.fold import Folded as Folded
from projections.kernel.fold import Histories as Histories
from projections.kernel.fold import Late as Late
from projections.kernel.fold import OutOfTurn as OutOfTurn
from projections.kernel.fold import Parked as Parked
from projections.kernel.fold import Passes as Passes
from projections.kernel.fold import Waiting as Waiting
from projections.kernel.fold import fold as fold
from projections.kernel.full_text import bigrams
from projections.kernel.listed import Listed
from projections.kernel.ownership import Scope
from projections.kernel.part_columns import part_columns, part_folds, part_todos, tell_parts
from projections.kernel.todo import Todo

_OF_EVERY_ROW = ("id", "version", "position", "created_at", "changed_at", "in_force")

row_tables = sa.MetaData()


class ReadModel(Listed, DeclaredFolds):
    """One row per record of one aggregate, folded from all its events.

    Every row has, before the columns of its model: `id`, the stream; `version`, the number of the
    stream's last event in it; `position`, where that event stands in the journal; `created_at`
    and `changed_at`, when the first and the last event were recorded; `in_force`, the latest
    effective day of them. The first event finds a row with the defaults of the columns. After
    them it has those that the Parts of the aggregate give (`part_columns`), and one for each of its
    deadlines, with an index.
    """

    def __init__(
        self,
        name: str,
        aggregate: str,
        *columns: sa.Column[Any],
        order: str = "id",
        indexes: Sequence[Sequence[str]] = (),
        sorts: Sequence[str] = (),
        filters: Sequence[str] = (),
        search: Sequence[str] = (),
        rotated: str | None = None,
        counted: Sequence[str] = (),
        scope: Scope | None = None,
        belongs: Belongs = Belongs(),  # noqa: B008
        todos: Sequence[Todo] = (),
        apart: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
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
            rotated: The column with words, spaces between them, by which rows that are nearest to
                a text are found (`rotated_index`).
            counted: The columns that are among the `counts` of the record. Each event says by how
                many they change, as of when it was recorded; in another order they are taken from
                the record itself.
            scope: Where the rows are seen. Without it that is where the records belong; those that
                belong nowhere see only those who see everything.
            belongs: Which customer, unit and employee the records go with, as far as that does not
                follow from what the aggregate declares.
            todos: What is to be done about its rows, by whom, beside what its Parts ask for.
            apart: Lists of some of the rows that have paths of their own below that of the whole
                list, as `/bills/unmatched`, with the filters that make them.

        Raises `ValueError` when it names a column that there is not.
        """
        of, folds = discover().aggregates.get(aggregate), dict[str, Fold]()
        if of is not None:
            columns += (*part_columns(of, {column.name for column in columns}),)
            belongs, folds = belongs.completed(of), part_folds(of)
            scope = scope or Scope.following(of, belongs)
            todos = (*todos, *part_todos(of, {column.name for column in columns}))
        scope = scope or Scope()
        has = {*_OF_EVERY_ROW, *(column.name for column in columns)}
        named = {
            *counted,
            *filter(None, [rotated]),
            *belongs.columns,
            *(name for todo in todos for name in todo.columns),
        }
        if missing := sorted(named - has):
            raise ValueError(f"{name} has no column {', '.join(missing)}")
        self.dues = tuple(due_columns(aggregate))
        if missing := sorted({each for due in self.dues for each in due.goes_by} - has):
            raise ValueError(f"{name} has no column {', '.join(missing)}, by which it is due")
        by_name = {column.name: column for column in columns}
        DeclaredFolds.__init__(self, name, aggregate, by_name, folds)
        if of is not None:
            tell_parts(self, of)
        self.todos = tuple(todos)
        self.apart = apart
        table = sa.Table(
            name,
            row_tables,
            sa.Column("id", Id, primary_key=True),
            sa.Column("version", sa.Integer, nullable=False, default=0),
            sa.Column("position", sa.BigInteger, nullable=False, default=0),
            sa.Column("created_at", Instant, nullable=False),
            sa.Column("changed_at", Instant, nullable=False),
            sa.Column("in_force", Day, nullable=False),
            *columns,
            *(sa.Column(due.name, Instant) for due in self.dues),
            *([sa.Column("search", Text, nullable=False, default="")] if search else []),
            *([sa.Column("owned_by", Json, nullable=False, default=[])] if scope.owners else []),
        )
        Listed.__init__(
            self,
            aggregate,
            table,
            order=order,
            indexes=indexes,
            sorts=sorts,
            filters=filters,
            search=search,
            scope=scope,
        )
        self.indexes += tuple((due.name, "id") for due in self.dues)
        self.kind = aggregate
        self.rotated = rotated
        self.module: str = sys._getframe(1).f_globals["__name__"]
        self.counted = tuple(counted)
        self.belongs = belongs
        self._searched = frozenset(search)
        self._owners = frozenset(scope.owners)
        self.blank: Row = {
            column.name: None if column.default is None else column.default.arg  # type: ignore[attr-defined]
            for column in self.table.columns
        }

    @property
    def kinds(self) -> tuple[str, ...]:
        """The one kind of the records."""
        return (self.aggregate,)

    @property
    def plural(self) -> str:
        """What the records are called, as in `service-tickets`."""
        return discover().aggregates[self.aggregate].plural

    @property
    def title(self) -> str:
        """What the schema of a record is called, as in `ServiceTicket`."""
        return discover().aggregates[self.aggregate].__name__

    def apply(self, row: Row, event: Recorded) -> Row:
        """Return the row after an event that is next in turn.

        Raises whatever the fold raises; `OutOfTurn` when an event is missing in between, `Late`
        when it holds before others that are in the row, `UnreadableEvent` for one that this
        program cannot read.
        """
        if event.version != row["version"] + 1:
            raise OutOfTurn(f"version {row['version'] + 1} has not come yet")
        data, known = event.data, row["in_force"]
        if data.__class__ is Unreadable:
            raise UnreadableEvent(data.error)
        day = effective_day(event.type, data, event.time)
        if known is not None and day < known:
            raise Late(f"it holds as of {day}, others as of {known}")
        return self._after(row, event, day)

    def _after(self, row: Row, event: Recorded, day: date) -> Row:
        changes = self.folds[event.type](row, event)  # type: ignore[misc]
        after = self.advance({**row, **changes}, event, day)
        if len(after) != len(row):
            raise KeyError(*(changes.keys() - row.keys()))
        for due in self.dues:
            if row["version"] == 0 or not due.goes_by.isdisjoint(changes):
                after[due.name] = due.moment(after)
        if not self._searched.isdisjoint(changes):
            after["search"] = bigrams(*[after[name] for name in self.search])
        if not self._owners.isdisjoint(changes):
            after["owned_by"] = self.scope.owned_by(after)
        return after

    def retell(
        self,
        history: Sequence[Recorded],
        passes: Passes | None = None,
        check: Check | None = None,
    ) -> list[Row]:
        """Return the rows after each day on which events of a record hold, the present one last.

        `history` has all its events, or those up to some day. What cannot be read was passed
        over, else nothing would have come behind it. `passes` and `check` are those of `fold`.
        Raises what the fold raises.
        """
        row, days, record = self.blank, dict[date, Row](), None
        for event in in_effect(each for each in history if each.data.__class__ is not Unreadable):
            before, day = row, effective_day(event.type, event.data, event.time)
            known = before["in_force"]
            try:
                row = self._after(before, event, day if known is None else max(known, day))
                if self.counted:
                    record = follow(record, event)
                    row |= {name: record.counts[name] for name in self.counted}
                if check is not None:
                    check(row)
            except Exception:
                if passes is None or not passes(event):
                    raise
                row = before
                continue
            if event.version < before["version"]:
                row |= {name: before[name] for name in ("version", "position", "changed_at")}
            days[row["in_force"]] = row
        return list(days.values())

    def advance(self, row: Row, event: Recorded, day: date | None = None) -> Row:
        """Set, in place, the columns that every event changes, and return the row.

        Without its effective `day` the event has no say in what is in force.
        """
        if row["version"] == 0:
            row["id"] = event.stream
            row["created_at"] = event.time
            row["in_force"] = day or recorded_day(event.time)
        elif day is not None:
            row["in_force"] = day
        row["version"] = event.version
        row["position"] = event.position
        row["changed_at"] = event.time
        return row

    @cached_property
    def fingerprint(self) -> str:
        """What the rows depend on: columns, indexes, the folds and all that these depend on."""
        parts = [f"{column.name} {column.type!r}" for column in self.table.columns]
        parts += map(repr, (self.indexes, self.search, self.counted, self.scope))
        functions: list[Callable[..., Any]] = [bigrams] if self.search else []
        functions += [Scope.owned_by] if self.scope.owners else []
        parts += [f"rotated {self.rotated}"] if self.rotated else []
        for due in self.dues:
            declared, makes = due.depends_on()
            parts.append(declared)
            functions += makes
        parts += self.depends_on(*functions)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@cache
def _require_whole(model: ReadModel) -> None:
    """Once for each: modules that are being imported ask for the others, and so on."""
    model.require_whole()


@cache
def read_models() -> Mapping[str, ReadModel]:
    """Return every read model by name: those that modules of this layer declare.

    Adding a file is all it takes to add one. Raises `ValueError` for one that declares what no
    event does, or has a column that none gives.
    """
    found = declared("projections", ReadModel)
    for model in found:
        _require_whole(model)
    return {model.name: model for model in sorted(found, key=lambda model: model.name)}


@cache
def models_by_kind() -> Mapping[str, ReadModel]:
    """Return every read model by the kind of record that it is of."""
    return {model.aggregate: model for model in read_models().values()}
