"""Settings: environment variables, each with its meaning, default and check."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import available_timezones

from adapters.setting import SettingsError as SettingsError
from adapters.setting import given, secure, setting, written
from domain.kernel.time.business_day import ZONE


@dataclasses.dataclass(frozen=True)
class Settings:
    """What an operator may choose. Empty values stand for the default."""

    data: Path = setting(  # noqa: RUF009 (a field of its own, not a shared value)
        "KEYLINE_DATA", "folder of all files that Keyline keeps", Path(".keyline")
    )
    host: str = setting("KEYLINE_HOST", "address to listen on", "127.0.0.1")
    port: int = setting("KEYLINE_PORT", "port to listen on", 8000)
    journal: str = setting(
        "KEYLINE_JOURNAL", "SQLAlchemy URL of the journal; empty: SQLite in the data folder", ""
    )
    rows: str = setting(
        "KEYLINE_ROWS",
        "SQLAlchemy URL of the row read models; empty: beside a PostgreSQL journal, "
        "else SQLite in the data folder",
        "",
    )
    keys: str = setting(
        "KEYLINE_KEYS",
        "SQLAlchemy URL of the keys of persons; empty: a schema of its own beside a PostgreSQL "
        "journal, else SQLite in the data folder",
        "",
    )
    master_key: str = setting(
        "KEYLINE_MASTER_KEY",
        "file of the key that wraps the keys of persons and what signs tokens; empty: "
        "master.key in the data folder",
        "",
    )
    kafka: str = setting(
        "KEYLINE_KAFKA", "Kafka bootstrap servers, host:port,…; empty: none, all on one machine", ""
    )
    partitions: int = setting("KEYLINE_PARTITIONS", "partitions of each Kafka topic, for good", 8)
    replicas: int = setting("KEYLINE_REPLICAS", "copies of each Kafka topic", 1)
    topics: str = setting("KEYLINE_TOPICS", "prefix of the Kafka topics", "keyline")
    warehouse: str = setting(
        "KEYLINE_WAREHOUSE",
        "URL of the warehouse service that answers reports; empty: this process",
        "",
    )
    processes: int = setting(
        "KEYLINE_PROCESSES",
        "3: rows and warehouse apart; 1: all in one; 0: 3 on two; scaled out: how many answer",
        0,
    )
    projectors: int = setting("KEYLINE_PROJECTORS", "projector processes; 0: one a processor", 0)
    demo: bool = setting("KEYLINE_DEMO", "1: load demo data into an empty journal at start", False)
    admin_key: str = setting(
        "KEYLINE_ADMIN_KEY", "the administrator's key; empty: made and printed at first start", ""
    )
    oidc_issuer: str = setting(
        "KEYLINE_OIDC_ISSUER",
        "URL of an OpenID Connect provider whose tokens are believed; empty: none",
        "",
    )
    oidc_audience: str = setting(
        "KEYLINE_OIDC_AUDIENCE", "for whom such tokens must be issued", "keyline"
    )
    oidc_claim: str = setting(
        "KEYLINE_OIDC_CLAIM",
        "claim of such tokens that is the employee's code: one that nobody can choose or take over",
        "sub",
    )
    oidc_tokens: str = setting(
        "KEYLINE_OIDC_TOKENS",
        "at+jwt: believe what is called an access token (RFC 9068); jwt: also what by its claims "
        "is one",
        "at+jwt",
    )
    oidc_admin: bool = setting(
        "KEYLINE_OIDC_ADMIN", "1: such a token may be that of the employee admin", False
    )
    proxies: str = setting(
        "KEYLINE_PROXIES",
        "addresses of the proxies in front, a,b,…, whose X-Forwarded-For is believed",
        "",
    )
    origins: frozenset[str] = setting(
        "KEYLINE_ORIGINS", "origins of pages that may ask, https://a.example.com,…", frozenset()
    )
    zone: str = setting(
        "KEYLINE_ZONE",
        "time zone (IANA name) in which days begin and end, for good: the journal keeps it",
        ZONE,
    )
    log: str = setting("KEYLINE_LOG", "form of the log: console or json", "console")
    system_log_days: int = setting(
        "KEYLINE_SYSTEM_LOG_DAYS", "days for which the system log is kept", 180
    )
    head_key: str = setting(
        "KEYLINE_HEAD_KEY",
        "file of the key that signs heads of the logs; empty: head.key in the data folder",
        "",
    )
    head_minutes: int = setting("KEYLINE_HEAD_MINUTES", "minutes between two signed heads", 10)
    queue: int = setting("KEYLINE_QUEUE", "commands that may wait; past it 503", 4096)
    body_limit: int = setting("KEYLINE_BODY_LIMIT", "bytes in the body of one command", 1_048_576)
    values_limit: int = setting(
        "KEYLINE_VALUES_LIMIT", "JSON values in the body of one command", 20_000
    )
    batch_limit: int = setting(
        "KEYLINE_BATCH_LIMIT", "bytes in the body of many commands", 67_108_864
    )
    header_limit: int = setting(
        "KEYLINE_HEADER_LIMIT",
        "bytes in the line and headers of a request, each with 32 on top; past it 431",
        65_536,
    )
    header_seconds: int = setting(
        "KEYLINE_HEADER_SECONDS", "seconds in which these have to come; past it 408", 20
    )
    idle_seconds: int = setting(
        "KEYLINE_IDLE_SECONDS", "seconds for which a connection is kept between requests", 60
    )
    pipelined: int = setting(
        "KEYLINE_PIPELINED", "requests that may wait for the answer to one before; past it 503", 16
    )
    body_seconds: int = setting(
        "KEYLINE_BODY_SECONDS", "seconds in which the body of one command has to come", 60
    )
    requests: int = setting(
        "KEYLINE_REQUESTS", "requests that are served at a time, streams too; past it 503", 2000
    )
    connections: int = setting(
        "KEYLINE_CONNECTIONS",
        "connections at a time, of which an address has half unless there is a proxy; past it 503",
        4000,
    )
    strangers: int = setting(
        "KEYLINE_STRANGERS",
        "those of them over which no good credentials have come; past it the oldest makes way",
        500,
    )
    stall_seconds: int = setting(
        "KEYLINE_STALL_SECONDS",
        "seconds for which a body, or the taking of an answer, may stand still; past it 408, "
        "and the end",
        30,
    )
    least_rate: int = setting(
        "KEYLINE_LEAST_RATE",
        "bytes a second that the body of many commands, and the taking of an answer, come to "
        "after that",
        1000,
    )
    results_limit: int = setting(
        "KEYLINE_RESULTS_LIMIT",
        "bytes of results of many commands that are kept for a client that does not read them yet; "
        "past it its lines wait",
        16_777_216,
    )
    results_total: int = setting(
        "KEYLINE_RESULTS_TOTAL", "bytes of such results of all requests together", 67_108_864
    )
    unread_total: int = setting(
        "KEYLINE_UNREAD_TOTAL",
        "bytes of answers that all clients together have not taken yet; past it those go for whom "
        "the most are kept",
        134_217_728,
    )
    question_seconds: int = setting(
        "KEYLINE_QUESTION_SECONDS",
        "seconds that a database may look for the answer to a read; past it 503",
        20,
    )
    record_events: int = setting(
        "KEYLINE_RECORD_EVENTS",
        "events of one record, whose history is read whole; past it commands get 409",
        50_000,
    )
    reads_each: int = setting(
        "KEYLINE_READS_EACH",
        "reads of one person or system that are worked on at a time; others of theirs wait",
        4,
    )
    questions: int = setting(
        "KEYLINE_QUESTIONS",
        "reads at a time that may take long: of the past, reports, histories, counts, searches, "
        "long pages, exports",
        4,
    )
    questions_each: int = setting(
        "KEYLINE_QUESTIONS_EACH", "those of them that one person or system asks", 2
    )
    questions_wait: int = setting(
        "KEYLINE_QUESTIONS_WAIT", "seconds that others of them wait; past it 503", 5
    )
    warehouse_memory: str = setting(
        "KEYLINE_WAREHOUSE_MEMORY",
        "memory of the warehouse, as in 512MB; what does not fit goes to the disk, past that 503",
        "512MB",
    )
    rate: int = setting(
        "KEYLINE_RATE",
        "requests a second of one key or person at one process, lines of many commands among them; "
        "past it 429, lines wait; 0: any number",
        5000,
    )
    burst: int = setting("KEYLINE_BURST", "requests that may come at once beyond that", 10_000)
    stranger_rate: int = setting(
        "KEYLINE_STRANGER_RATE",
        "requests a second of those who are not known, by address; 0: any number",
        200,
    )
    stranger_burst: int = setting(
        "KEYLINE_STRANGER_BURST", "requests of theirs that may come at once beyond that", 1000
    )
    file_limit: int = setting("KEYLINE_FILE_LIMIT", "bytes of a file to import", 268_435_456)
    unpacked_limit: int = setting(
        "KEYLINE_UNPACKED_LIMIT",
        "bytes that an XLSX file may unpack to; a quarter of that in texts and styles",
        268_435_456,
    )
    cells_limit: int = setting("KEYLINE_CELLS_LIMIT", "cells of a table to import", 10_000_000)
    import_days: int = setting("KEYLINE_IMPORT_DAYS", "days that rows sent here are told of", 7)

    @property
    def journal_url(self) -> str:
        """The URL of the journal."""
        return self.journal or self._beside("journal.db")

    @property
    def rows_url(self) -> str:
        """The URL of the row read models."""
        return self.rows or self._beside("rows.db")

    @property
    def keys_url(self) -> str:
        """The URL of the keys of persons."""
        return self.keys or self._beside("keys.db")

    def _beside(self, file: str) -> str:
        """Return the URL of a PostgreSQL journal, else that of a file in the data folder."""
        beside = self.journal if self.journal.startswith("postgresql") else ""
        return beside or f"sqlite:///{self.data / file}"

    @property
    def master_key_path(self) -> Path:
        """The file of the key that wraps the keys of persons."""
        return Path(self.master_key).expanduser() if self.master_key else self.data / "master.key"

    @property
    def system_log_url(self) -> str:
        """The URL of the system log."""
        return self._beside("system.db")

    @property
    def imports_url(self) -> str:
        """The URL of what is sent to be imported."""
        return self._beside("imports.db")

    @property
    def head_key_path(self) -> Path:
        """The file of the key that signs heads."""
        return Path(self.head_key).expanduser() if self.head_key else self.data / "head.key"

    @property
    def heads_path(self) -> Path:
        """The file to which signed heads are exported."""
        return self.data / "heads.jsonl"

    @property
    def warehouse_path(self) -> Path:
        """The file of the warehouse."""
        return self.data / "warehouse.duckdb"

    def environment(self) -> dict[str, str]:
        """Return the settings as environment variables, which `read` takes."""
        all_ = dataclasses.fields(self)
        return {each.metadata["name"]: written(getattr(self, each.name)) for each in all_}

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings from environment variables.

        Raises `SettingsError` for a value of the wrong form or a KEYLINE_ name that is unknown.
        """
        settings = cls(**given(cls, environment))
        if not settings.kafka and settings.processes not in (0, 1, 3):
            raise SettingsError("KEYLINE_PROCESSES is 1 or 3, or 0 for what suits the machine.")
        if settings.log not in ("console", "json"):
            raise SettingsError("KEYLINE_LOG is console or json.")
        if settings.zone != ZONE and settings.zone not in available_timezones() - {"localtime"}:
            raise SettingsError(
                f"KEYLINE_ZONE is the name of a time zone, as in {ZONE}, not {settings.zone!r}."
            )
        if settings.oidc_issuer and not secure(settings.oidc_issuer):
            raise SettingsError("KEYLINE_OIDC_ISSUER is an https:// URL.")
        if settings.oidc_tokens not in ("at+jwt", "jwt"):
            raise SettingsError("KEYLINE_OIDC_TOKENS is at+jwt or jwt.")
        if not re.fullmatch(r"[1-9][0-9]*(MB|GB)", settings.warehouse_memory):
            raise SettingsError("KEYLINE_WAREHOUSE_MEMORY is a size, as in 512MB or 2GB.")
        return settings
