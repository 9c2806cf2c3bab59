"""The row of an API key: what a system may do, and the hash that nobody is shown."""

from projections.kernel.lists.list_filters import filters
from projections.kernel.lists.list_query import fields, sortable
from projections.permissions.api_keys import api_keys
from tests.projections.folding import row_after

ISSUED = (
    "issued",
    {
        "name": "Call centre",
        "prefix": "7k2m9x4q",
        "digest": "0" * 64,
        "role": "service-agent",
        "unit": "gd",
        "masked": ["phone"],
        "until": None,
    },
)


def test_a_key_says_what_it_opens() -> None:
    row = row_after(api_keys, ISSUED)
    assert (row["role"], row["unit"], row["masked"]) == ("service-agent", "gd", ["phone"])
    assert (row["digest"], row["state"], row["until"]) == ("0" * 64, "active", None)


def test_a_revoked_key_says_so() -> None:
    assert row_after(api_keys, ISSUED, ("revoked", {"reason": "lost"}))["state"] == "revoked"


def test_nobody_reads_filters_or_sorts_by_the_hash() -> None:
    assert "digest" not in {*fields(api_keys), *filters(api_keys), *sortable(api_keys)}
