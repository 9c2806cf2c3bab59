"""API keys: the key itself, made at its issue and shown once."""

from adapters.identity.api_key_secret import new_key
from api.commands.generated_parameters import Issue, issues


@issues("api-key.issue")
def issue() -> Issue:
    """Make a key: its beginning and its hash are kept, the whole of it is shown."""
    key = new_key()
    return Issue({"prefix": key.prefix, "digest": key.digest}, {"key": key.text})
