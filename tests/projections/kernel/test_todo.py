"""What is to be done, in words."""

from projections.care.visits import visits
from projections.kernel.todo import text_of


def test_a_text_says_what_codes_are_called_in_its_language() -> None:
    todo = next(each for each in visits.todos if "purpose" in each.told)
    assert text_of(todo, {"purpose": "routine"}).endswith("(routine)")
    assert "例行走访" in text_of(todo, {"purpose": "routine"}, "zh")
    assert "…" in text_of(todo, {"purpose": None}, "zh")
