"""Who calls: the one place where a request's key becomes a person or system with a unit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from adapters.keys import Keys
from api.problems import Unauthenticated

OPEN = frozenset(
    {"/", "/docs", "/openapi.json", "/livez", "/readyz", "/problems", "/favicon.ico", "/metrics"}
)
"""What answers without a key; metrics do so only to callers on this machine."""

OPEN_FOLDERS = ("/problems/", "/docs/")

LOOPBACK = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1", ""})


@dataclasses.dataclass(frozen=True, slots=True)
class Principal:
    """Whoever calls: `actor` goes into every event, with the `unit` that it acts for."""

    actor: str
    unit: str
    on_behalf_of: str | None = None


ADMINISTRATOR = Principal(actor="admin", unit="group")


class Doorkeeper:
    """Tells who calls from the Authorization header."""

    def __init__(self, keys: Keys) -> None:
        """Know callers by these keys."""
        self._keys = keys

    def identify(self, headers: Mapping[bytes, bytes]) -> Principal:
        """Return who calls. Raises `Unauthenticated`."""
        scheme, _, key = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer" or not key:
            raise Unauthenticated("Send the header Authorization: Bearer <key>.")
        if not self._keys.is_admin(key.strip()):
            raise Unauthenticated("This key is not known here.")
        return ADMINISTRATOR

    def needed(self, path: str, address: str) -> bool:
        """Tell whether a path answers only to those who are known."""
        if path == "/metrics":
            return address not in LOOPBACK
        return path not in OPEN and not path.startswith(OPEN_FOLDERS)
