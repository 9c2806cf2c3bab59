"""Keyed: what a record has several of, each by a key: what puts one there, corrects it, drops it.

```python
equipment: dict[str, dict[str, Any]] = keyed("tag", Equipment, EquipmentRequired, taken=TagTaken)

class EquipmentRecorded(Equipment, Aggregate.Event, puts="equipment"): ...
class EquipmentRemoved(Aggregate.Event, drops="equipment"): ...

@command(states=EquipmentRemoved)
def remove_equipment(self, tag: Code, reason: Line) -> None:
    \"\"\"Remove equipment from the site, for a reason.\"\"\"
```
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

from domain.kernel.rule import NothingChanged, RuleViolation
from domain.kernel.time.correction import Fields, corrected, correction

ACTS = PUTS, CORRECTS, DROPS = "puts", "corrects", "drops"
"""What a fact does with one of several."""


@dataclasses.dataclass(frozen=True, slots=True)
class Keyed:
    """What an attribute holds by its `key`, and the rules for a key that is there, or is not."""

    key: tuple[str, ...]
    holds: Any
    required: type[RuleViolation] | None
    taken: type[RuleViolation] | None

    def make(self) -> Any:
        """Return what a record begins with: none."""
        return set() if self.holds is None else {}

    def named(self, told: Mapping[str, Any]) -> Any:
        """Return the key of the one that a fact or a command is about."""
        return told[self.key[0]] if len(self.key) == 1 else tuple(told[name] for name in self.key)

    def value(self, told: Mapping[str, Any]) -> Any:
        """Return what a fact or a command says of it."""
        if isinstance(self.holds, str):
            return told[self.holds]
        if issubclass(self.holds, Fields):
            return self.holds.among(told)
        return self.holds(**{each.name: told[each.name] for each in dataclasses.fields(self.holds)})


def keyed(
    key: str | tuple[str, ...],
    holds: type[Any] | str | None = None,
    required: type[RuleViolation] | None = None,
    taken: type[RuleViolation] | None = None,
) -> Any:
    """Declare an attribute that holds several, each by its key; a record begins with none.

    Args:
        key: The fields by which facts and commands name one of them.
        holds: What is kept of each: a dataclass of fields of the facts (as a dictionary, where it
            is one of `Fields`), or one of these fields; of none, the keys alone are a set.
        required: The rule for a key that is to be corrected or dropped, and is not there.
        taken: The rule for a key that is to be put, and is there, then or by now. Without one it
            is put in place of what was there, unless it is the same (`NothingChanged`).
    """
    return Keyed((key,) if isinstance(key, str) else key, holds, required, taken)


class Turn(NamedTuple):
    """What a fact does with one of the several that an attribute holds."""

    act: str
    attribute: str

    def of(self, aggregate: type[Any]) -> Keyed:
        """Return what the attribute is declared to hold."""
        found: Keyed = getattr(aggregate, self.attribute)
        return found

    def rules(self, aggregate: type[Any]) -> frozenset[type[RuleViolation]]:
        """Return what a command may be refused by that only states such a fact."""
        of = self.of(aggregate)
        missing = {of.required} if self.act != PUTS else {of.taken or NothingChanged}
        found = missing | ({NothingChanged} if self.act == CORRECTS else set())
        return frozenset(rule for rule in found if rule is not None)

    def apply(self, told: Mapping[str, Any], record: Any) -> None:
        """Put, correct or drop the one that a fact is about."""
        of, kept = self.of(type(record)), getattr(record, self.attribute)
        key = of.named(told)
        if self.act == CORRECTS:
            kept[key] = corrected(kept[key], told, told["cleared"])
        elif of.holds is None:
            kept.add(key) if self.act == PUTS else kept.remove(key)
        elif self.act == PUTS:
            kept[key] = of.value(told)
        else:
            del kept[key]

    def decide(self, record: Any, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the fact says, of what a command gives. Raises the rules."""
        of, kept = self.of(type(record)), getattr(record, self.attribute)
        key, field = of.named(given), of.key[-1]
        if self.act == PUTS and of.taken is not None:
            if key in kept or key in getattr(record.now, self.attribute):
                raise of.taken(field)
        elif self.act == PUTS:
            if key in kept and (of.holds is None or kept[key] == of.value(given)):
                raise NothingChanged({str: of.holds, type(None): field}.get(type(of.holds)))
        elif key not in kept:
            raise (of.required or NothingChanged)(field)
        if self.act != CORRECTS:
            return given
        if changes := correction(kept[key], of.value(given), given.get("clear") or ()):
            return {name: given[name] for name in of.key} | changes
        raise NothingChanged
