"""Rows handed over together are those that the database sends one by one."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from projections.kernel.columns import Instant, Json, Money
from projections.kernel.lists.page_rows import Together
from projections.kernel.rows.statements import first_row

COLUMNS = [
    sa.Column("text", sa.Text),
    sa.Column("number", sa.Float),
    sa.Column("count", sa.Integer),
    sa.Column("amount", Money),
    sa.Column("moment", Instant),
    sa.Column("day", sa.Date),
    sa.Column("yes", sa.Boolean),
    sa.Column("list", Json),
]


CHARACTERS = [chr(code) for code in (*range(1, 0x500), *range(0x1F600, 0x1F640))]


def _row(random: Random) -> dict[str, Any]:
    row: dict[str, Any] = {
        "text": "".join(random.choices(CHARACTERS, k=9)),
        "number": random.choice([random.uniform(-1, 1), 0.1 + 0.2, 1e-300, 1e300, -0.0, 3.0]),
        "count": random.randrange(-(2**63), 2**63),
        "amount": Decimal(random.randrange(-(10**17), 10**17)).scaleb(-2),
        "moment": datetime.fromtimestamp(random.randrange(4 * 10**9), UTC)
        + timedelta(microseconds=random.randrange(10**6)),
        "day": date.fromordinal(random.randrange(1, 3_000_000)),
        "yes": random.random() < 0.5,
        "list": random.choice([{}, [], {"a": [1, None, "x"]}, ["\\", '"', "\n"]]),
    }
    return {name: value if random.random() < 0.8 else None for name, value in row.items()}


@pytest.mark.parametrize("copies", [1, 15], ids=["few columns", "more than a function takes"])
def test_each_value_of_each_type_is_the_same(copies: int) -> None:
    random, table = Random(copies), sa.Table("some", sa.MetaData(), sa.Column("id", sa.Integer))
    for number in range(copies):
        for column in COLUMNS:
            table.append_column(sa.Column(f"{column.name}_{number}", column.type))
    rows = [
        {"id": at} | {f"{n}_{c}": v for c in range(copies) for n, v in _row(random).items()}
        for at in range(60)
    ]
    with sa.create_engine("sqlite://").begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), rows)
        some = sa.select(table).where(table.c.id >= 5).order_by(table.c.id.desc()).limit(50)
        found = Together(some).rows(connection)
        assert found == [dict(row) for row in connection.execute(some).mappings()]
        assert found == rows[:9:-1]
        assert Together(some.where(table.c.id > 100)).rows(connection) == []


def test_what_a_statement_does_wrong_is_told_as_any_other_does(
    database_url: str,
) -> None:
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        assert first_row(connection, "SELECT 7, 'x'") == (7, "x")
    with pytest.raises(sa.exc.DBAPIError, match="nowhere"), engine.connect() as connection:
        first_row(connection, "SELECT * FROM nowhere")
    engine.dispose()
