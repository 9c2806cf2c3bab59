"""The change log has all that changed since the last release, and the version says if it breaks."""

import pytest

from api.document.change_log import LOG, present, raised, released, section, sections
from api.document.changes import changes


def test_the_log_has_what_changed_since_the_last_release() -> None:
    before, after = released(), present()
    told = sections(LOG.read_text(encoding="utf-8")).get(after["version"], "")
    assert told == section(before, after), "python -m api.document.change_log"


def test_what_breaks_clients_raises_the_version() -> None:
    before, after = released(), present()
    breaks = [each for each in changes(before, after) if each.breaks]
    assert not breaks or raised(before["version"], after["version"])


def test_a_change_without_an_entry_is_found() -> None:
    before, after = released(), present()
    del after["operations"]["customer.register"]
    told = sections(LOG.read_text(encoding="utf-8")).get(after["version"], "")
    assert "`customer.register`" in section(before, after)
    assert told != section(before, after)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("0.1.0", "0.2.0", True),
        ("0.1.9", "0.1.10", False),
        ("0.9.0", "1.0.0", True),
        ("1.2.0", "1.3.0", False),
        ("1.2.0", "2.0.0", True),
    ],
)
def test_a_version_says_whether_clients_break(before: str, after: str, says: bool) -> None:
    assert raised(before, after) is says
