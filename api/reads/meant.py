"""Meant: codes and ids that a read is asked for, `me` too, are those of somebody in sight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from api.kernel.access.visibility import Seeing
from api.kernel.process import Parts
from api.kernel.reading.read_parameters import invalid, reach
from api.kernel.routers import routers
from domain.kernel.actors import FORMER_NAMES
from domain.kernel.aggregate import discover
from domain.kernel.codec import fields_of, fields_within
from domain.kernel.commands import every_command
from domain.permissions.permission import expand
from projections.kernel.columns import ACTOR, PERMISSION
from projections.kernel.listed import Listed
from projections.kernel.lists.list_filters import LISTS, Filter, filters
from projections.kernel.lists.point_in_time import Asking, Now, Then
from projections.kernel.read_model import Row, models_by_kind
from projections.kernel.reports.record_names import key_of
from projections.kernel.visibility.owner_index import meets
from projections.kernel.visibility.row_security import narrowed, subject_of
from projections.kernel.visibility.summed_sight import where_seen
from projections.kernel.visibility.visibility import Sight, Sights
from streams.kernel.deadline import deadlines
from streams.kernel.policy import policies

Asked = Sequence[tuple[Filter, str]]

Moment = tuple[int, date | None]
"""A position, and a day if only what was true by then counts."""

_AT_MACHINE = ("export",)
"""Reads that the command line alone makes."""


ME = "me"
"""Stands for the employee who asks, wherever a filter names one."""

PERSONS = ("employee", ACTOR)
"""The kinds of what columns name that are employees, or may be."""


def meant(see: Seeing, model: Listed, where: Mapping[str, str]) -> dict[str, str]:
    """Return the filters of a list with the code of whoever asks for `me`.

    Raises `InvalidParameter`.
    """
    return {
        name: ",".join(coded(see, name, text.split(",")))
        if filters(model)[name].of in PERSONS
        else text
        for name, text in where.items()
    }


def coded(see: Seeing, parameter: str, codes: Iterable[str]) -> list[str]:
    """Return codes of employees, with that of whoever asks for `me`. Raises `InvalidParameter`."""
    found = list(codes)
    if ME in found and see.me is None:
        raise invalid(parameter, "A key is no employee: name one by code instead of `me`.")
    return [see.me or each if each == ME else each for each in found]


async def refuse_nobodys(
    parts: Parts,
    see: Seeing,
    model: Listed,
    where: Mapping[str, str],
    sight: Sight | Sights,
    then: Moment | None = None,
) -> None:
    """Refuse filters of a list by codes and ids of nobody: the list would be empty without a word.

    What neither names a record in sight nor stands in a row in sight, now or `then`, counts as
    nobody's, so that nothing is told of what is out of sight. Raises `InvalidParameter`.
    """
    strange: Asked = list(_asked(see, model, where))
    if strange:
        find = partial(_now, parts, see, model, strange, sight)
        strange = await parts.at_once.ask((refuse_nobodys, model.kind), run_in_threadpool, find)
    if strange and parts.visible.position < (head := parts.journal.appended):
        await reach(parts.visible, head)  # what was recorded just now is somebody's
        strange = await run_in_threadpool(_now, parts, see, model, strange, sight)
    if strange and then is not None:
        strange = await see.ask(_then, parts, see, model, strange, sight, then)
    for each, value in strange:
        raise invalid(each.name, f"No {each.of} in sight is {value[:100]!r}.")


def refuse_unknown(see: Seeing, kind: str, code: str | None, parameter: str) -> None:
    """Refuse the code of a unit or an employee that there is not. Raises `InvalidParameter`."""
    if code is not None and not _shown(see, kind, code):
        raise invalid(parameter, f"There is no {kind} {code!r}.")


def refuse_nobody(see: Seeing, asked: Mapping[str, str | None]) -> None:
    """Refuse who is neither an employee or key in sight nor a policy or part of the system.

    They come by parameter. To be asked when nothing was found: what was done may be older than
    the records of the staff. Raises `InvalidParameter`.
    """
    for parameter, who in asked.items():
        if who is not None and not _is_somebody(see, who):
            raise invalid(parameter, f"Nobody in sight is called {who!r}.")


def refuse_no_command(name: str | None) -> None:
    """Refuse what is neither a command nor a read. Raises `InvalidParameter`."""
    if name is not None and name not in {*every_command(), *_reads(), *_AT_MACHINE}:
        raise invalid("command", f"There is no command or read {name!r}.")


def _reads() -> Iterator[str]:
    """Yield what the operation log calls the routes."""
    for router in routers():
        for each in router.routes:
            if isinstance(each, APIRoute):
                yield each.operation_id or each.name


def refuse_no_event(type_: str, kind: str | None) -> None:
    """Refuse a type of event that there is not, of this kind if one is given.

    Raises `InvalidParameter`.
    """
    known = discover().owners
    if type_ not in known or kind not in (None, known[type_].kind):
        raise invalid("type", f"There is no event {type_!r}{f' of a {kind}' if kind else ''}.")


def refuse_no_field(kind: str, path: str | None) -> None:
    """Refuse a path without any field of the rows or events of a kind.

    To be asked when nothing was found: within a field there may be any name. Raises
    `InvalidParameter`.
    """
    known = set(models_by_kind()[kind].table.columns.keys()) if kind in models_by_kind() else set()
    for type_, owner in discover().owners.items():
        if owner.kind == kind:
            known |= {name for name, _ in fields_within(fields_of(discover().events[type_]))}
    if path is not None and known.isdisjoint(path.split("/")):
        raise invalid("field", f"A {kind} has no field {path!r}.")


def refuse_no_record(parts: Parts, see: Seeing, id_: str, parameter: str) -> None:
    """Refuse the id of no record in sight. Raises `InvalidParameter`."""
    first = parts.journal.history(id_)[:1]
    if first and first[0].position > parts.projector.position():
        return  # who sees it is known when the rows have it
    if not see.events(first):
        raise invalid(parameter, f"No record in sight is {id_!r}.")


def _asked(see: Seeing, model: Listed, where: Mapping[str, str]) -> Iterator[tuple[Filter, str]]:
    """Yield the filters, each with a value, of which it has to be looked up what they name."""
    known = filters(model)
    for name, text in where.items():
        for value in filter(None, text.split(",") if known[name].of else ()):
            if not _is_known(see, known[name], value):
                yield known[name], value


def _is_known(see: Seeing, asked: Filter, value: str) -> bool:
    """Tell whether what a filter names is known to be there without looking at rows."""
    if asked.of == ACTOR:
        return _is_somebody(see, value)
    if asked.of == PERMISSION:
        return bool(expand([value]))
    return asked.column not in ("id", "prefix") and _shown(see, asked.of, value)


def _is_somebody(see: Seeing, who: str) -> bool:
    """Tell whether a name is that of a policy or the like, of a person or a key in sight."""
    return (
        who in policies()
        or who in deadlines()
        or who in FORMER_NAMES
        or _shown(see, "employee", who)
        or _covers(see, "api-key", see.access.shelves["api_keys"].rows.get(who))
    )


def _shown(see: Seeing, kind: str, code: str) -> bool:
    """Tell whether a code is that of a record in sight which decides access: these are in memory.

    Records without codes, and of other kinds, are not.
    """
    model = models_by_kind().get(kind)
    shelf = None if model is None else see.access.shelves.get(model.name)
    return shelf is not None and any(
        row.get("code") == code and _covers(see, kind, row) for row in shelf.find(code)
    )


def _covers(see: Seeing, kind: str, row: Row | None) -> bool:
    """Tell whether there is a row of a kind, and it is in sight."""
    model, sight = models_by_kind()[kind], see.sight(f"{kind}.read")
    if row is None or not sight:
        return False
    return model.scope.public or sight.covers(subject_of(model, row))


def _now(parts: Parts, see: Seeing, model: Listed, asked: Asked, sight: Sight | Sights) -> Asked:
    with parts.rows.connect() as connection, parts.patience.rows(connection):
        return list(_strange(Now(connection), see, model, asked, sight))


def _then(
    parts: Parts, see: Seeing, model: Listed, asked: Asked, sight: Sight | Sights, then: Moment
) -> Asked:
    assert parts.warehouse is not None
    with parts.warehouse.reader() as cursor:
        return list(_strange(Then(cursor, *then), see, model, asked, sight))


def _strange(
    place: Asking, see: Seeing, model: Listed, asked: Asked, sight: Sight | Sights
) -> Iterator[tuple[Filter, str]]:
    """Yield those of some filters, each with a value, that find nothing in sight at a place."""
    dialect, tables = place.dialect, where_seen(sight, place.dialect, place.tables)

    def find(where: Listed, seen: Sight | Sights, query: sa.Select[Any]) -> set[str]:
        return {row["found"] for row in place.rows(narrowed(query, where, [seen], dialect, tables))}

    for each, pairs in groupby(asked, itemgetter(0)):
        had, had_in = model, sight
        if each.through:
            had, had_in = models_by_kind()[each.above], see.sight(f"{each.above}.read")
        values, column = {value for _, value in pairs}, tables(had).c[each.column]
        other = model if each.own else models_by_kind().get(each.of)
        if other is not None:
            key = tables(other).c[each.column if each.own else key_of(other)]
            seen = sight if each.own else see.sight(f"{other.aggregate}.read")
            values -= find(other, seen, sa.select(key.label("found")).where(key.in_(values)))
        for value in sorted(values):
            stands = meets(column, [value], dialect) if each.kind in LISTS else column == value
            query = sa.select(sa.literal(value).label("found")).select_from(tables(had))
            if each.own or not find(had, had_in, query.where(stands).limit(1)):
                yield each, value
