"""Erasure: the words and rules shared by the commands that erase a person for good."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import RuleViolation
from domain.kernel.types.values import Line

LegalBasis = Annotated[Line, Field(examples=["PIPL art. 47 (3)", "GDPR art. 17 (1) b"])]
"""What obliges us to erase: a law with its article, or the request's own ground."""

SHORTEST = 2
"""Characters of a text that tells something: a single one may stand in any sentence."""


class PersonErased(RuleViolation):
    """A person who was erased is neither erased again nor added again under the same id."""


class DiscretionRequired(RuleViolation):
    """The reason for an erasure and its legal basis do not repeat what is erased."""


def require_discretion(reason: str, legal_basis: str, erased: Iterable[object]) -> None:
    """Refuse a reason or a legal basis in which something stands that is to be erased."""
    told = [each.casefold() for each in erased if type(each) is str and len(each) >= SHORTEST]
    for field, text in (("reason", reason), ("legal_basis", legal_basis)):
        if any(each in text.casefold() for each in told):
            raise DiscretionRequired(field)
