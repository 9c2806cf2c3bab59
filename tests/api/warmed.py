"""Imported by the process that is copied for each command, before it is copied."""

from tests.api.warm import warm_up

warm_up()
