"""`ac-pipeline report`: one page about how the home fares, for people who ask for no SQL."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ac_pipeline.cli.output import console
from ac_pipeline.cli.published import open_published
from ac_pipeline.errors import UnknownName
from ac_pipeline.report import page, read_figures
from ac_pipeline.settings import load_settings

Output = Annotated[Path, typer.Option("--output", "-o", help="The file to write.")]


def report(output: Output = Path("ac-pipeline-report.html")) -> None:
    """Write one HTML page: sizes, churn, overlap, latency, requests, refusals. It names no person.

    Reads the published copy, so it works during a sync.
    """
    settings = load_settings()
    with open_published(settings) as published:
        figures = read_figures(published)
    text = page(
        figures,
        now=datetime.now(UTC).replace(tzinfo=None),
        rate=settings.activecampaign_rate * settings.activecampaign_rate_share,
    )
    _write(output, text)
    console.print(f"Wrote {output}", markup=False)


def _write(path: Path, text: str) -> None:
    """Replace the file at once, so that nobody sees half of it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise UnknownName(
            f"{path} cannot be written: {error.strerror or error}.",
            "Name a file in a folder that exists: --output FILE.",
        ) from None
