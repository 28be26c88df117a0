"""What a person sees while a sync tells contacts."""

from __future__ import annotations

import io

from rich.console import Console

from ac_pipeline.cli.bar import show_standing, sync_bar
from ac_pipeline.sync.verdicts import Standing


def shown(*standings: Standing) -> str:
    """Return what the bars say after these."""
    clock = iter(range(1_000))
    console = Console(file=io.StringIO(), width=200, get_time=lambda: float(next(clock)))
    progress = sync_bar(console)
    progress.add_task("extracting", total=3)
    task = progress.add_task("telling ActiveCampaign", total=None)
    for standing in standings:
        show_standing(progress, task, standing)
    console.print(progress)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_bar_says_how_many_how_fast_and_how_they_ended() -> None:
    """Counts, rate per second and the time that is left."""
    said = shown(Standing(0, 4_000), Standing(1_000, 4_000, 900, 60, 40), Standing(2_000, 4_000, 1_850, 100, 50))
    extracting, telling = said.splitlines()
    assert "2000/4000" in telling
    assert "1,850 acknowledged · 100 refused · 50 unknown" in telling
    assert "/s" in telling
    assert "acknowledged" not in extracting


def test_before_the_first_answer_nothing_is_invented() -> None:
    """No rate, no counts."""
    extracting, telling = shown().splitlines()
    assert "telling ActiveCampaign" in telling
    assert "/s" not in extracting + telling
