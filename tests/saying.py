"""What modules log: a logger that was used once may have been settled for good by then."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs


@contextmanager
def said_by(*modules: ModuleType) -> Iterator[list[MutableMapping[str, Any]]]:
    """Give what these modules log within the block, each by a logger that is new."""
    with pytest.MonkeyPatch.context() as patch, capture_logs() as said:
        for module in modules:
            patch.setattr(module, "log", structlog.get_logger(module.__name__))
        yield said
