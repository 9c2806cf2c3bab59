"""Lists of commands: a JSON array is answered by one, and what is wrong in a member is its own."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from orjson import dumps, loads

from adapters.refusals import MalformedBody
from api.commands.listed import is_list, lines

JSON = {"Content-Type": "application/json"}
VALUES = st.recursive(
    st.none() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=5))
def test_a_list_is_taken_apart_into_its_members(values: list[object]) -> None:
    text = dumps(values)
    assert is_list(text)
    assert [loads(each) for each in lines(text)] == values


@pytest.mark.parametrize("text", [b"[", b"[1", b"[1]2", b"[1,,2]", b"[1,]", b"[{]"])
def test_what_is_no_list_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedBody):
        lines(text)


def test_commands_in_a_list_are_answered_in_a_list(client: httpx.Client) -> None:
    body = {"name": "Listed Ltd", "unit": "group"}
    some = [{"command": "customer.register", "body": body}, {"command": "no"}, 7]
    answer = client.post("/commands", json=some)
    assert answer.headers["content-type"] == "application/json"
    assert [(each["line"], each["status"]) for each in answer.json()] == [
        (1, 201),
        (2, 404),
        (3, 422),
    ]
    assert client.post("/commands", json=[]).json() == []
    assert client.post("/commands", content=b"[{}", headers=JSON).status_code == 400


def test_a_list_is_of_one_body_at_most(client: httpx.Client) -> None:
    assert (
        client.post("/commands", content=b"[" + b" " * 1_048_576, headers=JSON).status_code == 413
    )
