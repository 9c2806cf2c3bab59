"""Who calls: nothing but health, documentation and signing in answers without credentials."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.identity.access_tokens import Tokens
from adapters.identity.administrator_key import Keys
from adapters.identity.api_key_secret import new_key
from adapters.identity.session_check import Present
from adapters.identity.sessions import Sessions
from adapters.identity.signing_secrets import SigningSecrets
from adapters.journal.journal import Journal
from adapters.privacy.person_keys import PersonKeys
from api.kernel.access.authentication import Doorkeeper, Principal
from api.kernel.access.revocation import Current
from api.kernel.problems import NotDelegated, Unauthenticated
from projections.kernel.visibility.visibility import Party
from projections.permissions.access_control import Access
from tests.adapters.keyring import keys_in
from tests.api.asking import problem
from tests.api.conftest import KEY


@pytest.mark.parametrize(
    "path",
    [
        "/customers",
        "/customers/x",
        "/customers/x/history",
        "/events",
        "/reports",
        "/reports/pipeline",
        "/operations",
        "/parked",
        "/me",
        "/nowhere",
        "/docsx",
        "/consolex",
        "/livez/",
        "/sign-in/",
        "/sign-in/other",
    ],
)
def test_nothing_is_read_without_a_key(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path)
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "path",
    [
        *("/customers", "/customers/x/engage", "/commands", "/parked/a/b/skip"),
        *("/sign-out", "/me/password", "/employees/admin/password"),
    ],
)
def test_nothing_is_commanded_without_a_key(stranger: httpx.Client, path: str) -> None:
    problem(stranger.post(path, json={}), 401, "unauthenticated")


@pytest.mark.parametrize(
    "header",
    [
        *("", "Bearer", "Bearer wrong", f"Basic {KEY}", KEY, f"Bearer {KEY}x", "Bearer a.b.c"),
        *(f"Bearer kl_abcdefgh_{'x' * 43}", f"Bearer {'x.' * 9000}", "Bearer \xff\xfe.\xff.\xff"),
    ],
)
def test_a_key_that_is_not_ours_opens_nothing(stranger: httpx.Client, header: str) -> None:
    headers = {b"Authorization": header.encode("latin-1")}
    problem(stranger.get("/customers", headers=headers), 401, "unauthenticated")
    problem(stranger.post("/customers", headers=headers, json={}), 401, "unauthenticated")


def test_the_key_opens_and_is_the_administrators(stranger: httpx.Client) -> None:
    headers = {"Authorization": f"bearer {KEY}"}
    assert stranger.get("/customers", headers=headers).status_code == 200
    found = stranger.get("/me", headers=headers).json()
    assert [each.pop("role") for each in found.pop("roles")] == ["administrator"]
    assert found == {
        "actor": "admin",
        "actor_kind": "person",
        "name": "Administrator",
        "post": None,
        "on_behalf_of": None,
        "on_behalf_kind": None,
        "on_behalf_name": None,
        "unit": "group",
        "unit_name": "集团",
        "unit_english_name": "Group",
        "credential": "administrator-key",
        "delegations": {"given": [], "received": []},
    }


NOW = datetime.now(UTC)
SYSTEM = new_key()


def employee(code: str, **columns: Any) -> dict[str, Any]:
    row = {"id": f"id-{code}", "version": 1, "position": 1, "code": code, "unit": "gd-gz"}
    return row | {"state": "active", "sessions_after": None} | columns


def api_key(**columns: Any) -> dict[str, Any]:
    row = {"id": "id-key", "version": 1, "position": 1, "name": "billing", "unit": "gd"}
    row |= {"prefix": SYSTEM.prefix, "digest": SYSTEM.digest, "role": "analyst", "masked": []}
    return row | {"until": None, "state": "active"} | columns


def delegation(**columns: Any) -> dict[str, Any]:
    row = {"id": "id-delegation", "version": 1, "position": 1, "principal": "boss"}
    row |= {"deputy": "li.wei", "starts": NOW - timedelta(days=1), "until": NOW + timedelta(days=1)}
    return row | {"state": "active"} | columns


class Door:
    """A doorkeeper, what it knows, and its parts."""

    def __init__(self, journal: Journal, person_keys: PersonKeys) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {
            "employees": [employee("admin", unit="group"), employee("li.wei"), employee("boss")],
            "api_keys": [api_key()],
            "delegations": [delegation()],
        }
        self.tokens = Tokens(SigningSecrets(journal.engine, person_keys))
        self.sessions = Sessions(journal.engine)
        keys = Keys(journal.engine, KEY)
        self.keeper = Doorkeeper(
            keys, self.tokens, None, Current(Present(journal.engine), self.access)
        )

    def access(self, position: int) -> Access:
        return Access.of(position, self.rows)

    def ask(self, credentials: str, path: str = "/", **headers: str) -> Principal:
        return asyncio.run(self.keeper.identify(self.headers(credentials, **headers), path))

    def at_once(self, credentials: str, **headers: str) -> Principal | None:
        return self.keeper.at_once(self.headers(credentials, **headers))

    def headers(self, credentials: str, **headers: str) -> dict[bytes, bytes]:
        found = {b"authorization": f"Bearer {credentials}".encode()}
        return found | {k.replace("_", "-").encode(): v.encode() for k, v in headers.items()}

    def token(self, code: str = "li.wei", *, once: bool = False) -> str:
        session = self.sessions.begin(code)
        return self.tokens.issue(code, session.id, session.begun_us / 1e6, once=once)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    journal = Journal(f"sqlite:///{tmp_path}/journal.db")
    journal.create()
    person_keys = keys_in(tmp_path)
    door = Door(journal, person_keys)
    yield door
    door.keeper.close()
    journal.close()
    person_keys.close()


def test_metrics_are_for_this_machine_or_those_who_are_known(door: Door) -> None:
    assert not door.keeper.needed("/metrics", "127.0.0.1")
    assert door.keeper.needed("/metrics", "10.0.0.7")
    with pytest.raises(Unauthenticated):
        asyncio.run(door.keeper.identify({}, "/metrics"))


def test_a_system_acts_by_the_id_of_its_key(door: Door) -> None:
    found = door.ask(SYSTEM.text)
    party = Party(None, key="id-key")
    known_by = f"key:kl_{SYSTEM.prefix}"
    assert found == Principal("id-key", "gd", None, party, known_by, actor_kind="key")


@pytest.mark.parametrize(
    "change",
    [{"state": "revoked"}, {"until": NOW - timedelta(seconds=1)}, {"digest": "0" * 64}],
    ids=["revoked", "expired", "another"],
)
def test_a_key_that_is_no_longer_good_opens_nothing(door: Door, change: dict[str, Any]) -> None:
    assert door.ask(SYSTEM.text)
    door.rows["api_keys"] = [api_key(**change)]
    with pytest.raises(Unauthenticated):
        door.ask(SYSTEM.text)
    assert door.at_once(SYSTEM.text) is None  # what is known at once follows the last look


def test_keys_that_were_good_are_let_in_to_command_at_once_and_tokens_are_not(door: Door) -> None:
    assert door.at_once(SYSTEM.text) is None
    system = door.ask(SYSTEM.text)
    assert door.at_once(SYSTEM.text) == system
    assert door.at_once(KEY) == door.ask(KEY)
    token = door.token()
    door.ask(token)
    assert door.at_once(token) is None


def test_an_employee_is_known_by_a_token(door: Door) -> None:
    found = door.ask(door.token())
    assert (found.actor, found.unit, found.party) == ("li.wei", "gd-gz", Party("li.wei"))
    assert found.credential == f"password:{found.session}"


@pytest.mark.parametrize("code", ["admin", "boss", "LI.WEI", "li.wei "])
def test_a_session_counts_only_for_its_own_employee(door: Door, code: str) -> None:
    session = door.sessions.begin("li.wei")
    door.rows["employees"] += [employee("LI.WEI"), employee("li.wei ")]
    mine, forged = (
        door.tokens.issue(each, session.id, session.begun_us / 1e6) for each in ("li.wei", code)
    )

    async def both() -> list[Principal | BaseException]:
        asked = (door.keeper.identify(door.headers(each), "/") for each in (mine, forged, mine))
        return await asyncio.gather(*asked, return_exceptions=True)

    first, refused, last = asyncio.run(both())  # in one look
    assert isinstance(refused, Unauthenticated)
    assert first == last == door.ask(mine)


@pytest.mark.parametrize("session", ["", "unknown", "0192f0c1-7d3c-7000-8000-000000000000"])
def test_a_session_that_nobody_began_does_not_go_on(door: Door, session: str) -> None:
    with pytest.raises(Unauthenticated):
        door.ask(door.tokens.issue("admin", session, NOW.timestamp()))


def left(door: Door) -> None:
    door.rows["employees"] = [employee("li.wei", state="left")]


def never_there(door: Door) -> None:
    door.rows["employees"] = []


def signed_out_everywhere(door: Door) -> None:
    door.rows["employees"] = [employee("li.wei", sessions_after=datetime.now(UTC))]


def session_ended(door: Door) -> None:
    door.sessions.end_all("li.wei")


@pytest.mark.parametrize("change", [left, never_there, signed_out_everywhere, session_ended])
def test_a_token_is_void_from_the_next_request_on(
    door: Door, change: Callable[[Door], None]
) -> None:
    token = door.token()
    assert door.ask(token)
    change(door)
    with pytest.raises(Unauthenticated):
        door.ask(token)


def test_who_signs_in_again_after_the_end_of_all_sessions_is_let_in(door: Door) -> None:
    signed_out_everywhere(door)
    assert door.ask(door.token())


def test_the_administrators_key_ends_with_the_administrator(door: Door) -> None:
    assert door.ask(KEY)
    door.rows["employees"] = [employee("admin", state="left")]
    with pytest.raises(Unauthenticated):
        door.ask(KEY)


def test_a_deputy_acts_on_behalf_of_whoever_made_them_so(door: Door) -> None:
    found = door.ask(door.token(), on_behalf_of="boss")
    assert (found.actor, found.on_behalf_of) == ("li.wei", "boss")
    assert found.party == Party("li.wei", on_behalf_of="boss")


@pytest.mark.parametrize(
    "change",
    [
        {"state": "withdrawn"},
        {"until": NOW - timedelta(seconds=1)},
        {"starts": NOW + timedelta(days=1)},
        {"deputy": "boss", "principal": "li.wei"},
    ],
    ids=["withdrawn", "over", "not yet", "the other way round"],
)
def test_without_a_delegation_in_effect_nobody_acts_for_another(
    door: Door, change: dict[str, Any]
) -> None:
    door.rows["delegations"] = [delegation(**change)]
    with pytest.raises(NotDelegated):
        door.ask(door.token(), on_behalf_of="boss")


def test_nobody_acts_for_somebody_who_has_left_or_with_a_key(door: Door) -> None:
    with pytest.raises(NotDelegated):
        door.ask(SYSTEM.text, on_behalf_of="boss")
    assert door.at_once(SYSTEM.text, on_behalf_of="boss") is None
    for named in ("nobody", "", "li.wei", "\udcff"):
        headers = door.headers(door.token())
        headers[b"on-behalf-of"] = named.encode("utf-8", "surrogateescape")
        with pytest.raises(NotDelegated):
            asyncio.run(door.keeper.identify(headers, "/"))
    door.rows["employees"] = [employee("li.wei"), employee("boss", state="left")]
    with pytest.raises(NotDelegated):
        door.ask(door.token(), on_behalf_of="boss")


def test_many_who_ask_at_once_are_all_answered_as_of_then(door: Door) -> None:
    tokens = [door.token() for _ in range(50)]
    gone = tokens[::2]

    async def ask(token: str) -> bool:
        try:
            await door.keeper.identify(door.headers(token), "/")
        except Unauthenticated:
            return False
        return True

    async def all_of_them() -> list[bool]:
        return await asyncio.gather(*map(ask, tokens))

    assert all(asyncio.run(all_of_them()))
    for token in gone:
        door.sessions.end(door.ask(token).session)
    assert asyncio.run(all_of_them()) == [token not in gone for token in tokens]
