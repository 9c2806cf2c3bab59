"""Keyline as it was before requests of many commands let others in between."""

from adapters.journal import group_commit as writer
from api.cli.main import app
from api.commands import batch
from api.kernel.limits import sharing

if __name__ == "__main__":
    sharing.SLICE = 1e9
    batch.AT_ONCE = 1_000_000
    writer.SHARE = 1e9
    app()
