"""Contacts: the persons at customers in sight who have values that a blind index has found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from projections.customers.customers import customers
from projections.kernel.read_model import Row
from projections.kernel.visibility.column_masks import MASKED, classes
from projections.kernel.visibility.owner_index import among
from projections.kernel.visibility.row_security import lens_of, narrowed
from projections.kernel.visibility.sealed_columns import Opener
from projections.kernel.visibility.visibility import Sight

OF_CUSTOMER = ("id", "customer_id", "customer_name", "unit", "manager")
"""What a contact says of itself and its customer, beside its `DETAILS`."""

DETAILS = (
    *("name", "title", "decision_role", "influence", "relationship"),
    *("birthday", "preferences", "phone", "email"),
)

_BEFORE = len("sealed::") + 1
"""Where the mark of a token begins, behind the characters of its person's id."""

_MARK = 16


class Marked(NamedTuple):
    """Values that were found: the customers that have them, and the marks of their tokens."""

    customers: Collection[str]
    marks: Collection[str]


class Contact(NamedTuple):
    """A person at a customer, with the mark of the birthday."""

    customer_name: str
    customer_id: str
    id: str
    birthday: str | None


def contacts(
    connection: sa.Connection,
    found: Mapping[str, Marked],
    of: Mapping[str, str],
    sights: Iterable[Sight],
) -> list[Contact]:
    """Return the persons whose values are those found, of the customers that all sights show.

    Args:
        connection: The row database.
        found: The values, by the field of the contact; a person has one of each field.
        of: What the customers have whose persons they are, by column.
        sights: What the one who asks sees with each class of fields that is asked for.
    """
    dialect, table = connection.dialect.name, customers.table
    each = _each(table.c.contacts, dialect)
    query = sa.select(table.c.name, table.c.id, each.c.key, _mark(each, "birthday"))
    query = query.select_from(table.join(each, sa.true()))
    query = query.where(*(table.c[name] == value for name, value in of.items()))
    for field, marked in found.items():
        query = query.where(
            among(table.c.id, set(marked.customers), dialect),
            among(_mark(each, field), set(marked.marks), dialect),
        )
    rows = connection.execute(narrowed(query, customers, sights, dialect))
    return [Contact(*row) for row in rows]


def described(
    connection: sa.Connection, wanted: Sequence[tuple[str, str]], sight: Sight, opened: Opener
) -> list[Row]:
    """Return all that somebody sees of persons, given by customer and id, opened."""
    dialect, columns = connection.dialect.name, customers.table.c
    lens = lens_of(customers, sight, dialect)
    names = ("id", "name", "unit", "manager", "contacts")
    query = sa.select(*(columns[name] for name in names), *lens.marks)
    query = query.where(among(columns.id, {of for of, _ in wanted}, dialect))
    persons = {id_ for _, id_ in wanted}
    rows = [lens.show(dict(row)) for row in connection.execute(lens.narrow(query)).mappings()]
    for row in rows:
        row["contacts"] = {key: it for key, it in row["contacts"].items() if key in persons}
    shown = {row["id"]: row for row in opened(customers, rows)}
    return [_described(shown[of], id_) for of, id_ in wanted]


def _described(row: Row, key: str) -> Row:
    person = row["contacts"][key]
    said = dict(
        zip(OF_CUSTOMER, (key, *(row[n] for n in ("id", "name", "unit", "manager"))), strict=True)
    )
    said |= {name: person.get(name) for name in DETAILS}
    if hidden := sorted(set(row.get(MASKED, ())) & classes(customers, ["contacts"])):
        said[MASKED] = hidden
    return said | {name: person[name] for name in ("sealed",) if name in person}


def _each(column: sa.ColumnElement[Any], dialect: str) -> Any:
    """Return the persons in a column as rows of their own."""
    if dialect == "postgresql":
        return sa.func.jsonb_each(sa.cast(column, JSONB)).table_valued("key", "value", name="each")
    return sa.func.json_each(column).table_valued("key", "value", name="each")


def _mark(each: Any, field: str) -> sa.ColumnElement[Any]:
    """Return the mark of the token that seals a field of a person, as `BlindIndex` has it."""
    token = each.c.value.op("->>")(sa.literal_column(f"'{field}'"))
    return sa.func.substr(token, sa.func.length(each.c.key) + _BEFORE, _MARK)
