"""The settings as people may see them: names, values in force, defaults, meanings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from adapters.setting import written
from adapters.settings import Settings


def settings_list(settings: Settings) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, value, default and meaning of each setting; secrets are masked."""
    for field in dataclasses.fields(settings):
        value, default = getattr(settings, field.name), field.default
        meaning = field.metadata["meaning"]
        yield (
            field.metadata["name"],
            _shown(field.name, value),
            _shown(field.name, default),
            meaning,
        )


def _shown(field: str, value: Any) -> str:
    text = written(value)
    if field == "admin_key" and text:
        return "***"
    if field in ("journal", "rows", "keys") and text:
        return sa.make_url(text).render_as_string(hide_password=True)
    return text
