"""Words of names, by which organisations are compared."""

import pytest

from projections.customers.merges.name_words import name_words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("广州天河科技有限公司", "广州天河科技"),
        ("天河科技（集团）有限公司", "天河科技"),
        ("华南电力股份有限公司", "華南電力"),
        ("中国移动通信集团广东有限公司", "中国移动广东公司"),
        ("Acme, Inc.", "ACME Ltd"),
        ("Ｆｕｌｌ Ｗｉｄｔｈ Co., Ltd.", "full width"),
        ("China-Unicom Group", "china unicom"),
    ],
)
def test_the_legal_form_and_the_way_of_writing_do_not_count(one: str, other: str) -> None:
    assert name_words(one) == name_words(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(("天河科技", "天河实业"), ("Acme", "Acne"), ("公司", "集团"), ("Co", "Inc")),
        ("天河科技", "天河科技分公司"),
    ],
)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert name_words(one) != name_words(other)


def test_the_words_that_many_have_and_the_characters_of_its_own_stand_apart() -> None:
    assert (
        name_words("广东省广州市天河区启明信息技术有限公司") == "广东 广州 天河区 启 明 信息 技术"
    )
    assert name_words("Sunrise Technologies (China) Co., Ltd.") == "sun 'rise techno 'logy china"
    assert name_words("中国工商银行第一支行") == "中国 工商 银行 第1 支行"
