"""Workers: a failure is shown and retried, an end is clean."""

import threading

from streams.kernel.worker import Worker
from tests.streams.flow import until


def test_a_worker_that_fails_shows_it_and_begins_again() -> None:
    fail = threading.Event()

    def work(worker: Worker) -> None:
        while not worker.stopping:
            if fail.is_set():
                raise OSError("disk gone")
            worker.well()
            worker.pause(0.01)

    worker = Worker("example", work)
    worker.start()
    until(lambda: worker.healthy)
    fail.set()
    until(lambda: worker.failures >= 2)
    until(lambda: not worker.healthy)
    assert worker.error == "OSError: disk gone"
    fail.clear()
    until(lambda: worker.healthy)
    worker.stop()


def test_a_worker_that_ended_by_itself_is_not_healthy() -> None:
    class Gone(BaseException):
        """What no worker survives."""

    caught: list[object] = []
    threading.excepthook, kept = lambda args: caught.append(args.exc_type), threading.excepthook

    def work(_: Worker) -> None:
        raise Gone

    worker = Worker("example", work)
    worker.start()
    until(lambda: not worker.healthy)
    threading.excepthook = kept
    assert caught == [Gone]


def test_stop_waits_for_the_work_to_end() -> None:
    ended = threading.Event()

    def work(worker: Worker) -> None:
        worker.pause(60)
        ended.set()

    worker = Worker("example", work)
    worker.start()
    worker.stop()
    assert ended.is_set()
