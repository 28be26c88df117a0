"""The progress bar of a sync: how many contacts, how fast, how much longer, and how they ended."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ac_pipeline.sync.verdicts import EVENTS, Standing


class _Delivered(ProgressColumn):
    """Rate and counts of a delivery; blank for other steps."""

    def render(self, task: Task) -> Text:
        standing = task.fields.get("standing")
        if not isinstance(standing, Standing):
            return Text()
        speed = task.finished_speed or task.speed
        parts = [f"{speed:,.1f}/s"] if speed is not None else []
        parts.append(f"{standing.acknowledged:,} acknowledged")
        parts.append(f"{standing.rejected:,} refused")
        parts.append(f"{standing.unknown:,} unknown")
        return Text(" · ".join(parts))


class _Remaining(TimeRemainingColumn):
    """Time that is left; blank for steps that are not measured in contacts."""

    def render(self, task: Task) -> Text:
        return super().render(task) if "standing" in task.fields else Text()


def sync_bar(console: Console, *, disable: bool = False) -> Progress:
    """Return the bars of a sync's steps; they vanish at the end."""
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        _Remaining(), _Delivered(), console=console, transient=True, disable=disable,
    )  # fmt: skip


def show_standing(progress: Progress, task: TaskID, standing: Standing) -> None:
    """Let the bar of a delivery show how far it is."""
    what = "telling events" if standing.what == EVENTS else "telling ActiveCampaign"
    progress.update(task, description=what, completed=standing.done, total=standing.total, standing=standing)
