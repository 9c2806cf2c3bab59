"""Parts: what an aggregate is put together from, with its events, commands, rules.

A part is one side of a large aggregate in a file of its own, or what several aggregates have alike.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints

from domain.kernel.aggregate import Aggregate


class Part:
    """One side of an aggregate. An aggregate that names it among its bases takes it over whole.

    Parts stand before `Aggregate` in the list of bases. The events carry the aggregate's name:
    where they are written makes no difference to what is stored. What a part `needs` is a field of
    the aggregate's first fact, or a name that its body declares. Of a generic part, as in
    `Staffed[TeamRole]`, commands have the type given, and so have the fields of events that are
    marked with its variable, as in `Annotated[str, Role]`, without its bounds.
    """

    needs: ClassVar[tuple[str, ...]] = ()
    given: ClassVar[Mapping[TypeVar, Any]] = {}

    id: Any
    begun: Any
    now: Any
    in_force: Any
    stated_day: Any
    trigger_event: Callable[..., None]

    def __init_subclass__(cls, **options: Any) -> None:
        """Copy what the parts declare into an aggregate, where the kernel looks for it."""
        bases = cls.__dict__.get("__orig_bases__", ())
        own = {v: a for b in bases for v, a in zip(_variables(b), get_args(b), strict=False)}
        cls.given = {**{v: a for each in cls.__mro__[:0:-1] for v, a in _given(each)}, **own}
        for part in cls.__mro__[1:] if issubclass(cls, Aggregate) else ():
            if issubclass(part, Part) and part is not Part:
                for name, member in vars(part).items():
                    if not name.startswith("__") and name not in vars(cls):
                        setattr(cls, name, _fitted(member, cls.given))
        super().__init_subclass__(**options)


def _variables(base: Any) -> tuple[TypeVar, ...]:
    origin = get_origin(base)
    of_part = isinstance(origin, type) and issubclass(origin, Part)
    return getattr(origin, "__parameters__", ()) if of_part else ()


def _given(part: type[Any]) -> Any:
    return vars(part).get("given", {}).items()


def _fitted(member: Any, given: Mapping[TypeVar, Any]) -> Any:
    """Return a member of a part, with the types given for those of its fields that are marked."""
    if not (given and isinstance(member, type) and dataclasses.is_dataclass(member)):
        return member
    fields = {
        name: get_args(given[mark])[0] if get_args(given[mark]) else given[mark]
        for name, hint in get_type_hints(member, include_extras=True).items()
        for mark in getattr(hint, "__metadata__", ())
        if isinstance(mark, TypeVar) and mark in given
    }
    if not fields:
        return member
    place = {"__module__": member.__module__, "__qualname__": member.__qualname__}
    kind: Any = type(member)
    return kind(member.__name__, (member,), {"__annotations__": fields, **place})
