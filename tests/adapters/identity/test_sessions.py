"""Sessions: a refresh token is good once, and a second use ends what it belongs to."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from adapters.identity.session_check import Present
from adapters.identity.sessions import (
    GRACE,
    IDLE,
    LONGEST,
    RefreshRefused,
    RefreshReused,
    Sessions,
    exchanges,
    sessions,
)
from adapters.journal.journal import Journal


@pytest.fixture
def engine(journal_url: str) -> Iterator[sa.Engine]:
    journal = Journal(journal_url)
    journal.create()
    yield journal.engine
    journal.close()


@pytest.fixture
def kept(engine: sa.Engine) -> Sessions:
    return Sessions(engine)


def age(engine: sa.Engine, **seconds: int) -> None:
    """Move a session into the past."""
    moved = {f"{name}_us": sessions.c[f"{name}_us"] - s * 1_000_000 for name, s in seconds.items()}
    with engine.begin() as connection:
        connection.execute(sessions.update().values(moved))


def live(kept: Sessions, id_: str) -> bool:
    with contextlib.closing(Present(kept._engine)) as present:
        return id_ in present.look([id_])[1]


def later(engine: sa.Engine, seconds: float) -> None:
    """Move the last exchanges into the past."""
    moved = exchanges.c.at_us - int(seconds * 1_000_000)
    with engine.begin() as connection:
        connection.execute(exchanges.update().values(at_us=moved))


def test_each_refresh_gives_the_next_token_of_the_same_session(kept: Sessions) -> None:
    first = kept.begin("li.wei")
    second = kept.refresh(first.refresh)
    third = kept.refresh(second.refresh)
    assert len({first.refresh, second.refresh, third.refresh}) == 3
    assert {each.id for each in (second, third)} == {first.id}
    assert (third.employee, third.begun_us) == ("li.wei", first.begun_us)
    assert live(kept, first.id)


def test_a_token_that_comes_twice_ends_its_session_and_no_other(
    kept: Sessions, engine: sa.Engine
) -> None:
    first, other = kept.begin("li.wei"), kept.begin("li.wei")
    second = kept.refresh(first.refresh)
    later(engine, GRACE + 1)
    with pytest.raises(RefreshReused) as caught:
        kept.refresh(first.refresh)
    assert (caught.value.employee, caught.value.session) == ("li.wei", first.id)
    with pytest.raises(RefreshRefused):
        kept.refresh(second.refresh)
    assert not live(kept, first.id)
    assert live(kept, other.id)
    kept.refresh(other.refresh)


def test_all_that_come_at_once_are_answered_with_one_and_the_same_next_token(
    kept: Sessions, engine: sa.Engine
) -> None:
    token = kept.begin("li.wei").refresh
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(kept.refresh, [token] * 8))
    assert len({each.refresh for each in found} - {token}) == 1
    assert sorted(each.again for each in found) == [False] + [True] * 7
    assert not kept.refresh(found[-1].refresh).again


def test_just_exchanged_is_the_last_token_and_not_the_one_before(kept: Sessions) -> None:
    first = kept.begin("li.wei")
    second = kept.refresh(first.refresh)
    kept.refresh(second.refresh)
    assert kept.refresh(second.refresh).again
    with pytest.raises(RefreshReused):
        kept.refresh(first.refresh)
    assert not live(kept, first.id)


@pytest.mark.parametrize("thief_renews_first", [True, False])
def test_a_thief_who_is_answered_within_the_grace_is_noticed_at_the_next_renewal(
    kept: Sessions, engine: sa.Engine, thief_renews_first: bool
) -> None:
    stolen = kept.begin("li.wei")
    mine, theirs = kept.refresh(stolen.refresh), kept.refresh(stolen.refresh)
    assert mine.refresh == theirs.refresh
    first, second = (theirs, mine) if thief_renews_first else (mine, theirs)
    kept.refresh(first.refresh)
    later(engine, GRACE + 1)
    with pytest.raises(RefreshReused):
        kept.refresh(second.refresh)
    assert not live(kept, stolen.id)


def test_the_grace_neither_prolongs_itself_nor_outlives_the_session(
    kept: Sessions, engine: sa.Engine
) -> None:
    first = kept.begin("li.wei")
    kept.refresh(first.refresh)
    later(engine, GRACE - 1)
    assert kept.refresh(first.refresh).again
    later(engine, 2)
    with pytest.raises(RefreshReused):
        kept.refresh(first.refresh)
    other = kept.begin("li.wei")
    kept.refresh(other.refresh)
    kept.end(other.id)
    with pytest.raises(RefreshRefused):
        kept.refresh(other.refresh)


def test_whoever_knows_only_the_session_can_neither_refresh_nor_end_it(kept: Sessions) -> None:
    session = kept.begin("li.wei")
    made_up = f"kr_{session.id}_{'x' * 22}_{'y' * 43}"
    for token in (made_up, "", "kr_", session.id, session.refresh[:-1], session.refresh + "x"):
        with pytest.raises(RefreshRefused) as caught:
            kept.refresh(token)
        assert not isinstance(caught.value, RefreshReused)
    kept.refresh(session.refresh)


def test_a_session_that_was_ended_is_over(kept: Sessions) -> None:
    session, other = kept.begin("li.wei"), kept.begin("li.wei")
    kept.end(session.id)
    assert not live(kept, session.id)
    assert live(kept, other.id)
    with pytest.raises(RefreshRefused):
        kept.refresh(session.refresh)
    assert not live(kept, "no such session")


def test_all_sessions_of_one_employee_end_together(kept: Sessions) -> None:
    mine, hers = [kept.begin("li.wei") for _ in range(3)], kept.begin("wang.fang")
    kept.end_all("li.wei")
    assert not any(live(kept, each.id) for each in mine)
    assert live(kept, hers.id)


def test_a_session_ends_by_itself_when_nobody_uses_it(kept: Sessions, engine: sa.Engine) -> None:
    session = kept.begin("li.wei")
    age(engine, until=IDLE)
    with pytest.raises(RefreshRefused):
        kept.refresh(session.refresh)


def test_no_refresh_takes_a_session_past_its_longest(kept: Sessions, engine: sa.Engine) -> None:
    session = kept.begin("li.wei")
    age(engine, begun=LONGEST)
    following = kept.refresh(session.refresh)
    with pytest.raises(RefreshRefused):
        kept.refresh(following.refresh)


def test_sessions_long_over_are_forgotten(kept: Sessions, engine: sa.Engine) -> None:
    old = kept.begin("li.wei")
    kept.refresh(old.refresh)
    age(engine, until=3 * 86_400)
    kept.begin("wang.fang")
    with engine.connect() as connection:
        assert connection.scalars(sa.select(sessions.c.id)).all() != [old.id]
        assert connection.scalar(sa.select(sa.func.count()).select_from(sessions)) == 1
        assert connection.scalar(sa.select(sa.func.count()).select_from(exchanges)) == 0


def test_the_tokens_themselves_are_nowhere_in_the_database(
    kept: Sessions, engine: sa.Engine
) -> None:
    first = kept.begin("li.wei").refresh
    second = kept.refresh(first).refresh
    secrets = {*first.split("_")[2:], *second.split("_")[2:]}
    assert len(secrets) == 3
    with engine.connect() as connection:
        rows = [*connection.execute(sa.select(sessions)), *connection.execute(sa.select(exchanges))]
    assert not secrets & {value for row in rows for value in row}
