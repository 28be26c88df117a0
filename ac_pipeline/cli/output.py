"""How commands print: tables and sentences for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

import typer
from rich.console import Console
from rich.table import Table

PIPED_WIDTH = 120
"""Characters to a line where the output is no terminal and has no width of its own."""
console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)

AS_JSON = typer.Option(False, "--json", help="Print JSON for programs.")


def print_json(value: object) -> None:
    """Print JSON on standard output; moments become ISO 8601 text."""
    typer.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """Print a table; numbers stand right, absent values are blank."""
    table = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    material = [list(row) for row in rows]
    for number, column in enumerate(columns):
        numeric = any(isinstance(row[number], int | float) for row in material)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in material:
        table.add_row(*[_cell(value) for value in row])
    console.print(table, soft_wrap=False)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return str(value).replace("[", r"\[")
