"""A connection: HTTP/1.1 as uvicorn speaks it, with an end to whatever a client may make last.

What is wrong with a request before anybody is asked (it is none, its headers are too large, do not
come) is answered where everything else is: the application is given a request with its `refusal`.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from adapters.refusals import Refusal
from adapters.settings import Settings
from api.kernel.problems import Crowded, HeadersTooLarge, HeadersTooSlow, MalformedRequest
from api.server.crowd import Crowd
from api.server.transport import Transport, Unread

OVERHEAD = 32
"""Bytes that a header counts beside its name and value, as in HTTP/2 (RFC 9113, 10.5.1)."""

_BODILY = frozenset({b"content-length", b"transfer-encoding"})


class Connection(HttpToolsProtocol):
    """Lets go of a client that sends or takes too slowly, and refuses headers that are too large.

    Between requests uvicorn's own limit holds; bodies have theirs in `api/kernel/bodies.py`,
    answers in `api/server/transport.py`.
    """

    def __init__(
        self, settings: Settings, crowd: Crowd, unread: Unread, *args: Any, **named: Any
    ) -> None:
        """Hold a client to the limits of the settings, among a crowd; the rest is uvicorn's."""
        super().__init__(*args, **named)
        self._unread = unread
        self._settings = settings
        self._limit = settings.header_limit
        self._crowd = crowd
        self._known = False
        """Whether a request of it has come with credentials that are good."""
        self._dismissed = False
        """Whether its place is needed."""
        self._arriving = True
        """Whether a request is waited for, or its headers are."""
        self._coming = False
        """Whether its body is."""
        self._size = 0
        """Bytes of its line, headers and trailers, as far as they have been seen."""
        self._moved = False
        """Whether what arrived was more than a piece of one of these."""
        self._refused: Refusal | None = None
        """Why nothing that still comes is looked at."""
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        s = self._settings
        held: Any = Transport(
            transport, self.loop, self._unread, s.stall_seconds, s.least_rate, self._may_be_sending
        )
        super().connection_made(held)
        self._watch()
        if not self._crowd.enter(self, self.client[0] if self.client else ""):
            self._dismissed = True
            self._refuse(Crowded("There are too many connections; try again shortly."))

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._crowd.leave(self)
        self._arriving = self._coming = False
        self._watch()
        self._transport.lost()
        super().connection_lost(exc)

    @property
    def whole(self) -> bool:
        """Whether the body of the request that is being answered has come."""
        return not self._coming and self._refused is None

    def recognise(self) -> None:
        """Be no stranger any longer: who sent a request is known."""
        if not self._known:
            self._known = True
            self._crowd.recognise(self)

    def make_way(self) -> None:
        """End for another, with an answer if none is being waited for."""
        waited = self.cycle is not None and not (self._coming or self.cycle.response_complete)
        if waited or self._refused is not None or self.transport.is_closing():
            self.transport.abort()
        else:
            self._dismissed = True
            self._refuse(Crowded("Your place is needed by another; try again shortly."))

    def data_received(self, data: bytes) -> None:
        """Take what has come; most requests come at once, and need no deadline."""
        if self._refused is not None or self.transport.is_closing():
            self._transport.drop(len(data))
            return
        self._transport.received += len(data)
        self._unset_keepalive_if_required()
        self._arriving = self._arriving or not self._coming
        self._moved = False
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            self._refuse(self._refused or MalformedRequest(f"This is not HTTP/1.1: {error}."))
            return
        if not self._moved:
            self._size += len(data)
            if self._size > self._limit:
                self._refuse(self._too_large())
                return
        self._watch()

    def _feed(self, data: bytes) -> None:
        """Read requests; who wants to speak another protocol is answered in this one."""
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
            else:
                return

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        self._moved = self._arriving = True
        super().on_message_begin()
        self.scope["connection"] = self  # type: ignore[typeddict-unknown-key]

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address."""
        self._size += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer, which comes behind the body, says nothing to us."""
        size = self._size = self._size + len(name) + len(value) + OVERHEAD
        if size > self._limit:
            self._refused = self._too_large()
            raise self._refused
        if self._arriving:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Note that its headers are complete, and let it be answered."""
        if len(self.pipeline) >= self._settings.pipelined:
            self._refused = Crowded("Wait for answers before you ask for more.")
            raise self._refused
        if self.parser.get_http_version() not in ("1.1", "1.0"):
            self._refused = MalformedRequest("HTTP/1.1 and HTTP/1.0 are spoken here.")
            raise self._refused
        if self.parser.should_upgrade() and _BODILY.intersection(name for name, _ in self.headers):
            # The parser takes what follows for the other protocol, which is not spoken here.
            self._refused = MalformedRequest("A request with a body cannot ask for an upgrade.")
            raise self._refused
        super().on_headers_complete()
        self._arriving, self._coming = False, True

    def on_body(self, body: bytes) -> None:
        """Take a piece of its body."""
        self._moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that it is complete."""
        self._moved, self._coming, self._size = True, False, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, or for the rest of a body that nobody wants."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Demand that the client takes its answer."""
        super().pause_writing()
        self._transport.insist()

    def resume_writing(self) -> None:
        """It has taken most of it."""
        super().resume_writing()
        self._transport.relent()

    @property
    def _transport(self) -> Transport:
        held: Any = self.transport
        assert isinstance(held, Transport)
        return held

    def _may_be_sending(self) -> bool:
        return not self._dismissed and (self._coming or self._refused is not None)

    def _too_large(self) -> Refusal:
        return HeadersTooLarge(f"The line and headers of a request have {self._limit} bytes.")

    def _watch(self) -> None:
        waits = self._arriving or (self._coming and self.cycle.response_complete)
        if waits and self._deadline is None:
            seconds = self._settings.header_seconds
            self._deadline = self.loop.call_later(seconds, self._give_up)
        elif not waits and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self.flow.read_paused:  # it is us who do not read on
            self._watch()
        elif self._arriving and self._size:
            seconds = self._settings.header_seconds
            self._refuse(HeadersTooSlow(f"The headers did not come within {seconds} seconds."))
        else:
            self.transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        """Answer what cannot be read, behind what is still being answered, and close."""
        self._refused = refusal
        if self._coming and self.pipeline:
            self.pipeline.popleft()
        elif self._coming and not self.cycle.response_complete:
            # The body of this request is what cannot be read: it is not served any further.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.close()
                return
        self._arriving = self._coming = False
        self._watch()
        answered = self.cycle is None or self.cycle.response_complete or self.cycle.disconnected
        self.cycle = self._refusing(refusal)
        if answered:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.pipeline.appendleft((self.cycle, self.app))

    def _refusing(self, refusal: Refusal) -> RequestResponseCycle:
        """Return a request of which no more is known than why it is refused, and by which page."""
        known = [each for each in self.headers or () if each[0] == b"origin"]
        super().on_message_begin()
        self.headers += known
        nothing = {"method": "GET", "path": "/", "raw_path": b"/", "query_string": b""}
        cycle = RequestResponseCycle(
            scope={**self.scope, **nothing, "refusal": refusal},  # type: ignore[typeddict-item]
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )
        cycle.more_body = False
        return cycle
