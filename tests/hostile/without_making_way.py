"""The control: a server whose connections are those who came first, whoever they are."""

from api.cli.main import app
from api.server.crowd import Crowd

if __name__ == "__main__":
    Crowd._dismiss = lambda *_: None  # type: ignore[method-assign]
    app()
