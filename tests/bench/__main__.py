"""Runs the benches and prints their table: `python -m tests.bench [p1 p2 peers-shape …]`."""

from __future__ import annotations

import argparse
import importlib
import logging
import pkgutil
from collections.abc import Iterable

import structlog
from rich.console import Console
from rich.table import Table

import tests.bench
from tests.bench.figure import Figure

WIDTH = 118


def main() -> None:
    """Run the benches named on the command line, or all of them."""
    names = sorted(
        (m.name for m in pkgutil.iter_modules(tests.bench.__path__) if m.name.startswith("p")),
        key=lambda name: int(name.partition("_")[0][1:]),
    )
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benches", nargs="*", help=f"of: {', '.join(names)}")
    chosen = parser.parse_args().benches
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    for name in names:
        number, _, words = name.partition("_")
        if not chosen or not {name, number, words.replace("_", "-")}.isdisjoint(chosen):
            module = importlib.import_module(f"tests.bench.{name}")
            console.print(_table(f"{name.upper()}: {module.__doc__}", module.measure()))


def _table(title: str, figures: Iterable[Figure]) -> Table:
    table = Table(title=title, title_justify="left", width=WIDTH)
    for heading in ("figure", "value", "limit", "ratio", "goal"):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    for figure in figures:
        goals = [f"≥ {figure.at_least:g} ×"] if figure.at_least is not None else []
        goals += [f"≤ {figure.at_most:g} ×"] if figure.at_most is not None else []
        reached = {None: "", True: " ✓", False: " ✗"}[figure.reached]
        table.add_row(
            figure.name,
            f"{figure.value:,.4g} {figure.unit}",
            f"{figure.limit:,.4g} {figure.limit_is}" if figure.limit else "",
            f"{figure.ratio:.2f}" if figure.ratio else "",
            " ".join(goals) + reached,
        )
    return table


if __name__ == "__main__":
    main()
