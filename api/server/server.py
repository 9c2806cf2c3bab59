"""The HTTP server: limits, logs and a clean end around the application."""

from __future__ import annotations

import resource
import socket
import sys
from collections.abc import Callable
from functools import partial

import structlog
import uvicorn

from adapters.settings import Settings
from api.kernel.reading.answer_headers import SAFE
from api.server.connection import Connection
from api.server.crowd import Crowd
from api.server.gateway import Entrance
from api.server.transport import Unread

log = structlog.get_logger(__name__)

SPARE = 256
"""Files that the process has open beside connections, at most."""

ACCEPTED = 16
"""Connections that are accepted at each address before those that are open get their next turn.

libuv accepts one of a socket: of sixty that come at once while others are served the last would
wait for as many rounds. The same socket is listened to so many times instead.
"""

TURN = 0.0005
"""Seconds that a thread keeps the interpreter while others want it: the one that answers requests
has little to do at a time, and would wait ten times as long behind those that fold and load."""

GRACE = 10
"""Seconds that requests have to end when the server stops."""


class Server(uvicorn.Server):
    """Serves the application until it is told to stop."""

    def __init__(
        self,
        application: Entrance,
        settings: Settings,
        ready: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Serve at the host and port of the settings; port 0 is any free one.

        `ready` is called with the address, as in `http://127.0.0.1:8000`, once it answers.
        """
        super().__init__(
            uvicorn.Config(
                application,
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                server_header=False,
                headers=list(SAFE),
                proxy_headers=bool(settings.proxies),
                forwarded_allow_ips=settings.proxies,
                timeout_keep_alive=settings.idle_seconds,
                timeout_graceful_shutdown=GRACE,
                http=partial(  # type: ignore[arg-type]
                    Connection, settings, _crowd(settings), Unread(settings.unread_total)
                ),
                ws="none",
            )
        )
        self._application = application
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        sys.setswitchinterval(TURN)
        await super().startup(sockets and [each.dup() for each in sockets for _ in range(ACCEPTED)])
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams, which would never end by themselves, then everything else."""
        self._application.end_streams()
        await super().shutdown(sockets)


def _crowd(settings: Settings) -> Crowd:
    """Return room for as many connections as are wanted and the process may have open.

    Behind a proxy all come from its address, which then has no share but all.
    """
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.connections + SPARE
    if least < wanted:
        least = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, most))
    if least < wanted:
        log.warning("server.few_files", files=least, wanted=wanted)
    room = max(1, min(wanted, least) - SPARE)
    return Crowd(room, min(settings.strangers, room), shared=not settings.proxies)
