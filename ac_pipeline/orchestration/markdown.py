"""Small tables, code and images as Markdown, which Dagster's UI shows in metadata."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; nothing in a cell can end it or be taken for markup."""
    lines = [head, ["---"] * len(head), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str, language: str) -> str:
    """Return a block of code."""
    return f"```{language}\n{text.strip()}\n```"


def svg_image(svg: str, description: str) -> str:
    """Return an image that needs no address: the UI lets `data:` through."""
    return f"![{description}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def _cell(value: object) -> str:
    """Return the text of a cell, with what Markdown gives a meaning escaped."""
    text = " ".join(str(value).split())
    for character in "\\`*_{}[]<>()#+!|~":
        text = text.replace(character, f"\\{character}")
    return text
