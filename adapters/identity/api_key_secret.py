"""The keys of systems: made at random, found by their beginning, recognised by their hash."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_KEY = re.compile(r"kl_([0-9a-z]{8})_[\w-]{43}", re.ASCII)


class SystemKey(NamedTuple):
    """A key in the clear, which nobody keeps, and what is kept of it."""

    text: str
    prefix: str
    digest: str


def new_key() -> SystemKey:
    """Return a new key `kl_<prefix>_<secret>`, whose secret has 256 random bits."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    text = f"kl_{prefix}_{secrets.token_urlsafe(32)}"
    return SystemKey(text, prefix, digest_of(text))


def prefix_of(text: str) -> str | None:
    """Return the prefix by which a key is found, `None` when it is not the key of a system."""
    match = _KEY.fullmatch(text)
    return match and match[1]


def digest_of(text: str) -> str:
    """Return what is kept of a key: the SHA-256 of all of it, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_key(text: str, digest: str) -> bool:
    """Tell whether a key has this digest, in a time that does not depend on it."""
    return hmac.compare_digest(digest_of(text), digest)
