"""Corrections: what is given replaces, what is cleared empties, the rest stays."""

from domain.kernel.time.correction import corrected, correction

KNOWN = {"name": "Acme", "region": "north", "website": None}


def test_only_what_differs_is_a_change() -> None:
    assert correction(KNOWN, {"name": "Acme", "region": "south"}) == {"region": "south"}
    assert correction(KNOWN, {"name": "Acme", "region": None}) == {}


def test_only_what_is_known_is_cleared() -> None:
    assert correction(KNOWN, {}, ["region", "website"]) == {"cleared": ("region",)}


def test_a_given_value_is_stronger_than_a_clearing() -> None:
    assert correction(KNOWN, {"region": "south"}, ["region"]) == {"region": "south"}


def test_a_correction_leaves_the_rest_as_it_was() -> None:
    assert corrected(KNOWN, {"name": "Acme 2"}, ["region"]) == {
        "name": "Acme 2",
        "region": None,
        "website": None,
    }
    assert KNOWN["name"] == "Acme"
