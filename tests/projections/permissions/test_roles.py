"""The role row: what it allows now."""

from projections.permissions.roles import roles
from tests.projections.folding import row_after

DEFINED = (
    "defined",
    {
        "code": "seller",
        "name": "Seller",
        "permissions": ["customer.*"],
        "description": "Sells",
        "unit": "group",
    },
)


def test_a_role_is_as_it_was_last_revised() -> None:
    row = row_after(
        roles,
        DEFINED,
        ("revised", {"name": None, "permissions": ["*.read"], "description": None}),
        ("revised", {"name": "Reader", "permissions": None, "description": None}),
    )
    assert (row["code"], row["unit"]) == ("seller", "group")
    assert (row["name"], row["permissions"], row["description"]) == ("Reader", ["*.read"], "Sells")
    assert row["state"] == "active"


def test_a_retired_role_says_so() -> None:
    assert row_after(roles, DEFINED, ("retired", {"reason": "x"}))["state"] == "retired"
