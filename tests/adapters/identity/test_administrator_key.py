"""Keys: made once, kept as a hash, the same for every process on one journal."""

import pytest
import sqlalchemy as sa

from adapters.identity.administrator_key import Keys, keys
from adapters.journal.journal import Journal
from adapters.settings import SettingsError


@pytest.fixture
def engine(journal_url: str) -> sa.Engine:
    journal = Journal(journal_url)
    journal.create()
    return journal.engine


def test_the_key_is_made_once_and_known_to_every_process(engine: sa.Engine) -> None:
    first, second = Keys(engine), Keys(engine)
    assert first.made is not None
    assert second.made is None
    assert second.is_admin(first.made.encode())
    assert not second.is_admin(b"another")
    engine.dispose()


def test_the_key_itself_is_nowhere_in_the_database(engine: sa.Engine) -> None:
    made = Keys(engine).made or ""
    with engine.connect() as connection:
        values = connection.scalars(sa.select(keys.c.value)).all()
    assert not [value for value in values if made in value]
    engine.dispose()


def test_a_key_that_is_given_takes_the_place_of_the_one_before(engine: sa.Engine) -> None:
    made = Keys(engine).made or ""
    given = Keys(engine, "a-key-of-our-own-choice")
    assert given.made is None
    assert given.is_admin(b"a-key-of-our-own-choice")
    assert not Keys(engine).is_admin(made.encode())
    engine.dispose()


def test_a_key_that_is_too_short_is_refused(engine: sa.Engine) -> None:
    with pytest.raises(SettingsError):
        Keys(engine, "short")
    engine.dispose()
