"""The option `--as-of`: which window a command is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from ac_pipeline.errors import SettingsError
from ac_pipeline.model.window import Window, parse_utc, window_ending_by

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIMESTAMP",
        help="The newest window complete at this moment (ISO 8601, UTC unless it says otherwise); by default now.",
    ),
]


def chosen_window(cron: str, as_of: str | None) -> Window:
    """Return the newest window that is complete at `as_of`. Raises SettingsError for a text that is no moment."""
    text = as_of or ""
    try:
        return window_ending_by(cron, parse_utc(text) if as_of is not None else datetime.now(UTC))
    except (ValueError, OverflowError):
        raise SettingsError(
            f"--as-of {text} is not a moment.", "Write it like 2026-04-05T12:00 (UTC) or 2026-04-05T12:00+02:00."
        ) from None
