"""Rotations: the texts nearest to one are found, by the database and in memory alike."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.aggregate import Recorded
from projections.kernel.columns import Text
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.rows.checking import check
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.rebuild import rebuild
from projections.kernel.rows.rotated_index import (
    MOST,
    NEAR,
    Rotations,
    near,
    original,
    rotations,
)
from tests.projections.accounts import happened

titles = ReadModel(
    "titles", "account", sa.Column("words", Text, nullable=False, default=""), rotated="words"
)
MODELS = {titles.name: titles}

TEXTS = st.lists(st.sampled_from(["a", "ab", "天", "b"]), max_size=80).map(" ".join)


@titles.on("account.opened", "account.renamed")
def _named(row: Row, event: Recorded) -> Row:
    return {"words": event.data["words"]}


def opened(*texts: str) -> list[Recorded]:
    return [
        happened(n, f"s-{n}", 1, "account.opened", words=text) for n, text in enumerate(texts, 1)
    ]


def found(projector: Projector, text: str) -> dict[str, str]:
    with projector.engine.connect() as connection:
        return near(connection, titles.name, text)


def compared(projector: Projector, events: list[Recorded]) -> dict[str, int]:
    report = check(projector.engine, MODELS, lambda after: [events[after:]])
    return {each.table: each.differ for each in report.tables}


@given(TEXTS)
def test_each_rotation_tells_its_text(text: str) -> None:
    found = list(rotations(text))
    assert [original(*each) for each in found] == [text] * len(found)
    assert len({place for _, place in found}) == len(found)


def test_the_database_finds_what_is_found_in_memory(projector: Projector) -> None:
    texts = [f"{a} {b} {c}" for a in "天地玄" for b in ("yu", "zhou") for c in "abcdefghijkl"]
    texts += ["", "天", "天 天 天", " ".join("字" * 60), "x" * 200]
    events = opened(*texts)
    projector.apply(events)
    memory = Rotations((event.stream, event.data["words"]) for event in events)
    for text in [*texts, "zhou m 天", "地 yu", "nobody"]:
        assert found(projector, text) == memory.near(text)
    assert found(projector, "天 yu a")["s-1"] == "天 yu a"


def test_a_word_more_or_less_or_elsewhere_is_found_among_many_that_begin_and_end_alike(
    projector: Projector,
) -> None:
    crowd = [f"big bank of {n:03} here" for n in range(300)]
    projector.apply(opened(*crowd, "big bank of one and 150 here", "here of 151 bank big"))
    assert "s-301" in found(projector, "big bank of 150 here")
    assert "s-302" in found(projector, "bank big here of 151")
    assert "s-153" in found(projector, "big bonk of 152 here")
    assert len(found(projector, "big bank of 150 here")) <= 2 * NEAR * MOST


def test_the_index_follows_rows_and_a_rebuild(projector: Projector) -> None:
    events = opened("one two", "three")
    projector.apply(events)
    events += [
        happened(3, "s-1", 2, "account.renamed", words="four five"),
        happened(4, "s-2", 2, "account.renamed", words=""),
        happened(5, "s-3", 1, "account.opened", words="six"),
    ]
    for _ in range(2):
        projector.apply(events)
        assert found(projector, "two") == found(projector, "three") == {}
        assert found(projector, "five") == {"s-1": "four five"}
        rebuild(projector.engine, MODELS, lambda after: [events[after:]])
    events.append(happened(6, "s-3", 2, "account.renamed", words="seven"))
    projector.apply(events)
    assert found(projector, "seven") == {"s-3": "seven"}
    assert found(projector, "six") == {}
    assert compared(projector, events) == {"titles": 0, "titles_rotations": 0}


@pytest.mark.parametrize(
    "alteration",
    [
        "UPDATE titles_rotations SET rotation = 'two' WHERE rotation = 'one two'",
        "DELETE FROM titles_rotations WHERE rotation = 'two one'",
        "INSERT INTO titles_rotations VALUES ('nobody', 's-1', 0)",
        "UPDATE titles_rotations SET place = 1 WHERE rotation = 'two one'",
    ],
)
def test_an_altered_index_is_told(projector: Projector, alteration: str) -> None:
    events = opened("one two", "three")
    projector.apply(events)
    with projector.engine.begin() as connection:
        connection.exec_driver_sql(alteration)
    assert compared(projector, events) == {"titles": 0, "titles_rotations": 1}
