"""One fresh server for the tests of a file."""

from collections.abc import Iterator

import pytest

from tests.api.asking import until_ready
from tests.faults.fresh import UNITS, Fresh, serving


@pytest.fixture(scope="module")
def keyline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    """A server with a few units and two employees; nothing of what is tried is an error of it."""
    with serving(tmp_path_factory.mktemp("fresh")) as fresh:
        until_ready(fresh.http)
        for code, level, parent in UNITS:
            fresh.do("/units", code=code, name=code, level=level, parent=parent)
        for code, name in (("li.wei", "李伟"), ("an.na", "安娜")):
            fresh.do("/employees", code=code, name=name, unit="group")
        yield fresh
        errors = fresh.get("/system-log", level="error").json()["items"]
        # What the command line refuses ends its job with an error.
        assert [each for each in errors if each["event"] != "job.ended"] == []
