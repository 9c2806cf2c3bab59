"""Typed lists: what reports are made of, with types, in each version as its JSON has it."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, NotRequired

import duckdb
import orjson
import pytest
import sqlalchemy as sa
from typing_extensions import TypedDict

from projections.kernel.columns import Json, reported
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.warehouse.elements import MOST
from projections.kernel.warehouse.loader import Loader
from projections.kernel.warehouse.row_history import History
from projections.kernel.warehouse.typed_lists import typed, typed_lists
from tests.projections.happenings import Ledger


class Kind(StrEnum):
    """What a share is."""

    WHOLE = "whole"


class Part(TypedDict):
    """A part of a share."""

    name: str | None


class Share(TypedDict):
    """A share of a till."""

    kind: Kind
    amount: Decimal | None
    weight: Annotated[Decimal, "DECIMAL(22,4)"]
    on: NotRequired[date]
    parts: list[Part]


tills = ReadModel(
    "tills",
    "till",
    sa.Column("shares", Json, nullable=False, default=[], info=reported(list[Share])),
    sa.Column("note", sa.Text),
)


@tills.on("till.counted")
def _counted(row: Row, event: Any) -> Row:
    return {"shares": [*row["shares"], *event.data["shares"]]}


def share(number: int) -> dict[str, Any]:
    told = {"kind": "whole", "amount": f"{number}.10", "weight": "0.1234", "parts": [{"name": "p"}]}
    return told | ({"on": "2026-03-01"} if number % 2 else {})


def as_typed(number: int) -> dict[str, Any]:
    day = date(2026, 3, 1) if number % 2 else None
    told = {"kind": "whole", "amount": Decimal(number) + Decimal("0.10"), "on": day}
    return told | {"weight": Decimal("0.1234"), "parts": [{"name": "p"}]}


def test_each_version_has_its_list_with_types_however_long_it_grew() -> None:
    ledger, come = Ledger(), [list(range(n, n + 5)) for n in range(0, 3 * MOST, 5)]
    for version, numbers in enumerate(come, 1):
        data = orjson.dumps({"shares": [*map(share, numbers)]}).decode()
        ledger.add("t", version, "till.counted", 1, data)
    with duckdb.connect() as connection:
        loader = Loader(connection, {"tills": tills})
        loader.create()
        for row in ledger.rows:
            loader.load([row])
        for position in range(1, len(come) + 1):
            query = f"SELECT {typed('shares')} FROM tills_as_of({position})"
            ((found,),) = connection.execute(query).fetchall()
            assert found == [as_typed(number) for number in range(5 * position)]


def test_a_history_is_made_anew_when_what_its_lists_hold_has_another_type() -> None:
    class Other(TypedDict):
        kind: int

    other = ReadModel(
        "other_tills",
        "till",
        sa.Column("shares", Json, nullable=False, default=[], info=reported(list[Other])),
    )
    plain = ReadModel("plain_tills", "till", sa.Column("shares", Json, nullable=False, default=[]))
    plain.__dict__["fingerprint"] = other.fingerprint  # all else alike
    assert History(other).fingerprint != History(plain).fingerprint
    assert typed_lists(plain) == {}


def test_what_has_no_type_in_the_warehouse_is_refused_as_it_is_declared() -> None:
    odd = ReadModel("odd_tills", "till", sa.Column("shares", Json, info=reported(list[bytes])))
    with pytest.raises(TypeError, match="bytes"):
        typed_lists(odd)
