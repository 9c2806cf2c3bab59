"""Passwords: hashed slowly, compared alike for everybody, never kept in the clear."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from adapters.identity import passwords as module
from adapters.identity.passwords import Cost, Passwords, WeakPassword, passwords
from adapters.journal.journal import Journal
from tests.adapters.staff import company

CHEAP = Cost(passes=1, memory=64, lanes=1)
GOOD = "a long and winding road"


@pytest.fixture
def engine(journal_url: str) -> Iterator[sa.Engine]:
    journal = Journal(journal_url)
    journal.create()
    yield journal.engine
    journal.close()


@pytest.fixture
def kept(engine: sa.Engine) -> Passwords:
    return Passwords(engine, CHEAP)


def hashes(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(passwords.c.hash)))


def test_the_password_that_was_set_is_right_and_no_other_is(kept: Passwords) -> None:
    kept.put("li.wei", GOOD)
    assert kept.check("li.wei", GOOD) == module.Verdict(right=True)
    assert not kept.check("li.wei", GOOD + " ").right
    assert not kept.check("li.wei", "").right
    assert not kept.check("wang.fang", GOOD).right


def test_a_new_password_takes_the_place_of_the_old_one(kept: Passwords) -> None:
    kept.put("li.wei", GOOD, once=True)
    kept.put("li.wei", "another long road")
    assert not kept.check("li.wei", GOOD).right
    assert kept.check("li.wei", "another long road") == module.Verdict(right=True, once=False)


def test_the_password_itself_is_nowhere_in_the_database(kept: Passwords, engine: sa.Engine) -> None:
    kept.put("li.wei", GOOD)
    kept.put("wang.fang", GOOD)
    first, second = hashes(engine)
    assert first.startswith("$argon2id$")
    assert first != second
    assert GOOD not in first + second


@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "eleven char",
        "x" * 257,
        "a" * 20,
        "somebody.with.a.long.code",
        "ＳHORT1234567"[:11],
        "password1234",
        "who is somebody",
    ],
)
def test_a_weak_password_is_refused(kept: Passwords, weak: str) -> None:
    with pytest.raises(WeakPassword):
        kept.put("somebody.with.a.Long.code", weak)


def test_a_password_has_no_name_in_it_that_its_employee_has_or_had(journal_url: str) -> None:
    with company(journal_url) as found:
        id_ = found.do(None, "employee.engage", code="zx.z", name="赵子轩", unit="group")
        found.do(None, "employee.correct-details", id_, name="Zhao Mingyue")
        kept = Passwords(found.journal.engine, CHEAP)
        for weak in ("the tale of 赵子轩", "mingyue and the moon"):
            with pytest.raises(WeakPassword, match="which others know"):
                kept.put("zx.z", weak)
        kept.put("somebody.else", "the tale of 赵子轩")


def test_a_password_is_the_same_however_it_was_typed(kept: Passwords) -> None:
    kept.put("li.wei", "Ångström units 电信")
    assert kept.check("li.wei", "A\u030angstro\u0308m units 电信").right
    kept.put("li.wei", "\ud800 not a character")
    assert not kept.check("li.wei", "\udfff").right


def test_a_password_for_once_says_so_and_does_not_last(kept: Passwords, engine: sa.Engine) -> None:
    kept.put("li.wei", GOOD, once=True)
    assert kept.check("li.wei", GOOD) == module.Verdict(right=True, once=True)
    past = passwords.c.changed_us - (module.ONCE + 1) * 1_000_000
    with engine.begin() as connection:
        connection.execute(passwords.update().values(changed_us=past))
    assert not kept.check("li.wei", GOOD).right


def test_a_hash_of_lower_cost_is_strengthened_when_it_is_next_used(
    kept: Passwords, engine: sa.Engine
) -> None:
    kept.put("li.wei", GOOD)
    before = hashes(engine)
    dearer = Passwords(engine, Cost(passes=2, memory=64, lanes=1))
    assert not dearer.check("li.wei", "wrong").right
    assert hashes(engine) == before
    assert dearer.check("li.wei", GOOD).right
    (after,) = hashes(engine)
    assert "t=2" in after
    assert kept.check("li.wei", GOOD).right


def test_by_default_a_guess_costs_what_rfc_9106_recommends() -> None:
    assert Cost() == Cost(passes=3, memory=65_536, lanes=4)
