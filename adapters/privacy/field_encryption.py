"""Sealing: personal fields as tokens that only the person's key opens, from the journal onwards."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.privacy.key_wrapping import NONCE
from adapters.privacy.person_keys import PersonKeys
from domain.kernel.aggregate import Stored
from domain.kernel.types.personal import Shape, erasures, personal_fields, through
from domain.kernel.types.values import ERASED, IN_USE

PREFIX = "sealed:"
"""How a token begins; the person's id follows, then what is sealed, in base64url."""

_TOKEN = re.compile(r"sealed:([^:]+):([\w-]+={0,2})", re.ASCII)
_PERSONS = re.compile(r'"sealed:([^:"]+):')


class NoKeys(Exception):
    """Personal fields came to a journal that was opened without the keys of persons."""


class Sealing:
    """Seals and opens within one transaction or one answer: no key is kept for longer.

    A token is bound to its record, person and field: moved to another place it does not open.
    """

    def __init__(self, keys: PersonKeys | None) -> None:
        """Use the keys of persons; without them nothing opens, and nothing personal is sealed."""
        self._keys = keys
        self._ciphers: dict[str, AESGCM | None] = {}
        self._new: dict[str, bytes] = {}
        self._unit: set[str] = set()

    def begin_unit(self) -> None:
        """Begin the next unit of work: the keys made so far are wanted whatever becomes of it."""
        self._unit = set()

    def undo_unit(self) -> None:
        """Forget the persons who became known in the current unit of work."""
        for person in self._unit:
            del self._new[person], self._ciphers[person]
        self._unit = set()

    def fetch(self, persons: Iterable[str]) -> None:
        """Look up the keys of persons that were not looked up yet, in one query."""
        wanted = {each for each in persons if each not in self._ciphers}
        if wanted:
            found = {} if self._keys is None else self._keys.get(wanted)
            for person in wanted:
                key = found.get(person)
                self._ciphers[person] = None if key is None else AESGCM(key)

    def known(self, person: str) -> tuple[str, ...]:
        """Return `IN_USE` for a person who has a key, `ERASED` for one who gets none any more."""
        self.fetch([person])
        if self._ciphers[person] is not None:
            return (IN_USE,)
        return (ERASED,) if self._keys is not None and self._keys.erased([person]) else ()

    def sealed(self, fact: Stored) -> str:
        """Return the payload of a fact with its personal fields sealed; an erased person's go.

        Raises `NoKeys`.
        """
        shape = personal_fields(fact.type)
        if not shape:
            return fact.data.decode()
        payload = orjson.loads(fact.data)
        told = persons_in(payload, shape, fact.stream)
        if not told:
            return fact.data.decode()
        self._prepare(told)

        def seal(person: str, name: str, value: Any) -> str | None:
            cipher = self._ciphers[person]
            if cipher is None:
                return None
            nonce = os.urandom(NONCE)
            secret = cipher.encrypt(nonce, orjson.dumps(value), _place(fact.stream, person, name))
            return f"{PREFIX}{person}:{base64.urlsafe_b64encode(nonce + secret).decode()}"

        return orjson.dumps(through(payload, shape, fact.stream, seal)).decode()

    def keep(self) -> None:
        """Keep the keys that were made for new persons, before anything sealed by them is."""
        if self._new and self._keys is not None:
            self._keys.add(self._new)
            self._new = {}

    def texts(self, rows: Iterable[tuple[str, str, str]]) -> list[str]:
        """Open payloads, given as (stream, type, JSON); what does not open is null."""
        rows = list(rows)
        closed = [PREFIX in data and bool(personal_fields(type_)) for _, type_, data in rows]
        texts = [data for (_, _, data), yes in zip(rows, closed, strict=True) if yes]
        self.fetch(person for data in texts for person in _PERSONS.findall(data))
        return [
            orjson.dumps(
                through(orjson.loads(data), personal_fields(type_), stream, self.opener(stream))
            ).decode()
            if yes
            else data
            for (stream, type_, data), yes in zip(rows, closed, strict=True)
        ]

    def opener(
        self, stream: str, missed: Callable[[str, str], None] = lambda *_: None
    ) -> Callable[[str, str, Any], Any]:
        """Return what opens the values of a record whose persons' keys were looked up.

        `missed` is told the person and the field of each that does not open, which becomes null.
        """

        def opened(person: str, name: str, value: Any) -> Any:
            if not isinstance(value, str) or not value.startswith(PREFIX):
                return value  # recorded before such fields were sealed
            token, cipher = _TOKEN.fullmatch(value), self._ciphers.get(person)
            if token is not None and cipher is not None and token[1] == person:
                try:
                    secret = base64.urlsafe_b64decode(token[2])
                    place = _place(stream, person, name)
                    return orjson.loads(cipher.decrypt(secret[:NONCE], secret[NONCE:], place))
                except (InvalidTag, binascii.Error, ValueError):
                    pass
            missed(person, name)
            return None

        return opened

    def _prepare(self, persons: set[str]) -> None:
        """Have a key for each person who was not erased."""
        if self._keys is None:
            raise NoKeys("This journal was opened without the keys of persons.")
        self.fetch(persons)
        if without := {person for person in persons if self._ciphers[person] is None}:
            for person in without - self._keys.erased(without):
                self._unit.add(person)
                self._new[person] = AESGCM.generate_key(256)
                self._ciphers[person] = AESGCM(self._new[person])


def persons_in(value: Any, shape: Shape, own: str) -> set[str]:
    """Return of whom the personal fields tell that are in a JSON value."""
    found: set[str] = set()
    through(value, shape, own, lambda person, *_: found.add(person))
    return found


def emptied(type_: str, data: dict[str, Any], stream: str) -> dict[str, Any]:
    """Return a payload without any personal values, for those who need none to replay it."""
    shape = personal_fields(type_)
    found: dict[str, Any] = through(data, shape, stream, lambda *_: None) if shape else data
    return found


def _place(stream: str, person: str, name: str) -> bytes:
    return f"{stream}/{person}/{name}".encode()


def erased_by(rows: Iterable[Sequence[Any]]) -> dict[str, int]:
    """Return which persons some rows of `events` erased, with the position of the event."""
    return {
        orjson.loads(row[11])[field]: row[0]
        for row in rows
        if (field := erasures().get(row[3])) is not None
    }
