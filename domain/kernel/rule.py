"""Rules: why a command is refused, in a business user's words; and those that all records share."""

from __future__ import annotations

import re
from functools import cache


@cache
def kebab(name: str) -> str:
    """Return a class or method name as it is written in routes and event types (`close-file`)."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_+", "-", name.strip("_")).lower()


class RuleViolation(Exception):
    """A command was refused by a business rule; the docstring of the subclass is the rule."""

    holder: str | None = None
    """The id of the record that has what was claimed, of one that may be told."""

    def __init__(self, field: str | None = None, hint: str = "") -> None:
        """Refuse, naming the `field` of the command's body that broke the rule, if one did.

        The `hint` is what helps in this very case, after the rule.
        """
        super().__init__(self.text())
        self.field = field
        self.hint = hint

    @classmethod
    def rule(cls) -> str:
        """Return the stable name of the rule, as in `owner-required`."""
        return kebab(cls.__name__)

    @classmethod
    def text(cls) -> str:
        """Return the rule in a business user's words."""
        return " ".join((cls.__doc__ or "").split())


class RecordClosed(RuleViolation):
    """Nothing new is attached to a record that is closed."""


class RecordMerged(RecordClosed):
    """Nothing new is attached to a record that was merged into another."""

    def __init__(self, field: str | None, survivor_id: str) -> None:
        """Refuse, naming the record as which it lives on."""
        super().__init__(field, f"It is {survivor_id} now.")


class MovedMeanwhile(RuleViolation):
    """A record follows a customer into a merge, or back, only from where it was left."""


class NotDue(RuleViolation):
    """What time brings about comes at the moment at which the record is due by now."""


class NothingChanged(RuleViolation):
    """A correction has to change something."""


class SameHands(RuleViolation):
    """Nobody approves or rejects what they submitted."""
