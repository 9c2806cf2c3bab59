"""Records over HTTP: lists, pages and single rows, as of now, as of the past, never half."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from domain.kernel.aggregate import new_id
from tests.api.asking import head, new_unit, problem, register
from tests.streams.flow import until


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


def now() -> str:
    return datetime.now(UTC).isoformat()


def three(client: httpx.Client) -> dict[str, Any]:
    """Register three customers in a unit of their own; returns parameters that ask for them."""
    code = new_unit(client)
    position = 0
    for name, grade in (("Ant", "A"), ("Bee", "B"), ("Cat", "A")):
        position = register(client, name=name, grade=grade, unit=code)["position"]
    return {"unit": code, "min_position": position}


def test_a_list_is_filtered_sorted_cut_and_counted(client: httpx.Client) -> None:
    ask = three(client)
    assert names(client.get("/customers", params=ask | {"grade": "A", "sort": "-name"})) == [
        "Cat",
        "Ant",
    ]
    assert names(client.get("/customers", params={**ask, "grade": "A,B", "sort": "name"})) == [
        "Ant",
        "Bee",
        "Cat",
    ]
    answer = client.get("/customers", params=ask | {"fields": "id,name", "count": "exact"}).json()
    assert answer["count"] == 3
    assert answer["position"] >= ask["min_position"]
    assert [set(item) for item in answer["items"]] == [{"id", "name"}] * 3


def test_a_filter_given_twice_asks_for_either(client: httpx.Client) -> None:
    ask = [*three(client).items(), ("grade", "A"), ("grade", "B")]
    assert len(names(client.get("/customers", params=ask))) == 3


def test_pages_lead_from_one_to_the_next_without_gap_or_repeat(client: httpx.Client) -> None:
    ask = three(client)
    link: str | None = str(httpx.URL("/customers", params=ask | {"sort": "-name", "limit": 1}))
    seen = []
    while link:
        answer = client.get(link)
        seen += names(answer)
        assert bool(answer.json()["next"]) == ("next" in answer.links)
        link = answer.links["next"]["url"] if answer.links else None
    assert seen == ["Cat", "Bee", "Ant"]


def test_a_cursor_of_another_query_or_altered_is_refused(client: httpx.Client) -> None:
    ask = three(client) | {"limit": 1, "sort": "name"}
    cursor = client.get("/customers", params=ask).json()["next"]
    assert names(client.get("/customers", params=ask | {"cursor": cursor})) == ["Bee"]
    for other in ({"sort": "-name"}, {"grade": "A"}, {"unit": "gd"}, {"q": "bee"}):
        answer = client.get("/customers", params=ask | other | {"cursor": cursor})
        problem(answer, 422, "invalid-cursor")
    problem(
        client.get("/opportunities", params={"limit": 1, "cursor": cursor}), 422, "invalid-cursor"
    )
    for place in (0, len(cursor) // 2, -2):
        altered = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place:][1:]
        problem(client.get("/customers", params=ask | {"cursor": altered}), 422, "invalid-cursor")


def test_words_of_two_characters_are_found(client: httpx.Client) -> None:
    code = new_unit(client)
    position = register(client, name="广州天河科技有限公司", unit=code)["position"]
    ask = {"unit": code, "min_position": position}
    assert len(names(client.get("/customers", params=ask | {"q": "天河"}))) == 1
    assert names(client.get("/customers", params=ask | {"q": "河广"})) == []


def test_a_record_is_read_whole_or_in_part_and_not_again_while_unchanged(
    client: httpx.Client,
) -> None:
    made = register(client, name="Whole", annual_revenue="1250000.5")
    path, ask = f"/customers/{made['id']}", {"min_position": made["position"]}
    answer = client.get(path, params=ask)
    tag = answer.headers["etag"]
    assert tag.startswith('"1-')
    assert answer.json()["annual_revenue"] == "1250000.50"
    assert client.get(path, params={"fields": "name"}).json() == {"name": "Whole"}
    for given in (tag, f"W/{tag}", "*", f'"0", {tag}'):
        same = client.get(path, headers={"If-None-Match": given})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["etag"].removeprefix("W/") == tag
    for other in ('"1"', '"2"', tag.replace("1-", "2-")):
        assert client.get(path, headers={"If-None-Match": other}).status_code == 200
    problem(client.get(f"/customers/{new_id()}"), 404, "unknown-id")
    problem(client.get(f"/campaigns/{made['id']}"), 404, "unknown-id")
    assert client.head(path).headers["etag"] == tag


def test_what_shows_something_else_has_another_tag(client: httpx.Client) -> None:
    made = register(client, annual_revenue="1250000.5", grade="B")
    path, before = f"/customers/{made['id']}", now()
    asked: list[dict[str, str]] = [{}, {"fields": "name"}, {"fields": "grade"}, {"as_of": before}]
    role = {"role": "auditor", "unit": "group", "masked": ["revenue"]}
    key = client.post("/api-keys", json={"name": new_id(), **role}).json()["key"]
    masked = {"Authorization": f"Bearer {key}"}

    def tags() -> list[str]:
        ask = {"min_position": str(head(client))}
        headers = [client.get(path, params=ask | each).headers for each in asked]
        headers.append(client.get(path, params=ask, headers=masked).headers)
        return [each["etag"] for each in headers]

    first = tags()
    assert len(set(first)) == 4  # as of just before it is as it is now
    assert first[0] == first[3]
    assert tags() == first
    engaged = client.post(f"{path}/regrade", json={"grade": "A", "reason": "it grew"})
    assert engaged.status_code == 200
    after = tags()
    assert [one == other for one, other in zip(first, after, strict=True)] == [
        *(False, False, False, True, False),
    ]


def test_a_command_takes_the_tag_that_was_read(client: httpx.Client) -> None:
    path = f"/customers/{register(client)['id']}"
    tag = client.get(path, params={"min_position": head(client), "fields": "id"}).headers["etag"]
    done = client.post(f"{path}/engage", json={}, headers={"If-Match": tag})
    assert done.status_code == 200, done.text
    problem(
        client.post(f"{path}/activate", json={}, headers={"If-Match": tag}), 412, "stale-version"
    )


def test_the_past_is_answered_as_it_was(client: httpx.Client) -> None:
    before = now()
    ask = three(client)
    then = now()
    id = client.get("/customers", params=ask | {"name": "Ant"}).json()["items"][0]["id"]
    client.post(f"/customers/{id}/regrade", json={"grade": "C", "reason": "it shrank"})
    register(client, name="Dog", unit=ask["unit"])
    past = {"unit": ask["unit"], "sort": "name"}
    answer = client.get("/customers", params=past | {"as_of": then, "grade": "A", "limit": 1})
    assert names(answer) == ["Ant"]
    assert answer.json()["position"] == ask["min_position"]
    assert names(client.get(answer.links["next"]["url"])) == ["Cat"]
    counted = client.get("/customers", params=past | {"as_of": then, "count": "exact"}).json()
    assert counted["count"] == 3
    assert names(client.get("/customers", params=past | {"as_of": before})) == []
    one = f"/customers/{id}"
    assert client.get(one, params={"as_of": then, "fields": "grade"}).json() == {"grade": "A"}
    assert client.get(one, params={"as_of": then}).headers["etag"].startswith('"1-')
    problem(client.get(one, params={"as_of": before}), 404, "unknown-id")
    assert len(client.get(f"{one}/history", params={"as_of": then}).json()["items"]) == 1


def test_the_row_of_the_past_has_the_columns_of_now(client: httpx.Client) -> None:
    made = register(client)
    path = f"/customers/{made['id']}"
    present = client.get(path, params={"min_position": made["position"]}).json()
    assert client.get(path, params={"as_of": now()}).json() == present


def test_a_customer_is_shown_on_one_page(client: httpx.Client) -> None:
    id = register(client, name="Head")["id"]
    register(client, name="Branch", parent_id=id)
    opened = client.post(
        "/service-tickets",
        json={
            "customer_id": id,
            "kind": "fault",
            "severity": "major",
            "channel": "hotline",
            "title": "No line",
            "unit": "group",
        },
    ).json()
    ticket = f"/service-tickets/{opened['id']}"
    until(lambda: client.get(ticket).json().get("priority"))  # as a policy has it soon
    found = client.get(f"/customers/{id}/page", params={"min_position": opened["position"]}).json()
    assert found["customer"]["name"] == "Head"
    assert [each["name"] for each in found["subsidiaries"]] == ["Branch"]
    assert [each["title"] for each in found["tickets"]] == ["No line"]
    assert found["counts"]["open_tickets"] == 1
    assert "names" not in found["tickets"][0]
    (named,) = client.get(f"/customers/{id}/page", params={"named": True}).json()["tickets"]
    assert (named["unit"], named["names"]["unit"]) == (
        "group",
        client.get("/units?code=group").json()["items"][0]["name"],
    )
    problem(client.get(f"/customers/{new_id()}/page"), 404, "unknown-id")

    then = client.get(f"/customers/{id}/history").json()["items"][0]["time"]
    before = client.get(f"/customers/{id}/page", params={"as_of": then}).json()
    assert before["customer"]["name"] == "Head"
    assert (before["subsidiaries"], before["tickets"]) == ([], [])
    now = datetime.now(UTC).isoformat()
    assert client.get(f"/customers/{id}/page", params={"as_of": now}).json() == found
    problem(client.get(f"/customers/{id}/page", params={"as_of_position": 1}), 404, "unknown-id")


def test_every_kind_of_record_has_its_list(client: httpx.Client) -> None:
    for path in ("/customers", "/opportunities", "/service-tickets", "/campaigns"):
        answer = client.get(path, params={"limit": 2, "count": "exact"})
        assert answer.status_code == 200
        assert client.get(path, params={"as_of_position": 1}).json()["items"] == []


def test_names_are_in_the_order_of_unicode_and_who_asks_for_another_is_told(
    client: httpx.Client,
) -> None:
    refused = problem(client.get("/customers?sort=name:pinyin"), 422, "invalid-parameter")
    assert "cannot sort by 'name:pinyin': texts are in the order of Unicode" in refused["detail"]


def test_what_belongs_to_a_customer_is_found_by_who_keeps_that(client: httpx.Client) -> None:
    unit, other = new_unit(client), new_unit(client)
    li, wang, nobodys = (f"{name}.{uuid4().hex[:8]}" for name in ("li", "wang", "former"))
    for code in (li, wang):
        told = {"code": code, "name": code, "unit": unit}
        assert client.post("/employees", json=told).is_success
    sales: dict[tuple[str | None, str], str] = {}
    for keeper, where in ((li, unit), (wang, unit), (li, other), (None, unit)):
        customer = register(client, unit=where)["id"]
        if keeper is not None:
            path = f"/customers/{customer}/assign-manager"
            assert client.post(path, json={"manager": keeper}).is_success
        sale = {"unit": unit, "title": "Line", "customer_id": customer, "manager": wang}
        sales[keeper, where] = client.post("/opportunities", json=sale).json()["id"]
    role = f"sales-{uuid4().hex[:8]}"
    some = {"code": role, "name": "S", "unit": "group", "permissions": ["opportunity.read"]}
    every = {**some, "code": f"{role}-2", "permissions": ["opportunity.read", "customer.read"]}
    keys = []
    for each in (some, every):
        assert client.post("/roles", json=each).is_success
        issued = {"name": each["code"], "role": each["code"], "unit": unit}
        keys.append(client.post("/api-keys", json=issued).json()["key"])
    position = head(client)

    def found(asked: str, **headers: str) -> set[str]:
        more = f"&count=exact&min_position={position}&unit={unit}"
        answer = client.get(f"/opportunities?customer_manager={asked}{more}", headers=headers)
        assert answer.status_code == 200, answer.text
        ids = {row["id"] for row in answer.json()["items"]}
        assert answer.json()["count"] == len(ids)
        return ids

    for then in ("", f"&as_of_position={position}"):
        assert found(li + then) == {sales[li, unit], sales[li, other]}
        assert found(f"{li},{wang}{then}&status=open") == {*sales.values()} - {sales[None, unit]}
        assert found(then) == {sales[None, unit]}
        problem(
            client.get(f"/opportunities?customer_manager={nobodys}{then}"), 422, "invalid-parameter"
        )
    seller, keeper_ = ({"Authorization": f"Bearer {key}"} for key in keys)
    assert found(li, **keeper_) == {sales[li, unit]}
    asked = f"/opportunities?customer_manager={li}"
    problem(client.get(asked, headers=seller), 403, "not-permitted")
    problem(
        client.get("/opportunities?customer_manager=me", headers=keeper_), 422, "invalid-parameter"
    )
