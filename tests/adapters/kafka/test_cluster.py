"""Kafka: keys go where other clients send them, events come back as they were."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner import murmur2

from adapters.kafka.cloudevents import Delivery, Encoder, delivery
from adapters.kafka.cluster import Kafka, partition_of
from domain.kernel.actors import ACTOR_KINDS

TEXT = st.text(min_size=1, max_size=20)


@given(st.text(max_size=40), st.integers(1, 100))
def test_a_key_goes_to_the_partition_that_any_client_would_choose(key: str, count: int) -> None:
    assert partition_of(key, count) == (murmur2(key.encode()) & 0x7FFFFFFF) % count


@given(
    st.tuples(
        st.integers(1, 2**60),
        TEXT,
        st.integers(1, 10**6),
        TEXT,
        st.integers(1, 100),
        st.integers(0, 4 * 10**15),
        TEXT,
        TEXT,
        TEXT,
        st.none() | TEXT,
        st.none() | TEXT,
        TEXT,
        st.sampled_from(ACTOR_KINDS),
        st.sampled_from(ACTOR_KINDS),
    )
)
def test_a_row_of_the_journal_survives_the_way_through_kafka(drawn: tuple[object, ...]) -> None:
    *rest, data, had, did = drawn
    row = (*rest, data, had if rest[9] is not None else None, did)
    headers = Encoder("/keyline").event(row)
    record = SimpleNamespace(headers=headers, value=str(data).encode())
    assert delivery([record]) == Delivery([row], row[0])  # type: ignore[list-item, arg-type]


def test_a_record_of_former_times_is_read_by_what_its_actor_stood_for() -> None:
    row = (7, "s", 1, "t", 1, 5, "undo-merge", "gd", "c", "erp", None, "{}", "key", "policy")
    headers = [each for each in Encoder("/keyline").event(row) if "kind" not in each[0]]
    former = {"ce_actor": b"policy:undo-merge", "ce_onbehalfof": b"key:erp"}
    headers = [(name, former.get(name, value)) for name, value in headers]
    record = SimpleNamespace(headers=headers, value=b"{}")
    assert delivery([record]).rows == [row]


def test_a_watermark_of_former_times_moves_the_position_and_is_no_event() -> None:
    headers = Encoder("/keyline").watermark(17)
    assert delivery([SimpleNamespace(headers=headers, value=b"")]) == Delivery([], 17)


def test_a_record_of_somebody_else_is_passed_over() -> None:
    alien = SimpleNamespace(headers=[], value=b"?", topic="t", partition=0, offset=1)
    empty = SimpleNamespace(**vars(alien) | {"headers": [("ce_position", None)]})
    headers = Encoder("/keyline").watermark(17)
    assert delivery([alien, empty, SimpleNamespace(headers=headers, value=b"")]) == Delivery([], 17)


def test_names_follow_the_prefix() -> None:
    kafka = Kafka("127.0.0.1:9092", partitions=2)
    assert kafka.topic("service-ticket") == "keyline.service-ticket"
    assert kafka.group("projector") == "keyline-projector"
    assert kafka.channels(["customer"]) == ["customer/0", "customer/1"]
