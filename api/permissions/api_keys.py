"""API keys: the key itself, made at its issue and shown once."""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from adapters.identity.api_key_secret import new_key
from api.commands.generated_parameters import Issue, issues


class IssuedKey(TypedDict):
    """The key itself."""

    key: NotRequired[Annotated[str, Field(description="told once, by the first answer alone")]]


@issues("api-key.issue", IssuedKey)
def issue() -> Issue:
    """Make a key: its beginning and its hash are kept, the whole of it is shown."""
    key = new_key()
    return Issue({"prefix": key.prefix, "digest": key.digest}, {"key": key.text})
