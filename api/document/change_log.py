"""The change log: `python -m api.document.change_log` writes what changed since the last release.

With `--release` what is there now becomes the last release.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import orjson

from api.document.changes import Change, changes, surface

FILE = Path(__file__).parents[1] / "openapi.json"
"""The committed document."""

RELEASED = FILE.with_name("released.json")
"""What clients of the last release hold on to."""

LOG = FILE.with_name("CHANGES.md")

TITLE = """# What changed for clients

Made of the difference between the document of the last release and the present one, by
`python -m api.document.change_log`; a test fails where it lacks something. `--release` makes the
present document the last release. Before 1.0 a change that breaks clients raises the second number
of the version, later the first.
"""


def released() -> dict[str, Any]:
    """Return the surface of the last release."""
    found: dict[str, Any] = orjson.loads(RELEASED.read_bytes())
    return found


def present() -> dict[str, Any]:
    """Return the surface of the committed document."""
    return surface(orjson.loads(FILE.read_bytes()))


def section(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return the section of the log about what changed; nothing where nothing did."""
    found = list(changes(before, after))
    if not found:
        return ""
    parts = [f"## {after['version']}\n"]
    for title, breaks in (("Breaks clients", True), ("Does not break clients", False)):
        if some := [each for each in found if each.breaks is breaks]:
            parts.append(f"### {title}\n\n" + "\n".join(_lines(some)) + "\n")
    return "\n".join(parts)


def _lines(found: list[Change]) -> list[str]:
    """Return a line for what changed alike at several places."""
    places: dict[str, list[str]] = {}
    for each in found:
        places.setdefault(each.words, []).append(each.place)
    return [f"- {words}: {', '.join(some)}" for words, some in sorted(places.items())]


def number(version: str) -> tuple[int, ...]:
    """Return a version as numbers that compare."""
    return tuple(int(each) for each in version.split("."))


def raised(before: str, after: str) -> bool:
    """Tell whether a version says that clients of another one break."""
    old, new = number(before), number(after)
    return new[0] > old[0] or (old[0] == 0 and new[:2] > old[:2])


def sections(log: str) -> dict[str, str]:
    """Return the sections of a log by version."""
    _, *found = log.split("\n## ")
    return {each.partition("\n")[0]: f"## {each}".rstrip("\n") + "\n" for each in found}


def main(arguments: list[str]) -> None:
    """Write the log, or the release."""
    after = present()
    if "--release" in arguments:
        form = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SORT_KEYS
        RELEASED.write_bytes(orjson.dumps(after, option=form))
        return
    known = sections(LOG.read_text(encoding="utf-8")) if LOG.exists() else {}
    known.pop(after["version"], None)
    new = section(released(), after)
    parts = [TITLE, *([new] if new else []), *known.values()]
    LOG.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
