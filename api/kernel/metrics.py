"""Metrics: what the server counts and times, in the form that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        """Start at zero."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._commands = Counter(
            "keyline_commands",
            "Commands answered, by name and outcome (accepted, or the name of the refusal)",
            ["command", "outcome"],
            registry=self.registry,
        )
        self._duration = Histogram(
            "keyline_command_seconds",
            "Time from the arrival of a command to its answer",
            registry=self.registry,
            buckets=SECONDS,
        )
        self._requests = Histogram(
            "keyline_http_request_seconds",
            "Time from the arrival of any other request to the end of its answer",
            ["method", "route", "status"],
            registry=self.registry,
            buckets=SECONDS,
        )

    def command(self, name: str, outcome: str, seconds: float | None = None) -> None:
        """Count an answer to a command; `seconds` is how long it took over HTTP."""
        self._commands.labels(name, outcome).inc()
        if seconds is not None:
            self._duration.observe(seconds)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count any other answer."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def gauge(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """Show a number that is read whenever somebody looks."""
        Gauge(name, meaning, registry=self.registry).set_function(read)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics as text, and its media type, in a form that `accept` allows."""
        encode, media_type = choose_encoder(accept)
        return encode(self.registry), media_type
