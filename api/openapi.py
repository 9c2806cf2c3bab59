"""OpenAPI: the document of all routes; those of commands are drawn from the domain."""

from __future__ import annotations

from fastapi import FastAPI


def describe(app: FastAPI) -> None:
    """Make the application's document complete."""
