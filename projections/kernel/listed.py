"""Listed tables: what it takes to filter, sort and page rows and to show them to who may see."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import sqlalchemy as sa

from projections.kernel.due_columns import DueColumn
from projections.kernel.ownership import Scope


class Listed(ABC):
    """A table of the row database with the orders and filters by which it is listed.

    Its rows bear the ids of records of one kind, `aggregate`: they are these records, or tell of
    them what the records of several `kinds` come to.
    """

    kind: str
    """What a row is called, as in `service-ticket`."""
    dues: tuple[DueColumn, ...] = ()
    """What is kept for deadlines alone, and shown to nobody."""

    apart: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    """Lists of some of the rows, by the last step of their path, with the filters that make them.
    """

    rotated: str | None = None
    """The column with the words by which rows that are nearest to a text are found."""

    @property
    @abstractmethod
    def kinds(self) -> tuple[str, ...]:
        """The kinds of records that rows tell of: only who may read all of them sees a row."""

    @property
    @abstractmethod
    def plural(self) -> str:
        """What the rows are called, as in `service-tickets`: the path of their list."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What the schema of a row is called, as in `ServiceTicket`."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """What the rows depend on beside events: columns, indexes, and the code that makes them."""

    def __init__(
        self,
        aggregate: str,
        table: sa.Table,
        *,
        order: str,
        indexes: Sequence[Sequence[str]],
        sorts: Sequence[str],
        filters: Sequence[str],
        search: Sequence[str],
        scope: Scope,
    ) -> None:
        """Declare how a table is listed; the arguments are those of `ReadModel`.

        Raises `ValueError` when it names a column that there is not.
        """
        named = {order.removeprefix("-"), *sorts, *filters, *search, *scope.columns}
        if missing := sorted(named.union(*indexes) - set(table.columns.keys())):
            raise ValueError(f"{table.name} has no column {', '.join(missing)}")
        self.name = table.name
        self.aggregate = aggregate
        self.table = table
        self.order = order
        self.search = tuple(search)
        self.scope = scope
        sorted_by = [(each, "id", *(name for name in filters if name != each)) for each in sorts]
        self.indexes: tuple[tuple[str, ...], ...] = (
            *((*each, "id") for each in indexes),
            *sorted_by,
            *([(*filters, "id")] if filters else []),
        )
        shared = [filters if each[0] in filters else () for each in indexes]
        self.orders = (
            *(
                tuple(dict.fromkeys((*each, "id", *more)))
                for each, more in zip(indexes, shared, strict=True)
            ),
            *sorted_by,
        )
        """In which orders lists are walked, with what is filtered where many rows are alike."""
