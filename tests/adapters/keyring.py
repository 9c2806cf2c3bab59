"""Keys of persons for journals in tests, beside them in a folder."""

from pathlib import Path

from adapters.privacy.master_keys import MasterKeys
from adapters.privacy.person_keys import PersonKeys


def keys_in(folder: Path, url: str = "") -> PersonKeys:
    """Open the keys of persons in a folder, or those at a URL with the master key there."""
    found = PersonKeys(url or f"sqlite:///{folder / 'keys.db'}", MasterKeys(folder / "master.key"))
    found.create()
    return found
