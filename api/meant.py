"""Meant: codes and ids that a read is asked for are those of somebody or something in sight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute

from api.parts import Parts
from api.reading import invalid
from api.seeing import Seeing
from domain.actors import FORMER_NAMES
from domain.commands import every_command
from domain.kernel import discover
from domain.payload import fields_of, fields_within
from projections.called import key_of
from projections.kernel import ReadModel, models_by_kind
from projections.lens import narrowed
from projections.owned import meets
from projections.question import Filter, filters
from projections.sight import Sight
from streams.policy import policies

Asked = Sequence[tuple[Filter, str]]

_AT_MACHINE = ("export",)
"""Reads that the command line alone makes."""


async def refuse_nobodys(
    parts: Parts, see: Seeing, model: ReadModel, where: Mapping[str, str], sight: Sight
) -> None:
    """Refuse filters of a list by codes and ids of nobody: the list would be empty without a word.

    What neither names a record in sight nor stands in a row in sight counts as nobody's, so that
    nothing is told of what is out of sight. Raises `InvalidParameter`.
    """
    asked = list(_asked(see, model, where))
    if asked:
        await run_in_threadpool(_look, parts, see, model, asked, sight)


def refuse_unknown(see: Seeing, kind: str, code: str | None, parameter: str) -> None:
    """Refuse the code of a unit or an employee that there is not. Raises `InvalidParameter`."""
    if code is not None and not _shelved(see, kind, code):
        raise invalid(parameter, f"There is no {kind} {code!r}.")


def refuse_nobody(see: Seeing, asked: Mapping[str, str | None]) -> None:
    """Refuse who is neither an employee nor a key, policy or part of the system, by parameter.

    To be asked when nothing was found: what was done may be older than the records of the staff.
    Raises `InvalidParameter`.
    """
    for parameter, who in asked.items():
        if who is None or who in policies() or who in FORMER_NAMES:
            continue
        if not _shelved(see, "employee", who) and who not in see.access.shelves["api_keys"].rows:
            raise invalid(parameter, f"Nobody is called {who!r}.")


def refuse_no_command(app: FastAPI, name: str | None) -> None:
    """Refuse what is neither a command nor a read. Raises `InvalidParameter`."""
    if name is not None and name not in {*every_command(), *_reads(app.routes), *_AT_MACHINE}:
        raise invalid("command", f"There is no command or read {name!r}.")


def _reads(routes: Iterable[BaseRoute]) -> Iterator[str]:
    """Yield what the operation log calls the routes, those of routers within among them."""
    for each in routes:
        if isinstance(each, APIRoute):
            yield each.operation_id or each.name
        yield from _reads(getattr(getattr(each, "original_router", None), "routes", ()))


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


def _asked(see: Seeing, model: ReadModel, where: Mapping[str, str]) -> Iterator[tuple[Filter, str]]:
    known = filters(model)
    for name, text in where.items():
        for value in filter(None, text.split(",")):
            if (of := known[name].of) and not _shelved(see, of, value):
                yield known[name], value


def _shelved(see: Seeing, kind: str, code: str) -> bool:
    """Tell whether a code is that of a record which decides access: those are in memory."""
    model = models_by_kind().get(kind)
    shelf = None if model is None else see.access.shelves.get(model.name)
    return shelf is not None and any(row.get("code") == code for row in shelf.find(code))


def _look(parts: Parts, see: Seeing, model: ReadModel, asked: Asked, sight: Sight) -> None:
    with parts.rows.connect() as connection:
        dialect, one = connection.dialect.name, sa.literal(1)
        for each, value in asked:
            other = models_by_kind()[each.of]
            key, column = other.table.c[key_of(other)], model.table.c[each.column]
            stands = meets(column, [value], dialect) if each.kind == "has" else column == value
            looks = (
                (other, key == value, see.sight(f"{other.aggregate}.read")),
                (model, stands, sight),
            )
            for where, condition, seen in looks:
                query = sa.select(one).select_from(where.table).where(condition).limit(1)
                if connection.execute(narrowed(query, where, [seen], dialect)).first():
                    break
            else:
                raise invalid(each.name, f"No {each.of} in sight is {value[:100]!r}.")
