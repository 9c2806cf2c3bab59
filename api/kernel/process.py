"""Parts: what one server process is made of, put together by its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar

import aiohttp
import sqlalchemy as sa
import structlog

from adapters.commands.access_cache import Guard
from adapters.commands.bootstrap import lay
from adapters.commands.executor import Executor
from adapters.identity.administrator_key import Keys
from adapters.identity.openid import Provider
from adapters.identity.passwords import Cost
from adapters.identity.session_check import Present
from adapters.identity.signing_secrets import CURSORS, SigningSecrets
from adapters.identity.stream_tickets import StreamTickets
from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from adapters.logs.anonymous_attempts import Strangers
from adapters.logs.operation_log_writer import Notes
from adapters.privacy.field_decryption import Opening
from adapters.privacy.person_keys import PersonKeys
from adapters.proofs import last_verification as verified
from adapters.proofs.last_verification import at_a_glance
from adapters.settings import Settings
from adapters.storage.databases import connect
from adapters.storage.journal_tables import checkpoints
from adapters.storage.private_files import make_folder
from adapters.storage.query_timeout import Patience
from adapters.warehouse.warehouse import Warehouse
from api.kernel.access.authentication import Doorkeeper
from api.kernel.access.credentials import SigningIn
from api.kernel.access.revocation import Current
from api.kernel.gauges import measure
from api.kernel.job_log import begin, end
from api.kernel.limits import sharing
from api.kernel.limits.at_once import AtOnce
from api.kernel.limits.questions import Questions
from api.kernel.limits.rates import Rates
from api.kernel.limits.results import Kept
from api.kernel.limits.sharing import Room, Turns
from api.kernel.metrics import Metrics
from api.kernel.peers import Peers
from api.kernel.process_book import ProcessBook
from api.kernel.reading.position_waiter import Pulse
from api.kernel.siblings import SILENT, Siblings
from projections.kernel.read_model import read_models
from projections.kernel.rows.projector import JOURNAL, Projector
from streams.followers.erase_persons import Erasing
from streams.followers.load_warehouse import JournalLoading
from streams.followers.project_rows import JournalProjection
from streams.followers.sign_heads import HeadSigning
from streams.kafka.operation_relay import NAME as OPERATIONS
from streams.kernel.deadline_runner import Timekeeping
from streams.kernel.policy_runner import Reactions
from streams.kernel.worker import Worker

log = structlog.get_logger(__name__)

Role = Literal["api", "warehouse"]

T = TypeVar("T")


class Parts:
    """The parts of a running server: made, started and stopped together.

    An `api` takes commands and answers reads; without Kafka it also projects. The warehouse is
    part of it unless the settings name another process, which runs as a `warehouse`.
    """

    def __init__(
        self,
        settings: Settings,
        role: Role = "api",
        password_cost: Cost | None = None,
        siblings: Siblings | None = None,
        peers: Peers | None = None,
    ) -> None:
        """Open databases and make what is missing in them; nothing runs yet.

        `password_cost` is what a guess at a password costs, if not the usual. With `siblings`
        other processes of the same server keep rows and warehouse, with `peers` others answer at
        its address.
        """
        make_folder(settings.data)
        self.settings = settings
        self.role = role
        self.siblings = siblings
        self.peers = peers
        self.metrics = Metrics()
        self.system_log = begin(settings, role)
        self.person_keys = PersonKeys.of(settings)
        self.opening = Opening(self.person_keys)
        self.journal = Journal(settings.journal_url, keys=self.person_keys)
        self.journal.create(settings.zone)
        self.erasing = Erasing(self.journal, self.person_keys)
        self.erasing.follow()  # before anybody is shown anything
        with self.journal.engine.connect() as connection:
            self.altered = at_a_glance(connection)
        """What was seen to be wrong with the journal when this process started."""
        self.keys = Keys(self.journal.engine, settings.admin_key)
        secrets = SigningSecrets(self.journal.engine, self.person_keys)
        self.cursor_key = secrets.one(CURSORS)
        """Signs cursors."""
        self.rows = connect(settings.rows_url, "normal")
        self.guard = Guard(self.journal, self.rows)
        self._own: dict[Callable[[Parts], Any], Any] = {}
        self.executor = Executor(self.journal, settings.queue, self.guard, settings.record_events)
        s = settings
        self.rates = Rates(s.rate, s.burst)
        self.rates_of_strangers = Rates(s.stranger_rate, s.stranger_burst)
        self.turns = Turns(sharing.SLICE)
        self.kept = Kept(settings.results_total)
        self.under_way = Room(settings.queue // 2)
        """Commands of requests of many; single ones find the other half of the queue free."""
        self.notes = Notes(self.executor.writer)
        self.strangers = Strangers(self.notes.note)
        self.projector = Projector(self.rows, histories=self.journal.history)
        self.signing_in = SigningIn(self.journal.engine, secrets, self.guard.now, password_cost)
        self.tickets = StreamTickets(self.journal.engine)
        self.doorkeeper = Doorkeeper(
            self.keys,
            self.signing_in.tokens,
            Provider.of(settings),
            Current(Present(self.journal.engine), self.guard.upto),
        )
        own = role == "warehouse" or not settings.warehouse
        self.patience = Patience(settings.question_seconds)
        s = settings
        self.at_once = AtOnce(self.rows.dialect.name == "sqlite")
        """Reads that take a moment."""
        self.questions = Questions(s.questions, s.questions_each, s.questions_wait)
        """Reads that take long."""
        self.streams = Questions(s.questions, s.questions_each, None)
        """Pieces of answers that have begun, which wait for their turn rather than break off."""
        self.warehouse = self._warehouse() if own else None
        self.elsewhere: aiohttp.ClientSession | None = None
        """Asks the process that has the warehouse, if it is another; open from start to end."""
        self.reactions = Reactions(self.journal, self.executor, self.projector)
        self.timekeeping = Timekeeping(self.journal, self.executor, self.projector)
        self.heads = self._signing() if role == "api" else None
        self.appended = Pulse("appended", self.journal.wait)
        """How far the journal has come."""
        self.visible = Pulse("visible", self._wait_for_rows)
        """How far the rows have come."""
        self.loaded = Pulse("loaded", self._wait_for_warehouse)
        """How far the warehouse has come."""
        self._pulses = (self.appended, self.visible, self.loaded)
        self.workers = [Worker(name, work) for name, work in self._work()]
        self.began_at = self.journal.head().position
        """How far the journal had come when this process started."""
        self.stopping = False
        """Whether streams of events are to end."""
        measure(self)

    def _work(self) -> Iterator[tuple[str, Callable[[Worker], None]]]:
        """Yield the name and the work of each worker of this process."""
        kafka = self._kafka()
        if self.role == "api":
            kinds = sorted({model.aggregate for model in read_models().values()})
            self.projector.create(kafka.channels(kinds) if kafka else [JOURNAL])
            if kafka is None and self.siblings is None:
                yield "rows", JournalProjection(self.journal, self.projector).work
            yield "react", self.reactions.work
            yield "deadlines", self.timekeeping.work
            yield "erase", self.erasing.work
        if self.heads is not None:
            yield "heads", self.heads.work
        if self.warehouse is not None:
            yield "warehouse", JournalLoading(self.journal, self.warehouse).work

    def _warehouse(self) -> Warehouse:
        return Warehouse(
            self.settings.warehouse_path,
            memory=self.settings.warehouse_memory,
            patience=self.patience,
            histories=self.journal.history,
        )

    def _signing(self) -> HeadSigning:
        s = self.settings
        files = (s.head_key_path, s.heads_path)
        return HeadSigning(self.journal, *files, s.head_minutes, self._kafka())

    def _kafka(self) -> Kafka | None:
        s = self.settings
        return Kafka(s.kafka, s.topics, s.partitions, s.replicas) if s.kafka else None

    def start(self) -> None:
        """Start everything, on the running event loop."""
        if self.warehouse is None:
            self.elsewhere = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),  # who reads slowly keeps nobody waiting
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        if self.siblings is not None:
            self.siblings.follow(self.journal, self.projector)
        self.executor.start()
        if self.role == "api":
            lay(self.executor)
        self.began_at = self.journal.head().position
        self.notes.start()
        self.patience.start()
        for worker in self.workers:
            worker.start()
        for pulse in self._pulses:
            pulse.start()
        log.info("server.started", role=self.role, position=self.began_at)

    def own(self, make: Callable[[Parts], T]) -> T:
        """Return what a room keeps as long as this server lives, made when it is first needed."""
        found: T = self._own.get(make) or self._own.setdefault(make, make(self))
        return found

    def end_streams(self) -> None:
        """Tell the streams of events to end."""
        self.stopping = True
        self.appended.release()
        self.visible.release()

    def stop(self) -> None:
        """Finish the commands that wait, then stop everything."""
        self.end_streams()
        for worker in self.workers:
            worker.halt()
        for worker in self.workers:
            worker.stop()
        for pulse in self._pulses:
            pulse.stop()
        self.strangers.report()
        self.notes.stop()
        self.executor.stop()
        if self.heads is not None:
            self.heads.finish()
        self.signing_in.close()
        self.doorkeeper.close()
        if self.warehouse is not None:
            self.warehouse.close()
        self.patience.stop()
        self.rows.dispose()
        self.journal.close()
        self.person_keys.close()
        log.info("server.stopped", role=self.role)
        end(self.settings)

    def status(self) -> dict[str, Any]:
        """Return how far each part has come, and what is in its way."""
        reached = {}
        if self.role == "api":
            reached["rows"] = self.projector.position()
        there = self.of_warehouse()
        if (position := there["position"]) is not None:
            reached["warehouse"] = position
        with self.journal.engine.connect() as connection:
            query = sa.select(checkpoints.c.name, checkpoints.c.position)
            reached |= {row.name: row.position for row in connection.execute(query)}
            altered = [*self.altered, *verified.found(connection)]
        head = self.journal.head()  # after the parts: none of them can be further
        ends = {OPERATIONS: head.operation}  # numbers of entries, not positions
        return {
            "position": head.position,
            "began_at": self.began_at,
            "parts": {
                name: {"position": at, "lag": max(0, ends.get(name, head.position) - at)}
                for name, at in reached.items()
            },
            "parked": self.parked() + there["parked"],
            "passed_over": len(self.passed_over()) + there["passed_over"],
            **({"overdue_seconds": self.timekeeping.overdue()} if self.role == "api" else {}),
            "stale": there["stale"],
            "warehouse_memory": there["warehouse_memory"],
            "altered": altered,
            "faults": self.faults() + there["faults"],
            "processes": ProcessBook(self.settings.data).read(),
        }

    def faults(self) -> list[str]:
        """Return what is wrong with the work of this process, and with those beside it."""
        own = [f"{each.name}: {each.fault}" for each in self.workers if not each.healthy]
        return own + ([] if self.siblings is None else self.siblings.faults())

    def of_warehouse(self, age: float = 0.0) -> dict[str, Any]:
        """Return how the warehouse is, or was at most `age` seconds ago if another process has it.

        Its `position`, `stale` parts and `warehouse_memory`; what another process says besides:
        its `faults`, what is `parked` there, and how much `passed_over`.
        """
        if self.siblings is not None:
            return self.siblings.warehouse(age)
        if self.warehouse is None:
            return SILENT
        outdated = self.warehouse.outdated
        return SILENT | {
            "position": self.warehouse.position(),
            # What another version of the code made; it is being remade.
            "stale": outdated.split(", ") if outdated else [],
            "warehouse_memory": {
                "bytes": self.warehouse.memory(),
                "limit": self.warehouse.memory_limit,
            },
        }

    def parked(self) -> list[dict[str, Any]]:
        """Return which events were put aside: model, stream, version."""
        return [{n: each[n] for n in ("model", "stream", "version")} for each in self.put_aside()]

    def put_aside(self) -> list[dict[str, Any]]:
        """Return the events that this process could not bring in, each whole and with the reason.

        The model is a read model; `policy:` and a policy; `deadline:` and a deadline, with the last
        event of a record for which it failed; `facts`, or `history_` and a read model, for what the
        warehouse could not take.
        """
        found: list[dict[str, Any]] = []
        if self.role == "api":
            found += self.projector.parked()
        if self.warehouse is not None:
            found += self.warehouse.parked()
        return found

    def passed_over(self) -> list[dict[str, Any]]:
        """Return the events that operators have decided to go on without, as `put_aside` does."""
        found: list[dict[str, Any]] = []
        if self.role == "api":
            found += self.projector.passed_over()
        if self.warehouse is not None:
            found += self.warehouse.passed_over()
        return found

    def _wait_for_rows(self, after: int, seconds: float) -> int:
        self.projector.wait(after + 1, seconds)
        return self.projector.position()

    def _wait_for_warehouse(self, after: int, seconds: float) -> int:
        assert self.warehouse is not None
        self.warehouse.wait(after + 1, seconds)
        return self.warehouse.position()
