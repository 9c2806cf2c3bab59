"""Makes the packed data anew; run once, by the program whose data is to be kept.

`python -m tests.former.make`, in a checkout of that program that has this folder.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from adapters.local.postgres import LocalPostgres
from tests.faults.fresh import serving
from tests.former.history import lay, told
from tests.former.store import DUMP, dump, pack

HERE = Path(__file__).parent


def make(kind: str, folder: Path, **settings: str) -> None:
    """Write the history on one kind of journal, and pack it with what is told of it."""
    with serving(folder, **settings) as fresh:
        lay(fresh)
        answers = told(fresh)
    data = folder / "data"
    (data / "told.json").write_text(json.dumps(answers, ensure_ascii=False, indent=1))
    if settings:
        dump(settings["journal"], data / DUMP)
    pack(data, HERE / f"{kind}.tar.xz")
    print(f"{kind}: {len(answers['events'])} events, {len(answers)} answers")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "sqlite").mkdir()
        make("sqlite", Path(name) / "sqlite")
        with LocalPostgres(Path(name) / "server") as server:
            (Path(name) / "postgresql").mkdir()
            make("postgresql", Path(name) / "postgresql", journal=server.create_database("former"))
