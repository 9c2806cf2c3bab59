"""Codes by which people and roles are known: none poses as another, or as what is no person."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from domain.kernel.aggregate import RuleViolation

LONGEST = 64
"""Characters of a code at most."""

_PATTERN = r"^[a-z0-9]+([._@+-]+[a-z0-9]+)*$"
_SAFE = re.compile(_PATTERN)
_FORM = (
    "A code has small letters a to z and digits, with . _ @ + or - between them: letters of other "
    "alphabets, large ones and other signs could make it look like somebody else's."
)

RESERVED = frozenset(
    {
        *("system", "policy", "deadline", "key", "person", "import", "keyline"),
        *("nobody", "anybody", "somebody", "stranger", "anonymous", "unknown", "me"),
    }
)
"""Words that tell of no person, or of another one to each who says them."""


class CodeReserved(RuleViolation):
    """A word that tells of no person, as `system` or `nobody`, is no employee's code."""


class EmployeeCodeAlike(RuleViolation):
    """No two employees have codes that differ in large and small letters or in width alone."""


class RoleCodeAlike(RuleViolation):
    """No two roles have codes that differ in large and small letters or in width alone."""


def safe(code: str) -> str:
    """Return a code that can be given to somebody or something new. Raises what says why not."""
    if not _SAFE.fullmatch(code):
        raise PydanticCustomError("code_form", _FORM)
    return code


NewCode = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST),
    AfterValidator(safe),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": _PATTERN}),
    Field(examples=["li.wei"]),
]
"""The code of an employee or a role that there is none of yet; older ones may have other forms."""


def alike(text: str) -> str:
    """Return what texts have in common that look the same: width, case and spaces do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def flaw(kind: str, code: str) -> str | None:
    """Return why a code in use would not be given any more to a record of a kind, if so."""
    if not _SAFE.fullmatch(code):
        return _FORM
    return CodeReserved.text() if kind == "employee" and code in RESERVED else None
