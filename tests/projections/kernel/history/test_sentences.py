"""Sentences: every event that was ever stored reads well, and says no more than is shown."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from domain.kernel.aggregate import Recorded, discover
from domain.kernel.envelope import Unreadable
from domain.kernel.types.sensitive import sensitive_fields, without
from projections.kernel.history.changes import Span, changes_of_days, steps
from projections.kernel.history.sentences import Happening, numbers, references, sentence, template
from projections.kernel.read_model import read_models
from projections.kernel.visibility.column_masks import masked
from tests.domain.replay import goldens

MODELS = {model.aggregate: model for model in read_models().values()}
KINDS = sorted(discover().aggregates)
NOBODY = frozenset[str]()


def lives(kind: str) -> list[list[Recorded]]:
    """Return the golden lives of a kind of record, as a journal holds them."""
    return [
        [
            Recorded(
                position=each["version"],
                stream=found["stream"],
                version=each["version"],
                type=each["type"],
                schema=each["schema"],
                time=datetime.fromisoformat(each["time"]),
                actor="e-1001",
                unit="gd",
                command_id=f"c-{each['version']}",
                on_behalf_of=None,
                cause=None,
                data=each["data"],
            )
            for each in found["events"]
        ]
        for found in goldens(kind)
    ]


def history(kind: str) -> list[Recorded]:
    """Return the first golden life of a kind of record."""
    return lives(kind)[0]


def told(kind: str, hidden: frozenset[str] = NOBODY) -> list[tuple[str, str, Happening]]:
    """Return the type, the sentence and what happened for each event of a golden history."""
    model, found = MODELS[kind], []
    for step in (each for life in lives(kind) for each in steps(model, life)):
        spans = [
            Span(first, last, *(masked(model, row, hidden) for row in rows))
            for first, last, *rows in step.spans
        ]
        data = without(step.event.data, sensitive_fields(step.event.type), hidden)
        _, _, before, after = spans[0]
        it = Happening(step.event, data, before, after, changes_of_days(model, spans))
        found.append((step.event.type, sentence(it, names), it))
    return found


def names(kind: str, key: str) -> str | None:
    known = {"e-1001": "Li Wei (e-1001)", "gd-gz": "Guangzhou (gd-gz)"}
    return {"k-1": "Billing"}.get(key) if kind == "api-key" else known.get(key)


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_has_a_sentence_of_its_own(kind: str) -> None:
    for type_, owner in discover().owners.items():
        if owner.kind == kind:
            assert " recorded about the " not in template(type_), type_
    for type_, text, _ in told(kind):
        assert text.startswith("Li Wei (e-1001) "), (type_, text)
        assert text.endswith("."), (type_, text)
        assert not any(mark in text for mark in "{}[]"), (type_, text)
        assert "nothing." not in text.replace("to nothing.", ""), (type_, text)
        assert "what is not shown" not in text, (type_, text)
        assert "  " not in text, (type_, text)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_masked_is_in_no_sentence_and_no_change(kind: str) -> None:
    classes = {
        of for life in lives(kind) for each in life for of in sensitive_fields(each.type).values()
    }
    for (type_, open_, _), (_, text, it) in zip(
        told(kind), told(kind, frozenset(classes)), strict=True
    ):
        fields = sensitive_fields(type_)
        for name in fields:
            value = it.event.data.get(name)
            if isinstance(value, str) and len(value) > 4:
                assert value not in text, (type_, text)
                amount = value.partition(".")[0]
                assert not amount.isdigit() or f"{int(amount):,}" not in text, (type_, open_)
        for change in it.changes:
            assert fields.get(change.field.rpartition("/")[2]) not in classes, (type_, change)


def test_an_event_says_who_did_it_and_for_whom() -> None:
    (first, *_) = history("team")
    model = MODELS["team"]
    after = next(steps(model, [first])).known

    def text(**origin: Any) -> str:
        event = replace(first, **origin)
        return sentence(Happening(event, event.data, {}, after, ()), names)

    assert text().startswith("Li Wei (e-1001) formed")
    assert text(on_behalf_of="chen.jing").startswith(
        "Li Wei (e-1001), on behalf of chen.jing, formed"
    )
    assert text(actor="k-1", actor_kind="key").startswith("The system Billing formed")
    asked = text(
        actor="plan-handover", actor_kind="policy", on_behalf_of="e-1001", on_behalf_kind="person"
    )
    assert asked.startswith("The policy plan-handover, for Li Wei (e-1001), formed")


def test_a_business_date_is_told_when_it_is_not_the_day_of_recording() -> None:
    (registered, engaged, *_) = told("customer")
    assert "at Guangzhou (gd-gz), effective 2023-01-05. Its grade is B." in registered[1]
    assert engaged[1].endswith("have begun, effective 2023-02-01.")


def test_an_event_that_nobody_described_is_told_by_its_name() -> None:
    event = replace(
        history("customer")[0],
        type="customer.tax-code-corrected",
        data={"reason": "new law"},
    )
    text = sentence(Happening(event, event.data, {}, {}, ()), names)
    said = "recorded about the customer: tax code corrected"
    assert text == f'Li Wei (e-1001) {said}, because "new law".'


def test_an_event_that_cannot_be_read_says_so() -> None:
    event = replace(history("customer")[0], data=Unreadable("{", "broken"))
    text = sentence(Happening(event, {}, {}, {}, ()), names)
    assert text == "Li Wei (e-1001) recorded something that cannot be read."


def test_what_events_name_is_known_from_their_commands() -> None:
    assert references("customer")["manager"] == "employee"
    assert references("unit")["successor"] == "unit"
    assert references("campaign")["customer_ids"] == "customer"


def test_moments_are_told_in_utc() -> None:
    event = replace(
        history("delegation")[0],
        data=history("delegation")[0].data | {"starts": "2026-02-01T08:00:00+08:00"},
    )
    text = sentence(Happening(event, event.data, {}, {}, ()), names)
    assert "from 2026-02-01 00:00 UTC" in text


def test_money_is_told_in_one_form_however_it_was_stated() -> None:
    (registered, *_) = history("customer")
    model, data = MODELS["customer"], {"annual_revenue": "3178240000"}
    first = replace(registered, data=registered.data | data)
    second = replace(
        registered,
        version=2,
        type="customer.details-corrected",
        data={"annual_revenue": "3200000000.00"},
    )
    (_, step) = steps(model, [first, second])
    _, _, before, after = step.spans[0]
    changes = changes_of_days(model, step.spans)
    text = sentence(Happening(second, second.data, before, after, changes), names)
    assert "annual revenue from 3,178,240,000.00 to 3,200,000,000.00" in text


def test_the_fields_that_are_numbers_are_found_within_values_too() -> None:
    assert {"amount", "monthly", "one_off"} <= numbers("opportunity")
    assert {"annual_revenue", "it_budget", "monthly"} <= numbers("customer")
    assert "name" not in numbers("customer")


@pytest.mark.parametrize("kind", KINDS)
def test_no_amount_is_told_as_it_happened_to_be_written(kind: str) -> None:
    for type_, _, it in told(kind):
        for name in numbers(kind) & it.data.keys():
            if (value := it.data[name]) is not None:
                short = {**it.data, name: str(float(value))}
                said = [
                    sentence(Happening(it.event, data, {}, {}, ()), names)
                    for data in (it.data, short)
                ]
                assert said[0] == said[1], (type_, name)


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_is_told_in_chinese_too(kind: str) -> None:
    for type_, _, it in told(kind):
        said = sentence(it, names, "zh")
        assert re.search(r"[\u4e00-\u9fff].*[。”]$", said), (type_, said)
        assert not re.search(r"[{}\[\]]|[。，]{2}|[\u4e00-\u9fff] [\u4e00-\u9fff]", said), said
        stated = re.sub("“.*?”", "", said)
        assert not re.search(r"\b(the|because|until|noted|nothing|from|to)\b", stated), said


def test_chinese_tells_days_codes_and_who_acted_as_english_does() -> None:
    (_, english, it), *_ = told("customer")
    assert english.endswith("effective 2023-01-05. Its grade is B.")
    said = sentence(it, names, "zh")
    assert said.endswith("登记了客户“广州钢铁集团有限公司”，2023-01-05 起生效。等级为 B。")
    policy = replace(it, event=replace(it.event, actor="deadline", actor_kind="policy"))
    assert sentence(policy, names, "zh").startswith("业务策略“deadline”在 ")
