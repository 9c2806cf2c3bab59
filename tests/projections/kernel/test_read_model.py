"""The fold kernel: pure, in turn, and known by what it depends on."""

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from domain.customers.customer_profile import normal_number
from domain.kernel.aggregate import Recorded, discover, registry
from projections.customers.customers import customers
from projections.kernel.columns import Text
from projections.kernel.read_model import ReadModel, Row, fold, read_models
from tests.domain.replay import goldens
from tests.projections.accounts import accounts, happened

OPENED = happened(1, "a", 1, "account.opened", name="x")
PAID = happened(2, "a", 2, "account.paid", amount="1.00")


@pytest.mark.parametrize("keep", [True, False])
def test_folding_changes_no_row_in_place(keep: bool) -> None:
    before = fold(accounts, {}, [OPENED]).rows
    copy = {id_: dict(row) for id_, row in before.items()}
    after = fold(accounts, before, [PAID], keep_versions=keep).rows
    assert before == copy
    assert after["a"]["balance"] == Decimal("1.00")
    assert fold(accounts, {}, [PAID]).parked.keys() == {("a", 2)}  # the blank row is as it was


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(
    "bad",
    [
        happened(3, "a", 3, "account.opened", name=5),  # no words to find it by
        happened(3, "a", 3, "account.paid", amount="nothing"),
    ],
)
def test_an_event_that_cannot_be_applied_leaves_the_row_as_the_one_before_has_left_it(
    bad: Recorded, keep: bool
) -> None:
    plain = fold(accounts, {}, [OPENED, PAID]).rows
    folded = fold(accounts, {}, [OPENED, PAID, bad], keep_versions=keep)
    assert folded.parked.keys() == {("a", 3)}
    assert folded.rows == plain


def test_rows_are_the_same_whether_their_versions_are_kept_or_not() -> None:
    late = happened(4, "a", 4, "account.opened", name="y", on="2020-01-01")
    for events in ([OPENED, PAID, happened(3, "a", 3, "account.audited"), late], [PAID, OPENED]):
        kept, last = (fold(accounts, {}, events, keep_versions=keep) for keep in (True, False))
        assert last.rows == kept.rows
        assert last.rows["a"] == kept.versions[-1]
        assert not last.versions
        assert not last.revised


def test_every_state_of_a_row_is_kept_for_histories() -> None:
    versions = fold(accounts, {}, [OPENED, PAID]).versions
    assert [(row["version"], row["balance"]) for row in versions] == [(1, 0), (2, Decimal("1.00"))]


def test_an_event_without_a_fold_moves_the_version_on() -> None:
    row = fold(accounts, {}, [OPENED, happened(2, "a", 2, "account.audited")]).rows["a"]
    assert (row["version"], row["position"], row["name"]) == (2, 2, "x")


def test_events_of_other_aggregates_are_passed_over() -> None:
    assert fold(accounts, {}, [happened(1, "o", 1, "order.placed")]).rows == {}


def test_a_fold_that_states_an_unknown_column_is_refused() -> None:
    model = ReadModel("things", "thing", sa.Column("name", Text))

    @model.on("thing.made")
    def _made(row: Row, event: object) -> Row:
        return {"name": "x"}

    @model.on("thing.named")
    def _named(row: Row, event: object) -> Row:
        return {"name": "y", "nmae": "y"}

    events = [happened(1, "t", 1, "thing.made"), happened(2, "t", 2, "thing.named")]
    folded = fold(model, {}, events, keep_versions=False)
    assert "nmae" in folded.parked["t", 2].error
    assert (folded.rows["t"]["name"], folded.rows["t"]["version"]) == ("x", 1)


def test_an_event_type_has_one_fold_and_is_of_the_models_aggregate() -> None:
    with pytest.raises(ValueError, match="paid"):
        accounts.on("account.paid")(lambda row, event: {})
    with pytest.raises(ValueError, match="order"):
        accounts.on("order.placed")(lambda row, event: {})


def test_every_read_model_has_a_fold_for_events_that_exist() -> None:
    discover()
    for model in read_models().values():
        assert model.handles <= set(registry.events)


@pytest.mark.parametrize("name", sorted(read_models()))
def test_a_golden_history_folds_to_a_row_that_agrees_with_the_aggregate(name: str) -> None:
    model = read_models()[name]
    for life in goldens(model.aggregate):
        events = [
            happened(each["version"], "r", each["version"], each["type"], **each["data"])
            for each in life["events"]
        ]
        folded = fold(model, {}, events)
        assert folded.parked == {}
        row, state = folded.rows["r"], life["state"]
        shared = (row.keys() & state.keys()) - {"id"}
        assert len(shared) > 2
        for column in shared:
            if isinstance(row[column], str | dict) and isinstance(state[column], str | dict):
                assert _stated(row[column]) == _stated(state[column]), column


def _stated(value: Any) -> Any:
    """Leave out what is unknown: rows do not keep it."""
    if isinstance(value, dict):
        return {key: _stated(each) for key, each in value.items() if each is not None}
    return value


def test_the_fingerprint_of_a_read_model_tells_its_columns() -> None:
    one = ReadModel("ones", "thing", sa.Column("name", Text))
    other = ReadModel("others", "thing", sa.Column("name", Text), sa.Column("size", sa.Integer))
    same = ReadModel("sames", "thing", sa.Column("name", Text))
    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_the_fingerprint_of_a_read_model_tells_the_functions_that_its_folds_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fingerprint() -> str:
        customers.__dict__.pop("fingerprint", None)
        return customers.fingerprint

    before = fingerprint()
    monkeypatch.setattr("projections.customers.customers.name_key", normal_number)
    after = fingerprint()
    monkeypatch.undo()
    assert before == fingerprint() != after
