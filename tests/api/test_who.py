"""Who calls: nothing but health and documentation answers without the key."""

import httpx
import pytest

from adapters.journal import Journal
from adapters.keys import Keys
from api.problems import Unauthenticated
from api.who import ADMINISTRATOR, Doorkeeper
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
        "/nowhere",
        "/docsx",
        "/livez/",
    ],
)
def test_nothing_is_read_without_a_key(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path)
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "path", ["/customers", "/customers/x/engage", "/commands", "/parked/a/b/skip"]
)
def test_nothing_is_commanded_without_a_key(stranger: httpx.Client, path: str) -> None:
    problem(stranger.post(path, json={}), 401, "unauthenticated")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", f"Basic {KEY}", KEY, f"Bearer {KEY}x"]
)
def test_a_key_that_is_not_ours_opens_nothing(stranger: httpx.Client, header: str) -> None:
    answer = stranger.get("/customers", headers={"Authorization": header})
    problem(answer, 401, "unauthenticated")


def test_the_key_opens(stranger: httpx.Client) -> None:
    answer = stranger.get("/customers", headers={"Authorization": f"bearer {KEY}"})
    assert answer.status_code == 200


def test_metrics_are_for_this_machine_or_the_key(tmp_path: object) -> None:
    journal = Journal(f"sqlite:///{tmp_path}/journal.db")
    journal.create()
    keeper = Doorkeeper(Keys(journal.engine, KEY))
    assert not keeper.needed("/metrics", "127.0.0.1")
    assert keeper.needed("/metrics", "10.0.0.7")
    assert keeper.identify({b"authorization": f"Bearer {KEY}".encode()}) == ADMINISTRATOR
    with pytest.raises(Unauthenticated):
        keeper.identify({})
    journal.close()
