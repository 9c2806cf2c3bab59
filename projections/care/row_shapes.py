"""Row shapes: what the columns of visits have that hold lists."""

from __future__ import annotations

from datetime import date

from typing_extensions import TypedDict

from domain.care.visit import FindingKind


class VisitFinding(TypedDict):
    """Something that was found at a visit."""

    kind: FindingKind
    text: str


class VisitRivalNote(TypedDict):
    """What was heard at a visit of a competitor."""

    competitor: str
    text: str


class VisitNextStep(TypedDict):
    """What was promised at a visit: who does it, by which day."""

    text: str
    who: str
    due: date
