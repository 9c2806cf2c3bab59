"""One setting: its name, its meaning, its default, and how its text is read."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any


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
    return Path(text).expanduser() if issubclass(kind, Path) else text
