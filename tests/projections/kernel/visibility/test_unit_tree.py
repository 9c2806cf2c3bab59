"""The tree of units, compared with the plainest way to walk it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from projections.kernel.read_model import Row
from projections.kernel.visibility.unit_tree import Organisation
from tests.projections.company import UNITS, unit

CODES = [f"u{number}" for number in range(8)]


@st.composite
def trees(draw: st.DrawFn) -> list[Row]:
    """Return a root and units somewhere below it, some of which ended in favour of others."""
    rows = [unit("root", None)]
    for number, code in enumerate(CODES):
        earlier = st.sampled_from(["root", *CODES[:number]])
        state = draw(st.sampled_from(["open", "open", "merged", "closed"]))
        successor = None if state == "open" else draw(earlier)
        rows.append(unit(code, draw(earlier), state, successor))
    return draw(st.permutations(rows))


def naive_path(rows: dict[str, Row], code: str | None) -> list[str]:
    """Return a unit and all that it leads to, by recursion."""
    if code is None:
        return []
    row = rows.get(code)
    if row is None:
        return [code, "root"]
    up = row["parent"] if row["state"] == "open" else row["successor"]
    return [code, *naive_path(rows, up)]


@given(trees())
def test_above_and_under_are_what_a_naive_walk_finds(rows: list[Row]) -> None:
    organisation, by_code = Organisation(rows), {row["code"]: row for row in rows}
    paths = {code: naive_path(by_code, code) for code in [*by_code, "unheard-of"]}
    for code, path in paths.items():
        still_open = [each for each in path if by_code.get(each, {}).get("state", "open") == "open"]
        assert list(organisation.above(code)) == still_open
        if code in by_code:
            below = {each for each in by_code if code in paths[each]}
            assert organisation.under(code) == below


def test_a_unit_that_nobody_knows_is_right_below_the_root() -> None:
    organisation = Organisation(UNITS)
    assert organisation.above("elsewhere") == ("elsewhere", "group")
    assert organisation.under("elsewhere") == {"elsewhere"}


def test_units_that_lead_to_one_another_end_no_walk_in_a_circle() -> None:
    circle = [unit("root", None), unit("a", "root", "merged", "b"), unit("b", "a", "merged", "a")]
    organisation = Organisation(circle)
    assert organisation.above("a") == ()
    assert organisation.under("a") == {"a", "b"}
    assert organisation.under("root") == {"root"}


def test_an_empty_organisation_has_no_root() -> None:
    organisation = Organisation()
    assert organisation.root is None
    assert organisation.above("gd") == ("gd",)
