"""How long a delivery may take."""

from __future__ import annotations

from datetime import datetime

from ac_pipeline.model.window import window_around
from ac_pipeline.settings import Settings

SPARED, LEAST = 0.05, 0.25
"""Shares of a window: what a delivery leaves before the next tick, and what it may take in any case."""


def delivery_budget(settings: Settings, now: datetime) -> float:
    """Return how long a delivery may take from `now` on, in seconds.

    Unless the settings say it, until a little before the next tick, so that its run finds fresher data and a free
    store; but always for a part of a window, so that a run begun late does something.
    """
    if settings.sync_budget is not None:
        return settings.sync_budget * 60
    window = window_around(settings.sync_cron, now)
    length = (window.end - window.start).total_seconds()
    return max((window.end - now).total_seconds() - length * SPARED, length * LEAST)
