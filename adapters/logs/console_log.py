"""Logs: one line an occurrence, for people (console) or for machines (JSON), on standard error."""

from __future__ import annotations

import logging
import sys

import structlog

from adapters.logs.system_log import SystemLog

QUIET = {"uvicorn": logging.WARNING, "kafka": logging.ERROR}
"""Libraries that say more than an operator wants to know."""


def configure(form: str, level: int = logging.INFO) -> None:
    """Send all logs, ours and the libraries', to standard error as `console` or `json` lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor]
    if form == "json":
        last = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        # Plain tracebacks: the pretty ones show local variables, and with them what is secret.
        last = [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    kept = [each for each in root.handlers if isinstance(each, SystemLog)]
    logging.basicConfig(handlers=[handler], level=level, force=True)
    root.handlers += kept
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)
