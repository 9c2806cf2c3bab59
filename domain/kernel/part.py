"""Parts: one side of a large aggregate in a file of its own, with its events, commands, rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Part:
    """One side of an aggregate. An aggregate that names it among its bases takes it over whole.

    Parts stand before `Aggregate` in the list of bases, and a part belongs to one aggregate. Its
    events carry the aggregate's name: where it is written makes no difference to what is stored.
    """

    id: Any
    begun: Any
    now: Any
    in_force: Any
    trigger_event: Callable[..., None]

    def __init_subclass__(cls, **options: Any) -> None:
        """Copy what the parts declare into the class, where the kernel looks for it."""
        for part in cls.__mro__[1:]:
            if issubclass(part, Part) and part is not Part:
                for name, member in vars(part).items():
                    if not name.startswith("__") and name not in vars(cls):
                        setattr(cls, name, member)
        super().__init_subclass__(**options)
