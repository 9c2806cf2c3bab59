"""Keyline as it was before requests of many commands let others in between."""

from adapters import writer
from api import batch, sharing
from api.cli import app

if __name__ == "__main__":
    sharing.SLICE = 1e9
    batch.AT_ONCE = 1_000_000
    writer.SHARE = 1e9
    app()
