"""Deadlines of a record: the moments at which time alone brings a command about.

```python
@deadline(after="terms.ends_on", states=Expired, only=(Status.SIGNED, SignatureRequired))
def expire(self) -> None:
    \"\"\"Expire on the day after the last one.\"\"\"
```
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from domain.kernel.rule import NotDue, RuleViolation
from domain.kernel.time.business_day import begin_of
from domain.kernel.types.days import Moment

if TYPE_CHECKING:
    from domain.kernel.aggregate import Aggregate

DUE = "due_at"
"""The parameter of a command that is told at which moment it was due."""


@dataclass(frozen=True)
class Due:
    """By which attributes of a record its command is due, as in `terms.ends_on`, and how.

    A day counts from its first moment, or `after` its last one. Of several values, or of one that
    is no day and no moment, `make` makes it.
    """

    of: tuple[str, ...]
    after: bool
    make: Callable[..., date | None] | None

    @functools.cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of a row that have the values of these attributes."""
        return tuple(path.rpartition(".")[2] for path in self.of)

    def of_record(self, record: Any) -> datetime | None:
        """Return the moment (UTC) at which a record is due, if it is to be."""
        return self._moment([_value(record, path) for path in self.of])

    def of_row(self, row: Mapping[str, Any]) -> datetime | None:
        """Return the moment (UTC) at which the record of a row is due, if it is to be."""
        return self._moment([row[name] for name in self.columns])

    def _moment(self, values: Sequence[Any]) -> datetime | None:
        due = values[0] if self.make is None else self.make(*values)
        if due is None or isinstance(due, datetime):
            return due
        if not self.after:
            return begin_of(due)
        return None if due == date.max else begin_of(date.fromordinal(due.toordinal() + 1))


def deadline(
    *,
    at: str | Callable[..., date | None] | None = None,
    after: str | Callable[..., date | None] | None = None,
    of: tuple[str, ...] = (),
    states: type[Aggregate.Event] | None = None,
    only: tuple[Any, ...] = (),
    guarded: Collection[type[RuleViolation]] = (),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark a method as a command that time alone gives, at the moment that the record says.

    It is a `system` command, as `command` has them, with a parameter `due_at` besides: the moment
    at which it was due, which its fact states too. The fact is true from then, however late it is
    recorded. The command is refused (`NotDue`) when the record is due at another moment by now, or
    not at all. The read model of the record has a column for each deadline, as in `expire_at`,
    which its folds keep: it has the moment in the states that the command is for `only`.

    Args:
        at: The attribute of the record, as in `terms.starts_on`, with the moment, or with a day
            from the first moment of which it is due. Or a function that makes it from `of`.
        after: The same, though a day counts to its end: due is the first moment of the next one.
        of: The attributes that the function takes. What goes by an attribute finds it in the
            column of its name, without what stands before its last dot.
        states: The fact, for a command without a body.
        only: States, followed by the rule told in any other; to be given where there are states.
        guarded: Rules that need more than the record to be checked.
    """
    if (at is None) == (after is None):
        raise TypeError("A deadline is due either at a day or a moment, or after it.")
    told = at if after is None else after
    due = (
        Due((told,), after is not None, None)
        if isinstance(told, str)
        else Due(of, after is not None, told)
    )

    def mark(function: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(function)
        record, *others = signature.parameters.values()
        takes = DUE in signature.parameters
        first = inspect.Parameter(DUE, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Moment)

        @functools.wraps(function)
        def come(record: Any, due_at: datetime, *args: Any, **kwargs: Any) -> None:
            if due_at != due.of_record(record.now):
                raise NotDue(DUE)
            function(record, *((due_at,) if takes else ()), *args, **kwargs)

        parameters = [record, first, *(each for each in others if each.name != DUE)]
        come.__dict__.update(__signature__=signature.replace(parameters=parameters))
        come.__annotations__ = {**function.__annotations__, DUE: Moment}
        marks = {"is_command": True, "system": True, "due": due, "refuses": frozenset({NotDue})}
        come.__dict__.update(marks, states=states, only=only, guarded=guarded)
        return come

    return mark


def _value(record: Any, path: str) -> Any:
    for name in path.split("."):
        if record is None:
            return None
        record = getattr(record, name)
    return record
