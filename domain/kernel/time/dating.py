"""Dating: the day for which a command is stated is that of its facts, when they are applied too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from domain.kernel.codec import codec
from domain.kernel.time.business_day import today
from domain.kernel.time.effective_day import STATED


class Dating:
    """A record whose facts may be stated for an earlier day than they are recorded on."""

    def since(self, day: date | None) -> None:
        """State for an earlier day, if one is given, the fact that was stated last."""
        facts: list[Any] = self.unrecorded  # type: ignore[attr-defined]
        vars(facts[-1])[STATED] = day

    @property
    def stated_day(self) -> date:
        """The day for which a command to a record is stated: an earlier one, or else today."""
        day: date | None = vars(self).get("_dating")
        return day or today()

    @contextmanager
    def dating(self, day: date | None) -> Iterator[None]:
        """State for an earlier day, if one is given, all facts within that have such a day."""
        self._dating = day
        try:
            yield
        finally:
            del self._dating

    def trigger_event(self, event_class: Any, **values: Any) -> None:
        """State a fact, and apply it."""
        day = vars(self).get("_dating")
        if day is not None and STATED in codec(event_class).names:
            values.setdefault(STATED, day)
        super().trigger_event(event_class, **values)  # type: ignore[misc]
