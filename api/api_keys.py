"""API keys over HTTP: their list, each of them, and the key itself, shown once at its issue."""

from adapters.system_keys import new_key
from api.issuing import Issue, issues
from api.records import records
from projections.api_keys import api_keys

router = records(api_keys)


@issues("api-key.issue")
def issue() -> Issue:
    """Make a key: its beginning and its hash are kept, the whole of it is shown."""
    key = new_key()
    return Issue({"prefix": key.prefix, "digest": key.digest}, {"key": key.text})
