"""Rebuilds: one at a time, so that none disturbs the tables of another."""

from pathlib import Path

import pytest
import sqlalchemy as sa

import api.cli.rebuild_jobs
from adapters.journal.journal import Journal
from adapters.settings import Settings
from adapters.storage.databases import connect
from adapters.storage.leases import Lease
from api.cli.rebuild_jobs import Busy, alone, bring_up_to_date, check_rows, rebuild_rows
from domain.kernel.aggregate import Stored, new_id
from projections.customers.customers import customers
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.tables import fingerprints, positions
from tests.saying import said_by
from tests.streams.flow import happen

MODELS = {customers.name: customers}


def test_a_second_rebuild_is_refused_while_one_is_going_on(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    journal = Journal(settings.journal_url)
    journal.create()
    with alone(journal, "rebuild"):
        with pytest.raises(Busy, match="Another rebuild is going on"):
            rebuild_rows(settings, MODELS)
        assert check_rows(settings, MODELS).differ == 0
    assert rebuild_rows(settings, MODELS).position == 0
    with alone(journal, "check"), pytest.raises(Busy, match="Another check"):
        check_rows(settings, MODELS)
    journal.close()


def test_rows_that_other_code_made_are_not_taken_for_well(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    rebuild_rows(settings, MODELS)
    rows = connect(settings.rows_url, "normal")
    with rows.execution_options(writes=True).begin() as connection:
        connection.execute(sa.update(fingerprints).values(fingerprint="other"))
    rows.dispose()
    report = check_rows(settings, MODELS)
    assert (report.position, report.why) == (None, "another version made customers")


def test_a_rebuild_that_was_killed_is_forgotten_in_time(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    journal = Journal(settings.journal_url)
    journal.create()
    assert Lease(journal.engine, "rebuild", seconds=-1).acquire()
    assert rebuild_rows(settings, MODELS).parked == 0
    journal.close()


def test_a_start_waits_for_the_rebuild_of_another_process(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    journal = Journal(settings.journal_url)
    journal.create()
    rebuild_rows(settings, MODELS)
    rows = connect(settings.rows_url, "normal")
    with rows.execution_options(writes=True).begin() as connection:
        connection.execute(sa.update(fingerprints).values(fingerprint="other"))
    rows.dispose()
    assert Lease(journal.engine, "rebuild", seconds=0.5).acquire()
    bring_up_to_date(settings)
    rows = connect(settings.rows_url, "normal")
    with rows.connect() as connection:
        assert "other" not in connection.scalars(sa.select(fingerprints.c.fingerprint)).all()
    rows.dispose()
    journal.close()


def test_a_start_tells_the_log_where_its_rebuild_found_something_else_than_was_in_use(
    tmp_path: Path,
) -> None:
    settings = Settings(data=tmp_path)
    journal = Journal(settings.journal_url)
    journal.create()
    ids = [new_id() for _ in range(3)]
    fact = b'{"name":"Acme","unit":"gd-gz"}'
    happen(journal, [Stored(each, 1, "customer.registered", 1, fact) for each in ids])
    rebuild_rows(settings, MODELS)
    rows = connect(settings.rows_url, "normal")
    table = customers.table
    with rows.execution_options(writes=True).begin() as connection:
        connection.execute(table.update().where(table.c.id == ids[1]).values(name="Another"))
        connection.execute(sa.update(fingerprints).values(fingerprint="other"))
    rows.dispose()
    with said_by(api.cli.rebuild_jobs) as said:
        bring_up_to_date(settings)
    told = {"model": "customers", "rows": 1, "ids": [ids[1]]}
    assert said == [{"event": "rows.differed", "log_level": "warning", **told}]
    journal.close()


def test_a_start_rebuilds_rows_that_are_further_than_the_journal(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    journal = Journal(settings.journal_url)
    journal.create()
    rebuild_rows(settings, MODELS)
    rows = connect(settings.rows_url, "normal")
    Projector(rows, MODELS).create()
    with rows.execution_options(writes=True).begin() as connection:
        connection.execute(sa.update(positions).values(position=1000))
    bring_up_to_date(settings)
    with rows.connect() as connection:
        assert set(connection.scalars(sa.select(positions.c.position))) == {0}
    rows.dispose()
    journal.close()
