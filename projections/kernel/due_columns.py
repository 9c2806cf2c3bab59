"""Due columns: the moments at which the records of a read model are due by their deadlines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from domain.kernel.aggregate import discover, kebab
from domain.kernel.time.due import Due


@dataclass(frozen=True)
class DueColumn:
    """The column of one deadline: with the moment while the `status` is one that it is for."""

    name: str
    command: str
    due: Due
    status: str | None
    states: tuple[Any, ...]

    @cached_property
    def goes_by(self) -> frozenset[str]:
        """The columns of which the moment is made."""
        return frozenset(self.due.columns) | ({self.status} if self.status else set())

    def moment(self, row: Mapping[str, Any]) -> datetime | None:
        """Return the moment (UTC) at which the record of a row is due, if it is to be."""
        if self.status is not None and row[self.status] not in self.states:
            return None
        return self.due.of_row(row)

    def depends_on(self) -> tuple[str, list[Callable[..., Any]]]:
        """Return what the moment depends on: what is declared, as text, and the functions."""
        declared = (self.name, self.due.of, self.due.after, self.status, *map(str, self.states))
        functions: list[Callable[..., Any]] = [DueColumn.moment, Due.of_row]
        return repr(declared), functions + ([self.due.make] if self.due.make else [])


def due_columns(kind: str) -> Iterator[DueColumn]:
    """Yield the columns of the deadlines that the aggregate of a kind declares."""
    aggregate = discover().aggregates.get(kind)
    for method, member in vars(aggregate).items() if aggregate is not None else ():
        due: Due | None = getattr(member, "due", None)
        if due is None or aggregate is None:
            continue
        name, command = f"{method}_at", f"{kind}.{kebab(method)}"
        if aggregate.states is None:
            yield DueColumn(name, command, due, None, ())
        else:
            every: Any = type(aggregate.states.first)
            states = (False, True) if every is bool else tuple(every)
            good = tuple(each for each in states if member.refusal(each) is None)
            yield DueColumn(name, command, due, aggregate.states.attribute, good)
