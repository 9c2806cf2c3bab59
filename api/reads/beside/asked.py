"""Asked: what a list or a record is to say beside its columns, and its rows with that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from starlette.concurrency import run_in_threadpool

from api.kernel.access.visibility import Seeing
from api.kernel.process import Parts
from api.kernel.reading.read_parameters import checked, invalid
from api.reads.beside.names import expanded, nameable, with_names
from api.reads.beside.news import PARAMETER, begin_of_news, with_news
from projections.kernel.listed import Listed
from projections.kernel.read_model import Row

MOST = 100
"""Rows of a page whose news are told."""

Expand = Annotated[
    str | None,
    Query(
        max_length=500,
        description="columns with commas between, beside whose codes and ids the row has `names`: "
        "what each is called now, nothing where that is out of sight",
    ),
]
ChangesSince = Annotated[
    str | None,
    Query(
        max_length=40,
        description="a day (from its begin) or an instant; each row then has `changes`: what was "
        "recorded since of its record and, of a customer, of all that is of it. Of now, and of "
        f"{MOST} rows at most",
    ),
]


@dataclass(frozen=True)
class Beside:
    """What is told beside rows: the names of `columns`, what changed behind a position."""

    parts: Parts
    see: Seeing
    model: Listed
    columns: tuple[str, ...]
    since: int | None

    def add(self, ids: Sequence[str], rows: list[Row], position: int) -> list[Row]:
        """Return rows, those of the records with these ids, with all that was asked for.

        They are as of a position.
        """
        if self.columns:
            rows = with_names(self.parts, self.see, nameable(self.model), self.columns, rows)
        if self.since is not None:
            stretch = (self.since, position)
            rows = with_news(self.parts, self.see, self.model, ids, rows, stretch)
        return rows


async def beside(
    parts: Parts,
    see: Seeing,
    model: Listed,
    fields: Collection[str],
    expand: str | None,
    since: str | None = None,
    limit: int = 1,
) -> Beside | None:
    """Return what is asked for beside the fields of rows, if anything is.

    Raises `InvalidParameter`.
    """
    if expand is None and since is None:
        return None
    with checked():
        columns = expanded(nameable(model), expand, fields)
    if since is not None and limit > MOST:
        raise invalid("limit", f"At most {MOST} with {PARAMETER}.")
    begin = None if since is None else await run_in_threadpool(begin_of_news, parts, since)
    return Beside(parts, see, model, columns, begin)


def refuse_beside(now: bool, format: str, expand: str | None, since: str | None) -> None:
    """Refuse what is not told beside rows of the past, nor in files. Raises `InvalidParameter`."""
    for name, given in (("expand", expand), (PARAMETER, since)):
        if given is not None and format != "json":
            raise invalid(name, "Files have columns alone.")
    if since is not None and not now:
        raise invalid(PARAMETER, "What changed is told of now; a digest tells it of the past.")
