"""What was put aside is tried again or passed over from the command line, whoever did so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.privacy.person_keys import PersonKeys
from adapters.settings import Settings
from adapters.storage.databases import connect
from api.cli.repair import retry_parked
from api.kernel.terminal import Failure
from domain.kernel.aggregate import Origin, Stored, new_id
from projections.kernel.fold import Parked
from projections.kernel.parking_lot import Lot, in_rows
from projections.kernel.rows.projector import Projector
from streams.kernel.deadline import deadlines
from streams.kernel.due_rows import DueRows
from tests.api.command_line import keyline, running
from tests.organisation import organise

POLICY = "policy:abandon-opportunities"


class House:
    """A data folder in which a customer with an open sale was closed while nobody reacted."""

    def __init__(self, data: Path) -> None:
        settings = Settings(data=data)
        self.data = data
        keys = PersonKeys.of(settings)
        self.journal = Journal(settings.journal_url, keys=keys)
        self.journal.create()
        self.executor = Executor(self.journal)
        self.executor.start()
        organise(self.executor)
        self.customer = self.do("customer.register", name="Acme", unit="gd-gz")
        offer: dict[str, Any] = {"title": "IDC", "unit": "gd-gz", "customer_id": self.customer}
        self.sale = self.do("opportunity.open", **offer)
        self.do("customer.close", self.customer, reason="bankrupt")
        self.executor.stop()
        rows = connect(settings.rows_url, "normal")
        projector = Projector(rows, histories=self.journal.history)
        projector.create()
        projector.apply(self.journal.read(0, 1000))
        closed = self.journal.history(self.customer)[-1]
        with rows.execution_options(writes=True).begin() as connection:
            Lot(in_rows(connection), POLICY).park([Parked(closed, "It was a bad day.")])
        rows.dispose()

    def do(self, command: str, id: str | None = None, **body: Any) -> str:
        origin = Origin("e-17", "gd-gz", new_id())
        return self.executor.execute(Call(command, id, body, origin)).id

    def poison(self) -> str:
        """Append an event that no row can take, of a record of its own."""
        stream = new_id()
        with self.journal.transaction() as transaction:
            transaction.append(
                [Stored(stream, 1, "customer.registered", 1, b"{}")],
                Origin("test", "gd", new_id()),
            )
            transaction.end_unit()
        return stream

    def overdue(self, settings: Settings) -> str:
        """Have a ticket whose wait is over, for which its deadline has failed."""
        begun = datetime.now(UTC) - timedelta(days=2)
        at, until = begun.isoformat(), (begun + timedelta(hours=1)).isoformat()
        self.executor = Executor(self.journal)
        self.executor.start()
        organise(self.executor, ["e-17"])
        opened = {"kind": "fault", "severity": "major", "channel": "web", "title": "Down"}
        customer_id = self.do("customer.register", name="Open", unit="gd-gz")
        opened |= {"customer_id": customer_id, "unit": "gd-gz", "at": at}
        ticket = self.do("service-ticket.open", **opened)
        self.do("service-ticket.assign", ticket, owner="e-17", at=at)
        self.do("service-ticket.accept", ticket, at=at)
        self.do("service-ticket.wait", ticket, awaited="a key", at=at, until=until)
        self.executor.stop()
        rows = connect(settings.rows_url, "normal")
        projector = Projector(rows, histories=self.journal.history)
        projector.apply(self.journal.read(0, 1000))
        due = DueRows(rows, deadlines().values()).due(self.journal.now(), 1)
        last = self.journal.history(ticket)[-1]
        DueRows(rows, deadlines().values()).settle(due, {due[0].key: Parked(last, "A bad day.")})
        rows.dispose()
        return ticket

    def last(self, stream: str) -> str:
        return self.journal.history(stream)[-1].type


def test_what_a_policy_could_not_answer_is_answered(tmp_path: Path) -> None:
    house = House(tmp_path)
    assert POLICY in keyline(tmp_path, "status").stdout
    done = keyline(tmp_path, "retry", POLICY, house.customer)
    assert (done.returncode, done.stdout.strip()) == (0, "Nothing is parked any more."), done.stderr
    assert house.last(house.sale) == "opportunity.abandoned"
    again = keyline(tmp_path, "retry", POLICY, house.customer)
    assert again.returncode == 1
    assert "has parked nothing" in again.stderr
    house.journal.close()


def test_what_a_policy_could_not_answer_is_passed_over_and_the_system_log_says_so(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    assert keyline(tmp_path, "retry", POLICY, house.customer, "--skip").returncode == 0
    assert house.last(house.sale) == "opportunity.opened"
    assert f"passed over {POLICY} {house.customer}" in keyline(tmp_path, "status").stdout.replace(
        "\n", ""
    )
    assert house.customer in keyline(tmp_path, "log", "--event", "job.*").stdout
    unknown = keyline(tmp_path, "retry", "policy:rest", house.customer)
    assert unknown.returncode == 2
    assert POLICY in unknown.stderr
    assert keyline(tmp_path, "retry", POLICY, house.customer).returncode == 0
    assert house.last(house.sale) == "opportunity.abandoned"
    house.journal.close()


def test_what_the_warehouse_could_not_take_is_passed_over_when_no_server_has_it(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    stream = house.poison()
    house.journal.close()
    with running(tmp_path, "serve", until="/reports/", port="0"):
        busy = ""
        while "running server" not in busy:
            busy = keyline(tmp_path, "retry", "history_customers", stream).stderr
        assert f"POST /parked/history_customers/{stream}/retry" in busy.replace("\n", "")
    left = keyline(tmp_path, "retry", "history_customers", stream)
    assert (left.returncode, left.stdout.strip()) == (1, "1 events are still parked.")
    assert keyline(tmp_path, "retry", "history_customers", stream, "--skip").returncode == 0
    again = keyline(tmp_path, "retry", "history_customers", stream, "--skip")
    assert (again.returncode, "has parked nothing" in again.stderr) == (1, True)
    back = keyline(tmp_path, "retry", "history_customers", stream)
    assert (back.returncode, back.stdout.strip()) == (1, "1 events are still parked.")
    assert keyline(tmp_path, "retry", "history_nothing", stream).returncode == 1


def test_what_the_rows_could_not_take_is_passed_over_by_each_rebuild_until_a_retry(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    stream = house.poison()
    house.journal.close()
    assert "1 events are parked, 0 passed over" in keyline(tmp_path, "rebuild").stdout
    assert keyline(tmp_path, "retry", "customers", stream, "--skip").returncode == 0
    for _ in range(2):
        assert f"passed over customers {stream} version 1: KeyError" in keyline(
            tmp_path, "status"
        ).stdout.replace("\n", "")
        assert keyline(tmp_path, "replay", "customers", "--check").returncode == 0
        done = keyline(tmp_path, "rebuild", "customers").stdout
        assert "0 events are parked, 1 passed over" in done
        assert ": 0 differ" in done
    left = keyline(tmp_path, "retry", "customers", stream)
    assert (left.returncode, left.stdout.strip()) == (1, "1 events are still parked.")
    assert f"parked customers {stream}" in keyline(tmp_path, "status").stdout.replace("\n", "")
    assert keyline(tmp_path, "replay", "customers", "--check").returncode == 0


def test_what_a_deadline_could_not_bring_about_is_tried_again_while_no_server_runs(
    tmp_path: Path,
) -> None:
    house, settings = House(tmp_path), Settings(data=tmp_path)
    ticket, place = house.overdue(settings), "deadline:service-ticket.end-wait"
    with pytest.raises(Failure, match="there are deadline:contract"):
        retry_parked(settings, "deadline:none", ticket)
    assert retry_parked(settings, place, ticket) == 0
    assert house.last(ticket) == "service-ticket.resumed"
    with pytest.raises(Failure, match="has parked nothing"):
        retry_parked(settings, place, ticket)
    house.journal.close()
