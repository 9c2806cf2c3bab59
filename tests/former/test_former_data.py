"""A data folder and a database of a former program open, verify, and are read as they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.fresh import serving
from tests.former.history import missing, told, without
from tests.former.store import DUMP, restore, unpack

HERE = Path(__file__).parent


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_it_opens_verifies_and_tells_the_same(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    data = tmp_path / "data"
    unpack(HERE / f"{kind}.tar.xz", data)
    then = json.loads((data / "told.json").read_text())
    settings = {}
    if kind == "postgresql":
        settings["journal"] = request.getfixturevalue("postgres_url")
        restore(settings["journal"], data / DUMP)

    with serving(tmp_path, **settings) as fresh:
        count = len(then["events"])
        now = told(fresh, count)
        later, now["events"] = now["events"][count:], now["events"][:count]
        # Standard roles are brought to their present edition at the start.
        assert {each["type"] for each in later} <= {"role.defined", "role.revised"}
        revised = {each["stream"] for each in later}
        assert missing(without(then, revised), without(now, revised)) == []
        fresh.customer("Written by the present program")
        for words in (("verify",), ("replay", "--check")):
            done = fresh.run(*words, **settings)
            assert done.returncode == 0, done.stdout + done.stderr


def test_an_answer_that_differs_is_found() -> None:
    then = {"/x": [{"a": 1, "b": [1]}]}
    assert missing(then, {"/x": [{"a": 1, "b": [1], "c": 2}], "/y": 1}) == []
    assert missing(then, {"/x": [{"a": 2, "b": [1]}]}) == [" /x 0 a: 1, now 2"]
    assert missing(then, {"/x": [{"b": [1]}]}) == [" /x 0 a: gone"]
    assert missing(then, {"/x": []}) == [" /x: [{'a': 1, 'b': [1]}], now []"]
    assert missing(then, {}) == [" /x: gone"]
