"""What the simulated days came to, as a page."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version

from soak.days import BYTES_A_ROW, FAULTS, PEOPLE, SEVERAL, TABLES, TICKS_A_DAY, Figures


def page(figures: Figures, seed: str) -> str:
    """Return DAYS.md."""
    days = figures.ticks // TICKS_A_DAY
    verdict = "**All promises held.**" if not figures.failures else f"**{len(figures.failures)} failures**, see below."
    parts = [
        f"# {days} simulated days",
        "Written by `make soak`, which fails on any difference and beyond the bound of the file's size. "
        f"Python {platform.python_version()}, DuckDB {version('duckdb')}; seed {seed}.",
        f"A company of {PEOPLE} people at first, an audience with a field and a tag, one with a field and a list "
        "(leaving unsubscribes, returning subscribes again), a trait that is cleared, and tags in a column of the "
        f"contacts. Every two hours by an injected clock ({figures.ticks} ticks) people change and a sync runs, in "
        f"{figures.faulty} of them while the service misbehaves ({', '.join(FAULTS)}). A tick is completed when "
        "nothing is left without a certain outcome; after each that is, the account equals the truth, which is "
        "computed in Python from the people and not from the warehouse. What a tick does not complete, the next one "
        "does, with fresher data. Contacts that are deleted over there are made again at their next change, unless "
        "they may not be contacts any more.",
        f"## Result\n\n{verdict}",
        _table(("", ""), [
            ("ticks", figures.ticks), ("completed, and equal", figures.completed),
            ("without a change, and without a request", figures.quiet), ("requests", figures.requests),
            ("requests that met a fault", figures.hits), ("contacts deleted over there", figures.deleted),
            ("seconds", f"{figures.seconds:.0f}"),
        ]),
        "## What happened",
        _table(("", "times"), list(figures.happened.items())),
        "## How it was told",
        _table(("attempts by", "count"), list(figures.routes.items())),
        "## The store's file",
        _sizes(figures),
        *(["## Failures", "\n".join(f"- {text}" for text in figures.failures)] if figures.failures else []),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _sizes(figures: Figures) -> str:
    """A day a line would be long: a tenth of them, and the last."""
    chosen = figures.sizes[:: max(1, len(figures.sizes) // 10)]
    lines = [(tick, rows, f"{size / 1e6:.1f}", f"{figures.largest(rows) / 1e6:.1f}") for tick, rows, size in chosen]
    last, rows, size = figures.sizes[-1]
    if chosen[-1][0] != last:
        lines.append((last, rows, f"{size / 1e6:.1f}", f"{figures.largest(rows) / 1e6:.1f}"))
    said = (
        f"Bound: {SEVERAL} times the file after the first tick (blocks that are free and used again), and "
        f"{BYTES_A_ROW} bytes for each row of {', '.join(TABLES)}: it is bounded by what was computed and sent "
        "inside HISTORY_RETENTION, and not by the number of ticks in which nothing happens."
    )
    return said + "\n\n" + _table(("after tick", "rows", "MB", "bound, MB"), lines)


def _table(head: tuple[str, ...], lines: Sequence[tuple[object, ...]]) -> str:
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in [head, ("---",) * len(head), *lines])
