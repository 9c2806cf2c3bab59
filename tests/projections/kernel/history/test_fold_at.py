"""Both axes of time: however late things are told, every way to a row is the plain fold."""

import itertools
from datetime import date, timedelta
from typing import Any

import duckdb
import orjson
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.storage.databases import connect
from domain.kernel.aggregate import Recorded
from domain.kernel.time.effective_day import effective_day, in_effect
from projections.kernel.history.fold_at import fold_at
from projections.kernel.lists.duckdb_queries import compiled, decoded, past
from projections.kernel.read_model import Row, fold
from projections.kernel.reports.late_entries import late_entries
from projections.kernel.rows.checking import check
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.rebuild import rebuild
from projections.kernel.warehouse.parking_lot import PARKING
from projections.kernel.warehouse.row_history import History
from tests.projections.accounts import START, accounts, happened
from tests.volume import examples

TODAY = START.date()
MODELS = {accounts.name: accounts}
DAYS = st.one_of(st.none(), st.integers(0, 9))


def day(ago: int | None) -> date | None:
    return None if ago is None else TODAY - timedelta(days=ago)


@st.composite
def stories(draw: st.DrawFn) -> list[Recorded]:
    """Draw a history of some records whose facts are stated for any days, in any order."""
    lengths = draw(st.lists(st.integers(0, 6), min_size=1, max_size=3))
    streams = [[str(n)] * (length + 1) for n, length in enumerate(lengths)]
    versions: dict[str, int] = {}
    history = []
    for position, stream in enumerate(draw(st.permutations(list(itertools.chain(*streams)))), 1):
        version = versions[stream] = versions.get(stream, 0) + 1
        kind = "opened" if version == 1 else draw(st.sampled_from(["paid", "frozen", "thawed"]))
        data: dict[str, Any] = {"opened": {"name": stream}, "paid": {"amount": f"{position}.00"}}
        on = day(draw(DAYS))
        stated = {"on": on.isoformat()} if on else {}
        fact = {**data.get(kind, {}), **stated}
        history.append(happened(position, stream, version, f"account.{kind}", **fact))
    return history


def of(history: list[Recorded], upto: int, stream: str) -> list[Recorded]:
    return [each for each in history if each.stream == stream and each.position <= upto]


def told(history: list[Recorded]) -> Any:
    return lambda stream, upto: of(history, upto, stream)


def plainly(history: list[Recorded], upto: int, valid_at: date | None) -> dict[str, Row]:
    """Fold in the order of the days, of what was known and true; the oracle of this file."""
    rows = {}
    for stream in sorted({each.stream for each in history}):
        events = of(history, upto, stream)
        if not events:
            continue
        days = {each.version: effective_day(each.type, each.data, each.time) for each in events}
        begun = days[1]
        counted = [
            each
            for each in in_effect(events)
            if valid_at is None or max(begun, days[each.version]) <= valid_at
        ]
        row = accounts.blank
        for event in counted:
            row = {**row, **(accounts.folds[event.type] or _none)(row, event)}
        if counted:
            last = max(counted, key=lambda each: each.version)
            row |= {"id": stream, "version": last.version, "position": last.position}
            row |= {"created_at": events[0].time, "changed_at": last.time}
            row["in_force"] = max(max(begun, days[each.version]) for each in counted)
            row["search"] = f"{row['name']}"
            rows[stream] = row
    return rows


def _none(row: Row, event: Recorded) -> Row:
    return {}


@given(story=stories(), cuts=st.lists(st.integers(0, 20), max_size=4), data=st.data())
@settings(max_examples=examples(8), deadline=None)
def test_lists_at_any_position_and_day_are_the_plain_fold(
    story: list[Recorded], cuts: list[int], data: st.DataObject
) -> None:
    delivered = data.draw(st.permutations(story))
    edges = sorted({0, *(min(cut, len(story)) for cut in cuts), len(story)})
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE SCHEMA store")
        connection.execute(PARKING)
        history = History(accounts, told(story))
        for statement in history.statements():
            connection.execute(statement)
        for first, last in itertools.pairwise(edges):
            history.load(connection, delivered[first:last])
        for position in range(len(story) + 1):
            for valid_at in [None, *(day(ago) for ago in range(10))]:
                table = past(position, valid_at)(accounts)
                names = accounts.table.c.keys()
                query = sa.select(*(table.c[name] for name in names)).order_by(table.c.id)
                rows = decoded(query, connection.execute(*compiled(query)).fetchall())
                for row in rows:
                    if isinstance(row["notes"], str):
                        row["notes"] = orjson.loads(row["notes"])
                expected = plainly(story, position, valid_at)
                assert {row["id"]: row for row in rows} == expected
                singly = {
                    stream: fold_at(accounts, of(story, position, stream), valid_at)
                    for stream in {each.stream for each in story}
                }
                assert {id_: row for id_, row in singly.items() if row} == expected


@given(story=stories(), data=st.data())
@settings(max_examples=examples(8), deadline=None)
def test_rows_told_late_are_the_same_by_any_delivery_and_rebuild(
    tmp_path_factory: pytest.TempPathFactory, story: list[Recorded], data: st.DataObject
) -> None:
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('rows') / 'rows.db'}", "normal")
    projector = Projector(engine, MODELS, told(story))
    projector.create()
    repeats = data.draw(st.lists(st.sampled_from(story), max_size=4))
    delivered = data.draw(st.permutations([*story, *repeats]))
    for start in range(0, len(delivered), 3):
        projector.apply(delivered[start : start + 3])

    def rows() -> dict[str, Row]:
        with engine.connect() as connection:
            found = connection.execute(sa.select(accounts.table)).mappings()
            return {row["id"]: dict(row) for row in found}

    def batches(after: int) -> list[list[Recorded]]:
        rest = story[after:]
        return [rest[:2], rest[2:]] if rest else []

    expected = plainly(story, len(story), None)
    assert rows() == expected
    assert projector.parked() == []
    assert check(engine, MODELS, batches, histories=told(story)).differ == 0
    rebuild(engine, MODELS, batches, histories=told(story))
    assert rows() == expected
    engine.dispose()


@given(story=stories(), since=st.integers(0, 20), upto=st.integers(0, 20), ago=st.integers(0, 9))
@settings(max_examples=examples(25), deadline=None)
def test_late_entries_are_the_whole_difference_between_as_reported_and_as_known(
    story: list[Recorded], since: int, upto: int, ago: int
) -> None:
    since, upto = sorted((min(since, len(story)), min(upto, len(story))))
    valid_at = TODAY - timedelta(days=ago)
    for stream in {each.stream for each in story}:
        reported = of(story, since, stream)
        known = of(story, upto, stream)
        late = late_entries(known, since, valid_at)
        assert all(since < event.position <= upto and on <= valid_at for on, event in late)
        before, after = (fold_at(accounts, each, valid_at) for each in (reported, known))
        # Each of them is counted in the row by its version, so they differ exactly then.
        assert (before != after) == bool(late)
        if late:
            both = sorted({*(event.version for _, event in late), *_counted(reported, valid_at)})
            assert both == _counted(known, valid_at)


def _counted(history: list[Recorded], valid_at: date) -> list[int]:
    return [event.version for _, event in late_entries(history, 0, valid_at)]


def test_a_late_event_whose_history_is_not_to_be_had_waits() -> None:
    story = [
        happened(1, "a", 1, "account.opened", name="a", on="2026-01-01"),
        happened(2, "a", 2, "account.paid", amount="1.00"),
        happened(3, "a", 3, "account.paid", amount="2.00", on="2026-01-02"),
    ]
    before = fold(accounts, {}, story[:2])
    alone = fold(accounts, before.rows, story[2:])
    assert "not to be had" in alone.parked["a", 3].error
    waiting = {"a": {3: story[2]}}
    healed = fold(accounts, before.rows, story[2:], waiting, histories=told(story))
    assert healed.rows == fold(accounts, {}, story).rows
    assert [row["notes"] for _, row in healed.revised] == [["2.00"]]
