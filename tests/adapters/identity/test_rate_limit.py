"""Attempts: whoever guesses is slowed down, and nobody else is locked out."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from adapters.identity.rate_limit import (
    ADDRESS,
    DEVICE,
    DEVICES,
    EMPLOYEE,
    FORGOTTEN,
    GOOD,
    PAIR,
    Attempts,
    TooSoon,
    attempts,
)
from adapters.journal.journal import Journal

HOME, CAFE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def engine(journal_url: str) -> Iterator[sa.Engine]:
    journal = Journal(journal_url)
    journal.create()
    yield journal.engine
    journal.close()


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = time.time_ns()

    def __call__(self) -> int:
        return self.now

    def later(self, seconds: int) -> None:
        self.now += seconds * 1_000_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counted(engine: sa.Engine, clock: Clock) -> Attempts:
    return Attempts(engine, clock)


def wait(counted: Attempts, employee: str, address: str, **more: str) -> int:
    """Try once and fail; returns the seconds that have to pass before that is allowed."""
    try:
        counted.begin(employee, address, **more)
    except TooSoon as error:
        return error.seconds
    return 0


def fail(counted: Attempts, clock: Clock, employee: str, address: str, times: int) -> None:
    """Fail again and again, as fast as it is let."""
    for _ in range(times):
        if seconds := wait(counted, employee, address):
            clock.later(seconds)
            counted.begin(employee, address)


def test_a_few_failures_are_free_and_each_further_one_costs_twice_as_much(
    counted: Attempts, clock: Clock
) -> None:
    for _ in range(PAIR.free):
        assert wait(counted, "li.wei", HOME) == 0
    for seconds in (1, 2, 4, 8, 16):
        assert wait(counted, "li.wei", HOME) == seconds
        clock.later(seconds)
        assert wait(counted, "li.wei", HOME) == 0
    fail(counted, clock, "li.wei", HOME, 20)
    assert wait(counted, "li.wei", HOME) == PAIR.most


def test_an_attempt_that_is_turned_away_does_not_make_it_worse(counted: Attempts) -> None:
    for _ in range(PAIR.free):
        counted.begin("li.wei", HOME)
    assert [wait(counted, "li.wei", HOME) for _ in range(5)] == [1] * 5


def test_a_success_makes_good(counted: Attempts) -> None:
    for _ in range(3 * PAIR.free):
        counted.begin("li.wei", HOME)
        counted.succeeded("li.wei", HOME)


def test_somebody_elses_guesses_do_not_slow_down_who_is_known_there(
    counted: Attempts, clock: Clock
) -> None:
    counted.begin("li.wei", HOME)
    counted.succeeded("li.wei", HOME)
    fail(counted, clock, "li.wei", CAFE, 40)
    assert wait(counted, "li.wei", CAFE) > 0
    assert wait(counted, "li.wei", HOME) == 0


def test_a_known_device_waits_for_its_own_failures_alone(counted: Attempts, clock: Clock) -> None:
    counted.begin("li.wei", HOME)
    device = counted.succeeded("li.wei", HOME)
    fail(counted, clock, "li.wei", HOME, 40)  # somebody behind the same address
    assert wait(counted, "li.wei", HOME) > 0
    for _ in range(PAIR.free):
        assert wait(counted, "li.wei", HOME, device=device) == 0
    assert wait(counted, "li.wei", HOME, device=device) == 1
    clock.later(1)
    assert wait(counted, "li.wei", CAFE, device=device) == 0
    assert counted.succeeded("li.wei", CAFE, device) == device
    assert wait(counted, "li.wei", HOME, device=device) == 0
    assert wait(counted, "li.wei", HOME) > 0  # nobody else's failures were made good


def test_a_device_is_known_for_whom_it_was_and_not_for_ever(
    counted: Attempts, clock: Clock
) -> None:
    counted.begin("li.wei", HOME)
    device = counted.succeeded("li.wei", HOME)
    fail(counted, clock, "li.wei", CAFE, PAIR.free + 1)
    fail(counted, clock, "wang.fang", CAFE, PAIR.free + 1)
    for made_up in (device + "x", "", "kd_", "\ud800", "device:" + device):
        assert wait(counted, "li.wei", CAFE, device=made_up) > 0
    assert wait(counted, "wang.fang", CAFE, device=device) > 0
    assert wait(counted, "li.wei", CAFE, device=device) == 0
    clock.later(DEVICE + 1)
    fail(counted, clock, "li.wei", CAFE, PAIR.free)
    assert wait(counted, "li.wei", CAFE, device=device) > 0


def test_an_attempt_with_a_device_that_was_made_up_leaves_nothing_of_it(
    counted: Attempts, engine: sa.Engine
) -> None:
    counted.begin("li.wei", HOME, "kd_made-up")
    with engine.connect() as connection:
        places = set(connection.scalars(sa.select(attempts.c.address)))
    assert places == {"", HOME}


def test_of_many_devices_the_last_are_known_and_none_of_their_tokens_is_kept(
    counted: Attempts, clock: Clock, engine: sa.Engine
) -> None:
    devices = []
    for _ in range(DEVICES + 5):
        clock.later(1)
        counted.begin("li.wei", HOME)
        devices.append(counted.succeeded("li.wei", HOME))
    fail(counted, clock, "li.wei", HOME, 20)
    known = [wait(counted, "li.wei", HOME, device=each) == 0 for each in devices]
    assert known == [False] * 5 + [True] * DEVICES
    with engine.connect() as connection:
        rows = connection.execute(sa.select(attempts)).all()
    assert not [row for row in rows for each in devices if each in row or each[3:] in row]


def test_a_session_waits_for_its_own_failures_alone(counted: Attempts, clock: Clock) -> None:
    fail(counted, clock, "li.wei", HOME, 40)
    for _ in range(PAIR.free):
        assert wait(counted, "li.wei", HOME, session="one") == 0
    assert wait(counted, "li.wei", HOME, session="one") == 1
    assert wait(counted, "li.wei", HOME, session="two") == 0
    assert counted.succeeded("li.wei", HOME, session="two") == ""


def test_a_new_password_lifts_every_wait_of_its_employee(counted: Attempts, clock: Clock) -> None:
    counted.begin("li.wei", HOME)
    device = counted.succeeded("li.wei", HOME)
    fail(counted, clock, "li.wei", CAFE, 40)
    for _ in range(PAIR.free):
        counted.begin("li.wei", HOME, device)
    fail(counted, clock, "wang.fang", CAFE, PAIR.free)
    counted.clear("li.wei")
    assert wait(counted, "li.wei", HOME, device=device) == 0
    assert wait(counted, "li.wei", "203.0.113.9") == 0
    with pytest.raises(TooSoon):
        counted.begin("wang.fang", CAFE)


def test_guessing_from_many_addresses_keeps_nobody_out_for_long(
    counted: Attempts, clock: Clock
) -> None:
    for number in range(EMPLOYEE.free):
        assert wait(counted, "li.wei", f"203.0.113.{number}") == 0
    assert wait(counted, "li.wei", "203.0.113.200") == 1
    for number in range(60):
        clock.later(EMPLOYEE.most)
        counted.begin("li.wei", f"203.0.113.{number + 100}")
    assert wait(counted, "li.wei", HOME) == EMPLOYEE.most
    assert wait(counted, "wang.fang", HOME) == 0


def test_one_password_tried_on_everybody_is_slowed_down_too(counted: Attempts) -> None:
    for number in range(ADDRESS.free):
        assert wait(counted, f"employee-{number}", CAFE) == 0
    assert wait(counted, "one.more", CAFE) == 1
    assert wait(counted, "one.more", HOME) == 0


def test_signing_in_as_oneself_does_not_buy_guesses_at_others(
    counted: Attempts, clock: Clock
) -> None:
    for _ in range(3):
        counted.begin("mallory", CAFE)
        counted.succeeded("mallory", CAFE)
    for number in range(ADDRESS.free):
        counted.begin(f"employee-{number}", CAFE)
        counted.begin("mallory", CAFE)
        counted.succeeded("mallory", CAFE)
    assert wait(counted, "one.more", CAFE) == 1


def test_many_attempts_at_once_are_all_counted(counted: Attempts) -> None:
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: wait(counted, "li.wei", HOME), range(16)))
    assert waits.count(0) == PAIR.free


def test_failures_are_forgotten_after_a_day_and_known_places_after_a_month(
    counted: Attempts, clock: Clock, engine: sa.Engine
) -> None:
    fail(counted, clock, "li.wei", HOME, PAIR.free + 1)
    clock.later(FORGOTTEN)
    assert wait(counted, "li.wei", HOME) == 0
    clock.later(GOOD + 1)
    counted.begin("wang.fang", CAFE)
    counted.succeeded("wang.fang", CAFE)
    with engine.connect() as connection:
        known = set(connection.scalars(sa.select(attempts.c.employee)))
    assert known == {"", "wang.fang"}


def test_the_hosts_of_one_network_count_as_one(counted: Attempts) -> None:
    for host in range(PAIR.free):
        counted.begin("li.wei", f"2001:db8:1:2::{host:x}")
    assert wait(counted, "li.wei", "2001:db8:1:2:ffff::1") == 1
    assert wait(counted, "li.wei", "2001:db8:1:3::1") == 0
    for _ in range(PAIR.free):
        counted.begin("wang.fang", "::ffff:192.0.2.1")
    assert wait(counted, "wang.fang", HOME) == 1
    assert wait(counted, "wang.fang", "not an address") == 0
