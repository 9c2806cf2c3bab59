"""The present: what any process has committed is in the next answer."""

from __future__ import annotations

import contextlib

import pytest
import sqlalchemy as sa

from adapters.identity.session_check import Present
from adapters.identity.sessions import Sessions
from adapters.journal.journal import Journal
from adapters.refusals import Unavailable
from adapters.storage.journal_tables import head


def test_each_look_sees_what_another_process_has_done_before(journal_url: str) -> None:
    mine, other = Journal(journal_url), Journal(journal_url)
    mine.create()
    sessions = Sessions(other.engine)
    with contextlib.closing(Present(mine.engine)) as present:
        assert present.look() == (0, {})
        first, second = sessions.begin("li.wei").id, sessions.begin("wang.fang").id
        assert present.look([first, second]) == (0, {first: "li.wei", second: "wang.fang"})
        sessions.end(first)
        with other.engine.begin() as connection:
            connection.execute(head.update().values(position=7))
        assert present.look([first, second, "unknown"]) == (7, {second: "wang.fang"})
        assert present.look(["unknown"]) == (7, {})
        assert present.look() == (7, {})
    mine.close()
    other.close()


def test_a_file_is_asked_on_the_spot_and_a_network_is_not(journal_url: str) -> None:
    engine = sa.create_engine(journal_url)
    assert Present(engine).quick == (engine.dialect.name == "sqlite")


@pytest.mark.postgres
def test_a_connection_that_was_lost_is_made_anew(postgres_url: str) -> None:
    journal = Journal(postgres_url)
    journal.create()
    with contextlib.closing(Present(journal.engine)) as present:
        assert present.look() == (0, {})
        with journal.engine.connect() as connection:
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        assert present.look() == (0, {})
    journal.close()


@pytest.mark.postgres
def test_a_database_without_a_journal_is_said_to_be_away(postgres_url: str) -> None:
    journal = Journal(postgres_url)
    with contextlib.closing(Present(journal.engine)) as present, pytest.raises(Unavailable):
        present.look()  # there are no tables yet
    journal.close()
