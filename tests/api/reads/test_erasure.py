"""Erasure: who was erased is in no file, table or topic any more; all else is as it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from adapters.local.kafka import LocalKafka
from adapters.privacy.field_encryption import Sealing
from adapters.privacy.person_keys import PersonKeys, traces
from adapters.proofs.audit import audit
from adapters.settings import Settings, SettingsError
from api.cli.export import export
from api.cli.rebuild_jobs import check_persons, check_rows, chosen, rebuild_persons, rebuild_rows
from api.cli.warehouse_jobs import rebuild_warehouse, seal
from api.kernel.process import Parts
from domain.kernel.aggregate import new_id
from tests.api.asking import problem
from tests.api.conftest import KEY, serving
from tests.api.modes import carried
from tests.api.searching import found_in, found_in_tables

CONTACT = "0192f3a1-0000-7000-8000-0000000000e1"
SECRETS = ("司马相如", "首席数字官", "139 4444 5555", "sima@xiangru.example", "1979-12-17")
MORE = ("137 6666 7777", "prefers oolong to coffee", "ask for Zhuo Wenjun")
BODY = dict(zip(("name", "title", "phone", "email", "birthday"), SECRETS, strict=True))
LAWFUL = {"reason": "Asked for it by letter", "legal_basis": "PIPL art. 47 (3)"}


@contextmanager
def client_of(settings: Settings) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False) as client,
    ):
        yield client


def do(client: httpx.Client, path: str, body: dict[str, Any], key: str | None = None) -> Any:
    answer = client.post(path, json=body, headers={"Idempotency-Key": key or new_id()})
    assert answer.is_success, answer.text
    return answer.json()


def meet(client: httpx.Client) -> tuple[str, str, int]:
    """Register a customer with somebody, who is spoken of wherever one can speak of somebody."""
    id_ = do(client, "/customers", {"name": "Shu Salt", "unit": "group"})["id"]
    path = f"/customers/{id_}"
    do(client, f"{path}/add-contact", {**BODY, "contact_id": CONTACT, "influence": 4}, "once")
    do(client, f"{path}/add-contact", {**BODY, "contact_id": CONTACT, "influence": 4}, "once")
    more = {"contact_id": CONTACT, "phone": MORE[0], "preferences": MORE[1]}
    do(client, f"{path}/correct-contact", more)
    wrong = {"contact_id": CONTACT, "name": SECRETS[0], "birthday": SECRETS[2], "email": MORE[1]}
    assert client.post(f"{path}/correct-contact", json=wrong).status_code == 422
    assert client.post(f"{path}/add-contact", content=f'{{"name": "{MORE[0]}').status_code == 400
    ticket = {"customer_id": id_, "unit": "group", "contact": MORE[2], "title": "No line"}
    ticket |= {"kind": "fault", "severity": "major", "channel": "hotline"}
    done = do(client, "/service-tickets", ticket)
    client.get("/customers", params={"q": SECRETS[0], "min_position": done["position"]})
    return path, f"/service-tickets/{done['id']}", done["position"]


def traces_of(settings: Settings) -> list[bytes]:
    """Return the digests by which the contact is found."""
    keys = PersonKeys.of(settings)
    with keys.engine.connect() as connection:
        query = sa.select(traces.c.digest).where(traces.c.person == CONTACT)
        found = [bytes(each) for each in connection.scalars(query)]
    keys.close()
    return found


def found_by(client: httpx.Client, position: int) -> list[list[str]]:
    """Return whom each of what is known of the contact finds."""
    asked = [("q", SECRETS[0]), ("phone", MORE[0]), ("email", SECRETS[3])]
    asked += [("birthday_from", SECRETS[4])]
    answers = (
        client.get("/contacts", params={name: text, "min_position": position})
        for name, text in asked
    )
    return [[each["id"] for each in answer.json()["items"]] for answer in answers]


def erase(client: httpx.Client, customer: str, ticket: str) -> int:
    do(client, f"{customer}/erase-contact", {"contact_id": CONTACT, **LAWFUL})
    position: int = do(client, f"{ticket}/erase-contact", LAWFUL)["position"]
    return position


def told(client: httpx.Client, customer: str, ticket: str) -> str:
    """Return all that the server tells of the customer and the ticket, now and in the past."""
    paths = (customer, f"{customer}/page", f"{customer}/history", "/customers", "/events")
    return "".join(client.get(path).text for path in (*paths, ticket, f"{ticket}/history"))


def test_an_erased_person_is_shown_nowhere_at_once_and_all_else_is(tmp_path: Path) -> None:
    with client_of(Settings(data=tmp_path, port=0, admin_key=KEY)) as client:
        customer, ticket, _ = meet(client)
        shown = told(client, customer, ticket)
        assert all(each in shown for each in (*SECRETS, *MORE))
        assert '"sealed"' not in shown
        assert found_by(client, 0) == [[CONTACT]] * 4
        position = erase(client, customer, ticket)
        assert found_by(client, position) == [[]] * 4
        assert not [each for each in (*SECRETS, *MORE) if each in told(client, customer, ticket)]
        row = client.get(customer, params={"min_position": position}).json()
        assert (row["name"], row["contacts"]) == ("Shu Salt", {})
        events = client.get(f"{customer}/history").json()["items"]
        added, corrected, erased = events[1], events[2], events[-1]
        assert added["sealed"] == ["birthday", "email", "name", "phone", "title"]
        assert (added["data"]["name"], added["data"]["influence"]) == (None, 4)
        assert corrected["sealed"] == ["phone", "preferences"]
        assert {name: erased["data"][name] for name in LAWFUL} == LAWFUL
        time = corrected["time"]
        then = client.get(customer, params={"as_of": time}).json()["contacts"][CONTACT]
        assert (then["name"], then["influence"]) == (None, 4)
        assert then["sealed"] == ["birthday", "email", "name", "phone", "preferences", "title"]
        listed = client.get("/customers", params={"as_of": time, "fields": "contacts"}).json()
        assert listed["items"][0]["contacts"][CONTACT] == then
        assert client.get(ticket).json()["contact"] is None


def test_nobody_is_erased_twice_nor_who_is_not_known_nor_without_permission(
    tmp_path: Path,
) -> None:
    with client_of(Settings(data=tmp_path, port=0, admin_key=KEY)) as client:
        customer, ticket, _ = meet(client)
        body = {"contact_id": CONTACT, **LAWFUL}
        path = f"{customer}/erase-contact"
        problem(client.post(path, json={**body, "contact_id": new_id()}), 409, "person-required")
        problem(
            client.post(path, json={**body, "reason": f"{SECRETS[0]} asked"}),
            409,
            "discretion-required",
        )
        problem(client.post(path, json={"contact_id": CONTACT}), 422, "invalid-body")
        erase(client, customer, ticket)
        problem(client.post(path, json=body), 409, "person-erased")
        problem(client.post(f"{ticket}/erase-contact", json=LAWFUL), 409, "person-erased")
        again = {"contact_id": CONTACT, "name": "Wu"}
        problem(client.post(f"{customer}/add-contact", json=again), 409, "person-erased")


def test_a_person_is_a_contact_of_one_customer_so_that_nobody_is_erased_by_another(
    client: httpx.Client,
) -> None:
    one, other = (
        f"/customers/{do(client, '/customers', {'name': name, 'unit': 'group'})['id']}"
        for name in ("A", "B")
    )
    person = {"contact_id": CONTACT, "name": "Wu"}
    do(client, f"{one}/add-contact", person)
    for _ in range(2):
        problem(client.post(f"{other}/add-contact", json=person), 409, "contact-id-taken")
    do(client, f"{one}/remove-contact", {"contact_id": CONTACT})
    do(client, f"{one}/add-contact", person)
    do(client, f"{one}/erase-contact", {"contact_id": CONTACT, **LAWFUL})
    problem(client.post(f"{other}/add-contact", json=person), 409, "person-erased")


def plain(self: Sealing, fact: Any) -> str:
    """Seal nothing."""
    text: str = fact.data.decode()
    return text


def holding(folder: Path, digests: list[bytes]) -> set[bytes]:
    """Return those of some digests that stand in any file of a folder, in hexadecimal too."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {
        each
        for each in digests
        if any(each in file or each.hex().encode() in file for file in files)
    }


@pytest.mark.parametrize("sealing", [True, False])
def test_no_file_has_an_erased_person_after_a_rebuild(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealing: bool
) -> None:
    """Without sealing, the control, the same search finds the person in every store."""
    if not sealing:
        monkeypatch.setattr(Sealing, "sealed", plain)
    data = tmp_path / "data"
    settings = Settings(data=data, port=0, admin_key=KEY)
    with client_of(settings) as client:
        customer, ticket, position = meet(client)
        told(client, customer, ticket)
        found_by(client, position)
        digests = traces_of(settings)
        assert sealing == bool(digests)
        if sealing:
            assert holding(data, digests) == set(digests)
        erase(client, customer, ticket)
    assert holding(data, digests) == set()
    rebuild_rows(settings, chosen(()))
    seal(settings, 1)
    rebuild_warehouse(settings, ["warehouse"])
    export(settings, data / "exported")
    found = found_in(data, (*SECRETS, *MORE))
    if sealing:
        assert found == {}
    else:
        files = {"journal.db", "fact_customer_contact_added.parquet"}
        assert files <= {*found}
        assert set().union(*found.values()) == {*SECRETS, *MORE}
    assert check_rows(settings, chosen(())).differ == 0
    assert rebuild_persons(settings) == 0
    assert holding(data, digests) == set()
    assert check_persons(settings).differ == 0
    journal = Journal(settings.journal_url)
    with journal.engine.connect() as connection:
        assert audit(connection) == []
    journal.close()


def test_old_keys_that_were_put_back_are_destroyed_again_before_anything_is_shown(
    tmp_path: Path,
) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY)
    with client_of(settings) as client:
        customer, ticket, position = meet(client)
        found_by(client, position)
    assert traces_of(settings)
    kept = tmp_path / "keys.db.kept"
    shutil.copy(tmp_path / "keys.db", kept)
    with client_of(settings) as client:
        erase(client, customer, ticket)
    shutil.copy(kept, tmp_path / "keys.db")
    with client_of(settings) as client:
        shown = told(client, customer, ticket)
        assert found_by(client, 0) == [[]] * 4
    assert not [each for each in (*SECRETS, *MORE) if each in shown]
    assert traces_of(settings) == []


def test_a_server_does_not_start_without_the_right_master_key(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY)
    with client_of(settings) as client:
        meet(client)
    (tmp_path / "master.key").unlink()
    with pytest.raises(SettingsError, match="cannot be read"):
        Parts(settings)
    (tmp_path / "master.key").write_text("ab" * 32)
    with pytest.raises(SettingsError, match="another one"):
        Parts(settings)


def test_a_token_that_was_forged_in_the_read_models_is_null_and_said_to_be_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forged(self: Sealing, fact: Any) -> str:
        text: str = fact.data.decode()
        return text.replace(f'"{SECRETS[0]}"', f'"sealed:{CONTACT}:AAAAAAAAAAAAAAAAAAAAAAAAAAAA"')

    monkeypatch.setattr(Sealing, "sealed", forged)
    with client_of(Settings(data=tmp_path, port=0, admin_key=KEY)) as client:
        id_ = do(client, "/customers", {"name": "Shu Salt", "unit": "group"})["id"]
        body = {**BODY, "contact_id": CONTACT}
        position = do(client, f"/customers/{id_}/add-contact", body)["position"]
        answer = client.get(f"/customers/{id_}", params={"min_position": position})
        contact = answer.json()["contacts"][CONTACT]
        assert (contact["name"], contact["sealed"]) == (None, ["name"])


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.parametrize("sealing", [True, False])
def test_no_topic_and_no_table_has_an_erased_person(
    tmp_path: Path,
    kafka: LocalKafka,
    postgres_url: str,
    topic_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    sealing: bool,
) -> None:
    """Without sealing, the control, the same search finds the person there."""
    if not sealing:
        monkeypatch.setattr(Sealing, "sealed", plain)
    settings = Settings(
        data=tmp_path,
        port=0,
        admin_key=KEY,
        journal=postgres_url,
        kafka=kafka.bootstrap,
        topics=topic_prefix,
        partitions=1,
    )
    cluster = Kafka(kafka.bootstrap, topic_prefix, 1)
    with client_of(settings) as client, carried(settings):
        customer, ticket, position = meet(client)
        wait = {"min_position": position}
        assert any(client.get(customer, params=wait).is_success for _ in range(12))
        wait = {"min_position": erase(client, customer, ticket)}
        assert any(client.get(customer, params=wait).is_success for _ in range(12))
    rebuild_rows(settings, chosen(()), True)
    seal(settings, 1)
    rebuild_warehouse(settings, ["warehouse"])
    export(settings, tmp_path / "exported")
    found = found_in_tables(postgres_url, (*SECRETS, *MORE)) | sent(cluster, (*SECRETS, *MORE))
    found |= found_in(tmp_path, (*SECRETS, *MORE))
    if sealing:
        assert found == {}
    else:
        assert {"public.events", cluster.topic("customer")} <= {*found}


def sent(cluster: Kafka, texts: tuple[str, ...]) -> dict[str, set[str]]:
    """Return in which topics which of some texts stand: in keys, values and headers."""
    from kafka import TopicPartition

    found: dict[str, set[str]] = {}
    consumer = cluster.consumer(None)
    try:
        mine = sorted(t for t in consumer.topics() if t.startswith(cluster.topic("")))
        assert cluster.topic("service-ticket") in mine
        for topic in mine:
            place = TopicPartition(topic, 0)
            consumer.assign([place])
            consumer.seek(place, 0)
            (end,) = consumer.end_offsets([place]).values()
            while consumer.position(place) < end:
                for records in consumer.poll(timeout_ms=500).values():
                    whole = b"".join(
                        part
                        for each in records
                        for part in (
                            each.key or b"",
                            each.value or b"",
                            *(value or b"" for value in each.headers.values()),
                        )
                    )
                    if hits := {text for text in texts if text.encode() in whole}:
                        found.setdefault(topic, set()).update(hits)
    finally:
        consumer.close(autocommit=False)
    return found
