"""Volume: what is tried by `make test` and by `make nightly`, and what a variable changes."""

from __future__ import annotations

import pytest

from tests import volume


def test_a_variable_of_its_own_name_goes_before_the_profile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for full, found in ((False, 15), (True, 50)):
        monkeypatch.setattr(volume, "FULL", full)
        assert volume.volume("KILLS_OF_NOBODY", 15, 50) == found
    monkeypatch.setenv("KILLS_OF_NOBODY", "3")
    assert volume.volume("KILLS_OF_NOBODY", 15, 50) == 3


def test_a_seed_is_its_own_or_that_of_the_run_or_the_usual(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TEST_SEED", raising=False)
    assert volume.seed("SEED_OF_NOBODY", 7) == 7
    monkeypatch.setenv("TEST_SEED", "8")
    assert volume.seed("SEED_OF_NOBODY", 7) == 8
    monkeypatch.setenv("SEED_OF_NOBODY", "9")
    assert volume.seed("SEED_OF_NOBODY", 7) == 9


def test_some_of_many_are_spread_from_the_first_on_and_in_full_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(volume, "FULL", False)
    assert list(volume.some(range(10), 4)) == [0, 3, 6, 9]
    assert list(volume.some(range(9), 4)) == [0, 3, 6]
    assert list(volume.some(range(3), 4)) == [0, 1, 2]
    assert list(volume.some([], 4)) == []
    assert volume.examples(3) == 3
    monkeypatch.setattr(volume, "FULL", True)
    assert list(volume.some(range(10), 4)) == list(range(10))
    assert volume.examples(3) == 60
