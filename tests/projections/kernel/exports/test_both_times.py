"""Both times of rows: each moment of the past has the one state that was told last of it."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from projections.kernel.exports.both_times import steps
from projections.kernel.warehouse.moments import NEVER


@given(
    told=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6).map(str)), min_size=1, max_size=7)
)
def test_steps_cover_each_moment_once_with_what_was_told_last(told: list[tuple[int, str]]) -> None:
    told.sort(key=lambda each: each[0])
    found = list(steps(told))
    for position, on in itertools.product(range(8), map(str, range(8))):
        so = [
            number
            for number, since, until, ceded, lost in found
            if since <= position < lost
            and told[number][1] <= on
            and (position < until or (ceded is not None and on < ceded))
        ]
        known = [n for n, (at, of) in enumerate(told) if at <= position and of <= on]
        assert so == known[-1:]


def test_a_record_of_which_nothing_came_late_has_one_step_for_its_last_state() -> None:
    assert list(steps([(5, "2026-01-01")])) == [(0, 5, NEVER, None, NEVER)]
    assert list(steps([(5, "2026-01-01"), (7, "2026-01-02")])) == [
        (0, 5, 7, None, 7),
        (0, 7, 0, "2026-01-02", NEVER),
        (1, 7, NEVER, None, NEVER),
    ]
