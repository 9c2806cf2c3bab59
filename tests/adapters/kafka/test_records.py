"""Records: unpacked as the library unpacks them, whatever is in them; what is damaged is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.errors import CorruptRecordError
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from adapters.kafka.records import Record, unpacked

PLACE = TopicPartition("keyline.customer", 3)
SIZES = st.sampled_from([0, 1, 63, 64, 127, 128, 8191, 8192])
BYTES = st.none() | st.binary(max_size=20) | SIZES.map(lambda size: b"x" * size)
NAMES = st.text(max_size=10) | SIZES.map(lambda size: "n" * min(size, 200))
RECORD = st.tuples(st.integers(0, 2**41), BYTES, BYTES, st.dictionaries(NAMES, BYTES, max_size=20))


def batch(records: list[tuple[int, bytes | None, bytes | None, dict[str, bytes | None]]]) -> bytes:
    """Return records as a partition keeps them: time, key, value and headers of each."""
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 30)
    for number, (time, key, value, headers) in enumerate(records):
        builder.append(number, time, key, value, list(headers.items()))
    return bytes(builder.build())


@given(st.lists(RECORD, min_size=1, max_size=5))
def test_records_are_unpacked_as_the_library_does(
    records: list[tuple[int, bytes | None, bytes | None, dict[str, bytes | None]]],
) -> None:
    kept = batch(records)
    assert list(unpacked(PLACE, DefaultRecordBatch(kept))) == [
        Record("keyline.customer", 3, each.offset, each.timestamp, each.key, each.value, headers)
        for each in DefaultRecordBatch(kept)
        for headers in [dict(each.headers)]
    ]


def test_a_record_that_is_not_as_long_as_it_says_is_told() -> None:
    kept = bytearray(batch([(0, b"key", b"value", {})]))
    kept[DefaultRecordBatch.HEADER_STRUCT.size] += 2
    with pytest.raises(CorruptRecordError, match="the record at 0 is damaged"):
        list(unpacked(PLACE, DefaultRecordBatch(kept)))
