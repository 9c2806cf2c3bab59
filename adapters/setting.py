"""One setting: its name, its meaning, its default, and how its text is read."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_ORIGIN = re.compile(
    r"(?!http:.*:80$|https:.*:443$)https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[1-9][0-9]{0,4})?"
)


class SettingsError(Exception):
    """A setting has a value that cannot be used; the text says which and why."""


def setting(name: str, meaning: str, default: Any) -> Any:
    """Return a field of the settings."""
    return dataclasses.field(default=default, metadata={"name": name, "meaning": meaning})


def parse(name: str, text: str, kind: type[Any]) -> Any:
    """Return the value of a setting of some kind from its text. Raises `SettingsError`."""
    if kind is bool:
        if text not in ("0", "1"):
            raise SettingsError(f"{name} is 0 or 1, not {text!r}.")
        return text == "1"
    if kind is int:
        if not text.isascii() or not text.isdigit():
            raise SettingsError(f"{name} is a whole number, not {text!r}.")
        return int(text)
    if kind is frozenset:
        return _origins(name, text)
    return Path(text).expanduser() if issubclass(kind, Path) else text


def given(settings: type[Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the values that an environment gives fields of settings. Raises `SettingsError`."""
    fields = {field.metadata["name"]: field for field in dataclasses.fields(settings)}
    ours = {name for name in environment if name.startswith("KEYLINE_")}
    unknown = {name for name in ours - fields.keys() if not name.startswith("KEYLINE_TEST_")}
    if unknown:
        raise SettingsError(f"There is no setting {', '.join(sorted(unknown))}.")
    texts = {name: environment.get(name, "").strip() for name in fields}
    return {
        fields[name].name: parse(name, text, type(fields[name].default))
        for name, text in texts.items()
        if text
    }


def written(value: Any) -> str:
    """Return the text of a setting's value, which `parse` reads."""
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    return str(int(value) if isinstance(value, bool) else value)


def secure(url: str) -> bool:
    """Tell whether nobody on the way can alter what comes from there: HTTPS, or this machine."""
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return parts.scheme == "https" or (parts.scheme == "http" and local)


def _origins(name: str, text: str) -> frozenset[str]:
    found = frozenset(each.strip() for each in text.split(","))
    if "*" in found:
        raise SettingsError(
            f"{name} names each origin: * would let every page ask with a person's credentials."
        )
    for each in found:
        if not _ORIGIN.fullmatch(each):
            raise SettingsError(
                f"{name} has origins as browsers send them, as in https://portal.example.com or "
                "http://localhost:5173: small letters, no path, no port that is the usual one; "
                f"not {each!r}."
            )
    return found
