"""A row belongs where its record says that it belongs, or reads and commands would differ."""

import pytest

from domain.kernel.aggregate import discover
from domain.kernel.time.replay import evolve
from projections.kernel.ownership import Scope
from projections.kernel.read_model import fold, read_models
from projections.kernel.visibility.row_security import subject_of
from tests.domain.replay import goldens, history
from tests.projections.accounts import happened


@pytest.mark.parametrize("name", sorted(read_models()))
def test_units_and_owners_of_a_row_are_those_of_its_record_all_its_life(name: str) -> None:
    discover()
    model = read_models()[name]
    for life, told in enumerate(goldens(model.aggregate)):
        events = [
            happened(each["version"], "r", each["version"], each["type"], **each["data"])
            for each in told["events"]
        ]
        stored = list(history(model.aggregate, life))
        for length in range(1, len(events) + 1):
            row = fold(model, {}, events[:length]).rows["r"]
            record = evolve(None, stored[:length])
            assert record is not None
            subject = subject_of(model, row)
            if not model.scope.public:
                assert subject.units == record.units, length
                assert subject.owners == record.owners, length


def test_owners_are_one_or_a_list_or_an_object_by_code() -> None:
    scope = Scope(owners=("manager", "team", "members"))
    row = {"manager": "bo", "team": {"ann": "sales", "bo": "sales"}, "members": ["chen"]}
    assert scope.owned_by(row) == ["ann", "bo", "chen"]
    assert scope.owned_by({"manager": None, "team": {}, "members": []}) == []


def test_every_read_model_says_where_its_rows_belong() -> None:
    for model in read_models().values():
        scope = model.scope
        assert scope.public or scope.unit or scope.owners, model.name
