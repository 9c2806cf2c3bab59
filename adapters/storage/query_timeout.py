"""Patience: a question to a database has a time, after which it is interrupted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import duckdb
import sqlalchemy as sa

from adapters.refusals import Refusal

TICK = 0.1
"""Seconds between two looks at the questions that are under way."""

_CANCELLING = 2.0
"""Seconds that PostgreSQL may take to be told that an answer is not waited for any more."""


_MOMENT = 100
"""Looks at what is asked `at_once` that find it under way still; a few milliseconds."""

_STEPS = 2_000
"""Steps of SQLite between two of these looks. On a busy machine they are as many."""

_AT_ONCE: ContextVar[bool] = ContextVar("at_once", default=False)


class QuestionTooLong(Refusal):
    """The answer takes longer to find than a question may; nothing was changed, nothing is held."""

    status = 503
    title = "The question takes too long"


class QuestionTooLarge(Refusal):
    """The answer takes more memory to find than all questions together may have."""

    status = 503
    title = "The question takes too much memory"


class NotAtOnce(Exception):
    """What was asked at once takes longer than a moment: it is to be asked where it may."""


class _Question:
    """One question under way: how to stop it, and whether it was stopped."""

    def __init__(self, interrupt: Callable[[], object], end: float) -> None:
        self.interrupt = interrupt
        self.end = end
        self.late = False
        self.turn = threading.Lock()
        """Held while it is interrupted, so that nothing that comes after it is."""


class Patience:
    """Interrupts questions that take longer than some seconds; one thread looks at all of them.

    It goes on interrupting one until it is over: what a database is asked between two statements of
    a question would otherwise begin anew.
    """

    def __init__(self, seconds: float) -> None:
        """Have patience for so many seconds; `start` begins to look."""
        self.seconds = seconds
        self._under_way: dict[_Question, None] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="patience", daemon=True)

    def start(self) -> None:
        """Begin to look at questions."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what is under way is waited for no matter how long it takes."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    @contextmanager
    def warehouse(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Have patience with what a cursor of the warehouse is asked.

        Raises `QuestionTooLong` and `QuestionTooLarge`.
        """
        question = self._begin(cursor.interrupt)
        try:
            yield
        except duckdb.InterruptException as error:
            raise self._too_long() from error
        except duckdb.OutOfMemoryException as error:
            raise QuestionTooLarge("Narrow it by filters or a shorter period.") from error
        except duckdb.TransactionException as error:
            if question.late:  # it was interrupted by somebody who asked for more nevertheless
                raise self._too_long() from error
            raise
        finally:
            self._end(question)

    @contextmanager
    def rows(self, connection: sa.Connection) -> Iterator[None]:
        """Have patience with what a connection to SQLite or PostgreSQL is asked.

        Raises `QuestionTooLong`; `NotAtOnce` for what was to be found so.
        """
        driver: Any = connection.connection.driver_connection
        if _AT_ONCE.get():
            with _for_a_moment(driver):
                yield
            return
        if connection.dialect.name == "sqlite":
            question = self._begin(driver.interrupt)
        else:
            question = self._begin(lambda: driver.cancel_safe(timeout=_CANCELLING))
        try:
            yield
        except sa.exc.OperationalError as error:
            if question.late:
                raise self._too_long() from error
            raise
        finally:
            self._end(question)
            if question.late and connection.dialect.name != "sqlite":
                # PostgreSQL may have been told and interrupt what comes next.
                connection.invalidate()

    def _begin(self, interrupt: Callable[[], object]) -> _Question:
        question = _Question(interrupt, time.monotonic() + self.seconds)
        self._under_way[question] = None
        return question

    def _end(self, question: _Question) -> None:
        with question.turn:
            self._under_way.pop(question, None)

    def _too_long(self) -> QuestionTooLong:
        return QuestionTooLong(
            f"It may take {self.seconds:g} seconds. Narrow it by filters or a shorter period."
        )

    def _look(self) -> None:
        while not self._over.wait(TICK):
            now = time.monotonic()
            for question in self._under_way.copy():
                if question.end > now:
                    continue
                with question.turn:
                    if question in self._under_way:
                        question.late = True
                        _stop(question)


@contextmanager
def at_once() -> Iterator[None]:
    """Have patience for a moment with what SQLite is asked in the block."""
    token = _AT_ONCE.set(True)
    try:
        yield
    finally:
        _AT_ONCE.reset(token)


@contextmanager
def _for_a_moment(driver: Any) -> Iterator[None]:
    looks = 0

    def look() -> bool:
        nonlocal looks
        looks += 1
        return looks > _MOMENT

    driver.set_progress_handler(look, _STEPS)
    try:
        yield
    except sa.exc.OperationalError as error:
        if looks > _MOMENT:
            raise NotAtOnce from error
        raise
    finally:
        driver.set_progress_handler(None, 0)


@contextmanager
def patient(patience: Patience | None, connection: sa.Connection) -> Iterator[None]:
    """Have patience with what a connection is asked, without end if there is none to be had."""
    if patience is None:
        yield
        return
    with patience.rows(connection):
        yield


def _stop(question: _Question) -> None:
    try:
        question.interrupt()
    except Exception:  # it is tried again at the next look
        return
