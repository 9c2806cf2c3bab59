"""Names of one customer are told from those of two, on pairs made before the rules were."""

import csv
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from rapidfuzz import fuzz

from domain.kernel.types.chinese_characters import simplified, sound_alike
from projections.customers.merges.likeness import ALIKE, figures, likeness
from projections.customers.merges.name_key import name_key
from projections.customers.merges.name_words import name_words

HERE = Path(__file__).parent
FILES = ["pairs.csv", "pairs_held_out.csv"]


class Pair(NamedTuple):
    same: bool
    rule: str
    one: str
    other: str


def pairs(file: str) -> list[Pair]:
    with (HERE / file).open(encoding="utf-8") as opened:
        return [Pair(same == "1", *rest) for same, *rest in list(csv.reader(opened))[1:]]


def quality(file: str, alike: Callable[[str, str], bool]) -> tuple[float, float]:
    """Return recall and precision."""
    said = [(each.same, alike(each.one, each.other)) for each in pairs(file)]
    right = said.count((True, True))
    return right / sum(same for same, _ in said), right / sum(yes for _, yes in said)


def alike(one: str, other: str) -> bool:
    return likeness(name_words(one), name_words(other)) >= ALIKE


def by_their_beginning(one: str, other: str) -> bool:
    """Compare as once was done: letters, where the first halves are equal."""
    one, other = name_key(one), name_key(other)
    return other.startswith(one[: max(2, (len(one) + 1) // 2)]) and fuzz.ratio(one, other) >= ALIKE


@pytest.mark.parametrize("file", FILES)
def test_pairs_of_one_customer_are_told_from_pairs_of_two(file: str) -> None:
    recall, precision = quality(file, alike)
    assert recall >= 0.95
    assert precision >= 0.9


@pytest.mark.parametrize("file", FILES)
def test_names_of_different_figures_are_of_two(file: str) -> None:
    names = [name for each in pairs(file) for name in (each.one, each.other)]
    numbered = [(name, f"{name}{n}{more}") for name in names for n in (1, 21) for more in "号x"]
    compared = [tuple(map(name_words, each)) for each in (*pairwise(names), *numbered)]
    of_two = [each for each in compared if figures(each[0]) != figures(each[1])]
    assert len(of_two) >= len(numbered)
    assert not any(likeness(*each) for each in of_two)


@pytest.mark.parametrize("file", FILES)
def test_the_pairs_are_not_told_apart_by_how_they_begin(file: str) -> None:
    recall, _ = quality(file, by_their_beginning)
    assert recall < 0.6


@pytest.mark.parametrize("file", FILES)
def test_which_of_two_names_comes_first_does_not_matter(file: str) -> None:
    found = pairs(file)
    assert [each.same for each in found].count(True) == len(found) / 2 == 150
    for each in found:
        one, other = name_words(each.one), name_words(each.other)
        assert likeness(one, other) == likeness(other, one)
        assert likeness(one, one) == 100


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("广州天河科技有限公司", "天河科技（广州）股份有限公司"),
        ("广东天河科技", "天河科技（广东）"),
        ("中国银行广州分行", "广州分行（中国银行）"),
        ("广州天河信息科技有限公司", "广州天河科技有限公司"),
        ("广州盛达科技有限公司", "广州晟达科技有限公司"),
        ("广州天河科技有限公司", "广州天河科枝有限公司"),
    ],
)
def test_one_customer(one: str, other: str) -> None:
    assert likeness(name_words(one), name_words(other)) >= ALIKE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("中国银行广州分行", "中国银行深圳分行"),
        ("中国银行", "中国银行深圳分行"),
        ("广州第一建筑公司", "广州第二建筑公司"),
        ("Plant 12 Energy", "Plant 21 Energy"),
        ("天河科技", "天河实业"),
        ("广州华泰科技", "广州华润科技"),
        ("广东省财政局", "广州市财政局"),
        ("", ""),
    ],
)
def test_two_customers(one: str, other: str) -> None:
    assert likeness(name_words(one), name_words(other)) == 0


def test_characters_are_simplified_and_compared_by_their_sound() -> None:
    assert simplified("臺灣積體電路") == "台湾积体电路"
    assert sound_alike("盛", "晟")
    assert sound_alike("技", "计")
    assert not sound_alike("技", "枝")
    assert not sound_alike("龘", "厵")
