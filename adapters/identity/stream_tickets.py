"""Stream tickets: what a browser shows to open one stream, where it can send no header."""

from __future__ import annotations

import hashlib
import secrets
import time

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.storage.databases import writing
from adapters.storage.journal_tables import journal_tables

LIFETIME = 30
"""Seconds in which a ticket has to be used."""

tickets = sa.Table(
    "stream_tickets",
    journal_tables,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("until_us", sa.BigInteger, nullable=False),
    sa.Index("stream_tickets_by_end", "until_us"),
)
"""What a ticket stands for is encrypted by the ticket itself: neither this table nor a copy of it
opens a stream, or tells by which credentials one would be."""


class StreamTickets:
    """All tickets of a journal; every process takes each once. Each method asks the database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Keep tickets in a journal's database."""
        self._engine = engine

    def issue(self, stands_for: bytes) -> str:
        """Return a ticket that stands for something, once."""
        ticket, now = secrets.token_urlsafe(32), time.time_ns() // 1000
        row = {
            "digest": _digest(ticket),
            "sealed": AESGCM(_key(ticket)).encrypt(bytes(12), stands_for, None),
            "until_us": now + LIFETIME * 1_000_000,
        }
        with writing(self._engine).begin() as connection:
            connection.execute(tickets.delete().where(tickets.c.until_us < now))
            connection.execute(tickets.insert(), row)
        return ticket

    def redeem(self, ticket: str) -> bytes | None:
        """Return what a ticket stands for, which it does no more; `None` if it does not now."""
        named = tickets.c.digest == _digest(ticket)
        with self._engine.connect() as connection:  # who guesses keeps no writer waiting
            if connection.scalar(sa.select(tickets.c.digest).where(named)) is None:
                return None
        used = tickets.delete().where(named).returning(tickets.c.sealed, tickets.c.until_us)
        with writing(self._engine).begin() as connection:
            row = connection.execute(used).one_or_none()
        if row is None or row.until_us < time.time_ns() // 1000:
            return None
        try:  # each key is that of one ticket and used once, so the nonce need not differ
            return AESGCM(_key(ticket)).decrypt(bytes(12), bytes(row.sealed), None)
        except InvalidTag:
            return None


def _digest(ticket: str) -> str:
    return hashlib.sha256(b"name:" + ticket.encode()).hexdigest()


def _key(ticket: str) -> bytes:
    return hashlib.sha256(b"key:" + ticket.encode()).digest()
