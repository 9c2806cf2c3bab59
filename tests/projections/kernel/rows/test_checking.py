"""Checking rows, on both databases: whatever is not as the journal says is found and named."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.storage.databases import connect
from domain.kernel.aggregate import Recorded
from projections.kernel.columns import Json
from projections.kernel.findings import FEW, Report
from projections.kernel.read_model import ReadModel, read_models
from projections.kernel.rows.checking import check
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.shadow_tables import Batches
from tests.projections.accounts import accounts
from tests.projections.happenings import golden_rows, recorded, told
from tests.projections.kernel.rows.test_rebuild import MODELS, Journal

ROWS = golden_rows()


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = connect(database_url, "normal")
    yield engine
    engine.dispose()


def filled(engine: sa.Engine, journal: Journal) -> sa.Engine:
    projector = Projector(engine, MODELS)
    projector.create()
    projector.apply(journal.events)
    return engine


def said(report: Report) -> list[str]:
    return [str(each) for table in report.tables for each in table.findings]


def altered(engine: sa.Engine, model: ReadModel) -> set[str]:
    """Change each column of one row, as its database keeps it; returns the columns changed."""
    table, columns = model.table, [each for each in model.table.columns if each.name != "id"]
    values = dict[str, Any]()
    for column in columns:
        kept = column.type.dialect_impl(engine.dialect)
        kept = kept.impl_instance if isinstance(kept, sa.types.TypeDecorator) else kept
        raw = sa.type_coerce(column, kept)
        if isinstance(column.type, Json):
            values[column.name] = ["another"]
        elif isinstance(kept, sa.Boolean):
            values[column.name] = sa.not_(sa.func.coalesce(column, sa.false()))
        elif isinstance(kept, sa.Integer | sa.Float):
            values[column.name] = sa.type_coerce(sa.func.coalesce(raw, 0) - 1, column.type)
        elif isinstance(kept, sa.Date):
            values[column.name] = date(1999, 1, 1)
        else:
            values[column.name] = "another"
    with engine.execution_options(writes=True).begin() as connection:
        first = connection.scalar(sa.select(sa.func.min(table.c.id)))
        connection.execute(table.update().where(table.c.id == first).values(values))
    return {column.name for column in columns}


def test_each_column_of_each_read_model_is_compared(engine: sa.Engine) -> None:
    models, events = read_models(), recorded(ROWS)
    projector = Projector(engine, models, histories=told(ROWS))
    projector.create()
    projector.apply(events)

    def batches(after: int) -> Iterable[Sequence[Recorded]]:
        return [events[after:]] if events[after:] else []

    assert said(check(engine, models, batches, histories=told(ROWS))) == []
    for model in models.values():
        changed = altered(engine, model)
        report = check(engine, {model.name: model}, batches, histories=told(ROWS))
        (found,) = [each for each in report.tables if each.table == model.name]
        assert found.differ == 1
        assert {each.column for each in found.findings} == changed, model.name


def test_values_are_named_and_rows_that_are_missing_or_made_up(engine: sa.Engine) -> None:
    journal = Journal(streams=10, events=100)
    filled(engine, journal)
    table = accounts.table
    assert (report := check(engine, MODELS, journal)).differ == 0
    assert (report.position, report.tables[0].rows) == (100, 10)
    with engine.execution_options(writes=True).begin() as connection:
        forged = table.update().where(table.c.id == "s-3").values(balance=Decimal("1000000.00"))
        connection.execute(forged)
        made_up = sa.select(*(sa.literal("x") if c.name == "id" else c for c in table.c))
        connection.execute(
            table.insert().from_select(list(table.c.keys()), made_up.where(table.c.id == "s-4"))
        )
        connection.execute(table.delete().where(table.c.id == "s-5"))
    report = check(engine, MODELS, journal)
    assert report.tables[0].differ == 3
    assert [each for each in said(report) if each.startswith("accounts ")] == [
        "accounts s-3, balance: says 1000000.00, the journal 0.90",
        "accounts s-5: is missing, and the journal knows of it",
        "accounts x: is there, and the journal knows of no such row",
    ]


def test_a_row_that_claims_to_be_further_than_the_journal_is_found(engine: sa.Engine) -> None:
    journal = Journal(streams=10, events=100)
    filled(engine, journal)
    forged = accounts.table.update().where(accounts.table.c.id == "s-3")
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(forged.values(position=2**40, balance=Decimal(1)))
    assert said(check(engine, MODELS, journal)) == [
        f"accounts s-3, position: says {2**40}, the journal has come to 100"
    ]


def test_rows_kept_up_meanwhile_are_compared_once_more(engine: sa.Engine) -> None:
    journal = Journal(streams=10, events=100)
    projector = Projector(filled(engine, journal), MODELS)
    forged = accounts.table.update().where(accounts.table.c.id.in_(["s-1", "s-2"]))
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(forged.values(balance=Decimal(1)))

    class Growing:
        """A journal of which the rows have more, as soon as it was read to its end."""

        def __init__(self) -> None:
            self.grown = False

        def __call__(self, after: int) -> Iterable[Sequence[Recorded]]:
            yield from journal(after)
            if not self.grown:
                self.grown = True
                projector.apply(journal.append(3))

    batches: Batches = Growing()
    report = check(engine, MODELS, batches)
    assert said(report) == [
        "accounts s-1, balance: says 1.10, the journal 1.00",
        "accounts s-2, balance: says 1.10, the journal 1.00",
    ]


def test_what_is_found_by_words_and_owners_is_compared(engine: sa.Engine) -> None:
    if engine.dialect.name != "sqlite":  # which has tables for that; PostgreSQL has indexes
        return
    models, events = read_models(), recorded(ROWS)
    projector = Projector(engine, models, histories=told(ROWS))
    projector.create()
    projector.apply(events)
    kept = [f"{name}_search" for name, model in models.items() if model.search]
    owners = [f"{name}_owners" for name, model in models.items() if model.scope.owners]
    assert kept
    assert owners
    with engine.execution_options(writes=True).begin() as connection:
        for index in kept:
            connection.exec_driver_sql(f"UPDATE {index} SET words = 'nobody'")
        for index in owners:
            connection.exec_driver_sql(f"INSERT INTO {index} VALUES ('me', 'any')")
    report = check(engine, models, lambda after: [events[after:]], histories=told(ROWS))
    assert {each.table for each in report.tables if each.differ} == {*kept, *owners}


def test_rows_that_have_not_come_so_far_yet_are_no_difference(engine: sa.Engine) -> None:
    journal = Journal(streams=10, events=100)
    projector = Projector(engine, MODELS)
    projector.create()
    projector.apply(journal.events[:55])
    report = check(engine, MODELS, journal)
    assert (report.position, report.differ) == (55, 0)


def test_of_many_rows_some_are_named_and_all_are_counted(engine: sa.Engine) -> None:
    journal = Journal(streams=3 * FEW, events=6 * FEW)
    filled(engine, journal)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(accounts.table.update().values(balance=Decimal(9)))
    (table, *_) = check(engine, MODELS, journal).tables
    assert (table.differ, len(table.findings)) == (3 * FEW, FEW)
