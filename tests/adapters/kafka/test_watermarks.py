"""Watermarks: no position is believed before all events up to it were read, whatever the order."""

from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kafka import TopicPartition

from adapters.kafka.watermarks import Reach, Watermark
from tests.volume import examples

PLACES = [TopicPartition("keyline.customer", number) for number in range(3)]
WATERMARKS = TopicPartition("keyline.watermarks", 0)


class Topics:
    """What relays have published, each from a checkpoint of the one before, in batches."""

    def __init__(self, random: Random, events: int) -> None:
        self.logs: dict[TopicPartition, list[int]] = {place: [] for place in PLACES}
        self.marks: list[Watermark] = []
        self.events = events
        homes = [random.choice(PLACES) for _ in range(events)]
        checkpoint = 0
        while checkpoint < events:
            ends = {place: len(log) for place, log in self.logs.items()}
            sent, stops = checkpoint, random.randint(checkpoint + 1, events)
            while sent < stops:
                acknowledged, sent = sent, min(stops, sent + random.randint(1, 6))
                for position in range(acknowledged + 1, sent + 1):
                    self.logs[homes[position - 1]].append(position)
                ends |= {place: len(self.logs[place]) for place in homes[acknowledged:sent]}
                if sent < stops or random.random() < 0.5:  # else it died before the watermark
                    self.marks.append(Watermark(sent, ends.copy()))
            checkpoint = stops if stops == events else random.randint(checkpoint, stops)
        self.marks.append(Watermark(events, ends.copy()))


class Reader:
    """Reads here and there, and checks each position that it is given."""

    def __init__(self, topics: Topics, *, believes: bool = False) -> None:
        self.topics = topics
        self.believes = believes
        self.offsets = dict.fromkeys([*PLACES, WATERMARKS], 0)
        self.given = dict.fromkeys(PLACES, 0)
        self.begin()

    def begin(self) -> None:
        self.reach = Reach()
        for place in PLACES:
            self.reach.begin(place, self.offsets[place])

    def read(self, place: TopicPartition, count: int) -> None:
        at = self.offsets[place]
        if place == WATERMARKS:
            for mark in self.topics.marks[at : at + count]:
                ends = dict.fromkeys(PLACES, 0) if self.believes else mark.ends
                self.reach.told(Watermark(mark.position, ends))
        elif positions := self.topics.logs[place][at : at + count]:
            self.reach.read(place, at + len(positions), max(positions))
        log = self.topics.marks if place == WATERMARKS else self.topics.logs[place]
        self.offsets[place] = min(at + count, len(log))
        self.given |= self.reach.news()
        for each, position in self.given.items():
            log = self.topics.logs[each]
            known = set(log[: self.offsets[each]])
            assert {one for one in log if one <= position} <= known


def reading(seed: int, *, believes: bool = False) -> Reader:
    """Return a reader after it has read everything in some order, with ends and beginnings."""
    random = Random(seed)
    reader = Reader(Topics(random, random.randint(1, 40)), believes=believes)
    for _ in range(30):
        reader.read(random.choice([*PLACES, WATERMARKS]), random.randint(1, 5))
        if random.random() < 0.1:
            reader.begin()
            reader.offsets[WATERMARKS] = max(reader.offsets[WATERMARKS] - 1, 0)
    for place in [WATERMARKS, *PLACES]:
        reader.read(place, 1000)
    return reader


@given(st.integers(0, 2**32))
@example(1)
@settings(max_examples=examples(200), deadline=None)
def test_a_position_is_given_once_all_before_it_was_read_and_in_the_end_the_last(seed: int) -> None:
    reader = reading(seed)
    assert set(reader.given.values()) == {reader.topics.events}


def test_a_reader_that_believed_a_position_at_once_would_miss_events() -> None:
    with pytest.raises(AssertionError):
        all(reading(seed, believes=True) for seed in range(20))


def test_a_watermark_is_read_as_it_was_written() -> None:
    ends = {TopicPartition("keyline.customer", 1): 7, TopicPartition("keyline.customer", 0): 0}
    ends |= {TopicPartition("keyline.order", 0): 2**40}
    assert Watermark.read(Watermark(184, ends).written()) == Watermark(184, ends)


@pytest.mark.parametrize("value", [b"", b"1", b'{"position": 1}', b'{"position": 1, "ends": [1]}'])
def test_what_is_no_watermark_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (of the JSON as well as of what is in it)
        Watermark.read(value)
