"""The feed: wanted events in order, in bounded pieces, none left out."""

import pytest

from adapters.journal import feed as module
from adapters.journal.feed import Filter, feed
from adapters.journal.journal import Journal
from domain.kernel.aggregate import Origin, Stored, new_id


def test_few_wanted_events_among_many_are_all_found(
    journal_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STRIDE", 10)
    journal = Journal(journal_url)
    journal.create()
    wanted = []
    with journal.transaction() as transaction:
        for number in range(1, 101):
            kind = "one.happened" if number % 30 == 0 else "another.happened"
            fact = Stored(new_id(), 1, kind, 1, b"{}")
            transaction.append([fact], Origin("test", "gd", new_id()))
            if number % 30 == 0:
                wanted.append(fact.stream)
        transaction.end_unit()
    for chosen in (Filter(aggregate="one"), Filter(type="one.happened")):
        position, found = 0, []
        while position < 100:
            events, position = feed(journal, position, 1, chosen)
            found += [event.stream for event in events]
        assert found == wanted
        assert feed(journal, 100, 1, chosen) == ([], 100)
        assert feed(journal, 500, 1, chosen) == ([], 500)
    assert [e.stream for e in feed(journal, 0, 5, Filter(stream=wanted[0]))[0]] == []
    events, position = feed(journal, 95, 50)
    assert (len(events), position) == (5, 100)
    journal.close()
