"""Routers: the routes that the modules of this layer declare, found where they stand."""

from __future__ import annotations

from fastapi import APIRouter

from domain.kernel.discovery import declared


def routers() -> list[APIRouter]:
    """Return the routers that modules of this layer declare: adding a file adds its routes."""
    return declared("api", APIRouter, "api.cli", "api.imports.files")
