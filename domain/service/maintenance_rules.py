"""Rules of planned work: what is refused, and why."""

from __future__ import annotations

from domain.kernel.aggregate import RuleViolation


class WorkedOnRequired(RuleViolation):
    """Planned work names a product in use or a site."""


class WindowReversed(RuleViolation):
    """Work ends after it begins."""


class AnnouncementRequired(RuleViolation):
    """Work begins after it was announced."""


class WorkBegun(RuleViolation):
    """Work that has begun is not announced, postponed, put on hold or cancelled any more."""


class ObjectionOpen(RuleViolation):
    """Work is not begun against an objection that nobody has answered."""


class ObjectionRequired(RuleViolation):
    """Only an objection that is open is answered."""


class MaintenanceHeld(RuleViolation):
    """Work that was put on hold is postponed before it is announced or begun."""


class BeginRequired(RuleViolation):
    """Only work that was begun is finished."""


class WorkToCome(RuleViolation):
    """What became of work is told once it has happened."""


class InterruptionOutside(RuleViolation):
    """An interruption lies within the work."""


class WorkEnded(RuleViolation):
    """Work that is done or cancelled is not changed any more."""
