"""Names as they are compared."""

import pytest

from projections.customers.merges.name_key import name_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("广州天河科技有限公司", "广州天河科技"),
        ("天河科技（集团）有限公司", "天河科技"),
        ("华南电力股份有限公司", "華南电力".replace("華", "华")),
        ("Acme, Inc.", "ACME Ltd"),
        ("Ｆｕｌｌ Ｗｉｄｔｈ Co., Ltd.", "full width"),
        ("China-Unicom Group", "china unicom"),
    ],
)
def test_the_legal_form_and_the_way_of_writing_do_not_count(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("天河科技", "天河实业"), ("Acme", "Acne"), ("公司", "集团"), ("Co", "Inc")]
)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)
