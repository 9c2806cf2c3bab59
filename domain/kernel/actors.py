"""Actors: who does something is a kind and an identity; no text makes one out of the other."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

ActorKind = Literal["person", "key", "policy", "deadline", "system", "operator", "stranger"]
"""What somebody is: a person of the staff, the key of another system, a policy of ours, a deadline
of ours that time has come to, the system itself (its foundation, its imports), an operator, who is
a user of the machine that it runs on, by the name there, or whoever was not known."""

ACTOR_KINDS: tuple[ActorKind, ...] = get_args(ActorKind)


class Actor(NamedTuple):
    """Somebody who does things.

    `id` is the code of an employee, the id of a key's record, the name of a policy, of a deadline
    or of a part of the system; it is unique among those of its `kind` alone.
    """

    kind: ActorKind
    id: str


SYSTEM = Actor("system", "system")
"""The system itself, which lays the foundation."""

IMPORT = Actor("system", "import")
"""The system as it imports sheets for nobody in particular."""

STRANGER = Actor("stranger", "nobody")
"""Whoever was not known."""

FORMER_PREFIXES: dict[str, ActorKind] = {"policy": "policy", "key": "key"}
"""How the actors of some kinds began, before a colon, while there were no kinds."""

FORMER_NAMES = {each.id: each for each in (SYSTEM, IMPORT, STRANGER)}
"""Whom some actors as a whole stood for then."""


def attributed(text: str) -> Actor:
    """Return who is meant by a row of the journal that was recorded before rows had kinds.

    Then these names and beginnings stood for what is no person; a key was known by its name. Only
    for such rows: what was recorded since says what it is.
    """
    beginning, _, rest = text.partition(":")
    kind = FORMER_PREFIXES.get(beginning)
    if kind is not None and rest:
        return Actor(kind, rest)
    return FORMER_NAMES.get(text, Actor("person", text))


def formerly(actor: Actor) -> str | None:
    """Return the text by which rows without kinds tell of somebody; `None` when none of them can.

    A person whose code was something's beginning or name is none of theirs.
    """
    text = f"{actor.kind}:{actor.id}" if actor.kind in FORMER_PREFIXES else actor.id
    return text if attributed(text) == actor else None
