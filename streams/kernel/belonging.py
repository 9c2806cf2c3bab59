"""Belonging: the wishes by which records follow a customer, a unit or an employee, as declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.kernel.commands import every_command
from domain.kernel.time.effective_day import TIMED
from projections.kernel.belonging import Belongs, InUnit, KeptBy, OfCustomer, OfMany
from projections.kernel.read_model import models_by_kind
from streams.kernel.policy import Wish


def following(kind: str, id: str, *, merge: str, to: str, former: str) -> Wish:
    """Return the wish that a record goes with a customer from one to the other."""
    its = _belongs(kind).customer
    assert its is not None
    told = {its.column: to, "former_id": former, "merge_id": merge}
    return _wish(f"{kind}.{its.follow}", id, told)


def returning(kind: str, id: str, *, merge: str, survivor: str, duplicate: str) -> Wish:
    """Return the wish that a record that followed a duplicate is the duplicate's again."""
    its = _belongs(kind).customer
    if not isinstance(its, OfMany):
        return following(kind, id, merge=merge, to=duplicate, former=survivor)
    told = {its.column: survivor, "former_id": duplicate, "merge_id": merge}
    return _wish(f"{kind}.{its.give_back}", id, told)


def ended(kind: str, id: str, *, reason: str, on: str | None) -> Wish:
    """Return the wish that a record ends as its customer does, on a day."""
    its = _belongs(kind).customer
    assert isinstance(its, OfCustomer)
    command = f"{kind}.{its.end}"
    return _wish(command, id, {"reason": reason} | _dated(command, on))


def transferred(kind: str, id: str, *, unit: str, reason: str, on: str) -> Wish:
    """Return the wish that a record goes to another unit, on a day."""
    its = _belongs(kind).unit
    assert isinstance(its, InUnit)
    command = f"{kind}.{its.transfer}"
    return _wish(command, id, {its.column: unit, "reason": reason} | _dated(command, on))


def given(kind: str, id: str, *, to: str, reason: str) -> Wish:
    """Return the wish that an employee keeps a record from now on."""
    its = _belongs(kind).keeper
    assert isinstance(its, KeptBy)
    return _wish(f"{kind}.{its.give}", id, {its.column: to, "reason": reason})


def _belongs(kind: str) -> Belongs:
    return models_by_kind()[kind].belongs


def _wish(name: str, id: str, told: Mapping[str, Any]) -> Wish:
    """Return the wish for a command, told no more than it asks for."""
    asked = every_command()[name].body.model_fields
    return Wish(name, id, {key: value for key, value in told.items() if key in asked})


def _dated(name: str, on: str | None) -> dict[str, str | None]:
    """Return the day as a command takes it; one that takes a moment has none."""
    dated = every_command()[name].dated
    return {} if dated in (None, TIMED) else {dated: on}
