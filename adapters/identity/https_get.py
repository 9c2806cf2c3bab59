"""Asking: what one address answers to a GET, wherever the answer or the environment may point."""

from __future__ import annotations

from http.client import HTTPException
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, UnknownHandler

LARGEST = 1 << 20
"""Bytes of an answer that are read at most."""

# All that is plugged in: no proxy of the environment, no redirect, no file.
_opener = OpenerDirector()
for _handler in (HTTPHandler(), HTTPSHandler(), UnknownHandler()):
    _opener.add_handler(_handler)
_opener.addheaders = [("Accept", "application/json"), ("User-Agent", "keyline")]


class Unanswered(Exception):
    """Nobody answers there in time, or not by HTTP, or at too great length; says which."""


def ask(url: str, patience: float) -> tuple[int, bytes]:
    """Return the status of an answer, whichever it is, and its body.

    `patience` is in seconds, for the connection and for each part of the answer. Certificates
    are those that the machine trusts. Raises `Unanswered`.
    """
    try:
        with _opener.open(url, timeout=patience) as answer:
            body: bytes = answer.read(LARGEST + 1)
    except (OSError, HTTPException, ValueError) as error:
        raise Unanswered(f"{url}: {error}") from error
    if len(body) > LARGEST:
        raise Unanswered(f"{url} sends too much")
    return answer.status, body
