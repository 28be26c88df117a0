"""What was measured, as a page: machine, versions, the parts."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

LIBRARIES = ("duckdb", "httpx", "pydantic", "anyio", "h11")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page, in Markdown; `failed` names its figures that are beyond their bounds."""

    text: str
    failed: tuple[str, ...] = ()


def page(sections: Iterable[Section]) -> str:
    """Return RESULTS.md."""
    parts = [
        "# Results",
        "Written by `make bench`, which fails when a figure is beyond its bound. Figures are ratios inside one run.",
        _machine(),
        *(section.text for section in sections),
    ]
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def bounded(text: str, *, passed: bool) -> str:
    """Return a figure as the page shows it."""
    return text if passed else f"{text} **beyond its bound**"


def _machine() -> str:
    cpus = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in cpus if line.startswith("model name")]
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"Machine: {os.cpu_count()} cores ({names[0] if names else platform.machine()}), {platform.system()} "
        f"{platform.release()}. Python {platform.python_version()}, {libraries}."
    )
