"""Keyline as it was before short questions of many left others their turns."""

from api.cli.main import app
from api.kernel.limits import sharing

if __name__ == "__main__":
    sharing.ROUND = 1e9
    app()
