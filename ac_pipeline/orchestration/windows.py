"""Windows as Dagster's time partitions."""

from __future__ import annotations

from datetime import datetime

import dagster as dg

from ac_pipeline.model.window import KEY_FORMAT, Window, window_of_key
from ac_pipeline.settings import Settings

Metadata = dict[str, str | int | float | dg.MetadataValue]
"""Metadata of a materialisation: numbers become plots."""

RANGE_TAG, BACKFILL_TAG = "dagster/asset_partition_range_start", "dagster/backfill"
PARTITION_TAGS = ("dagster/partition", RANGE_TAG)


def window_partitions(settings: Settings, history_start: datetime) -> dg.TimeWindowPartitionsDefinition:
    """Return the partitions: one for each window of the schedule from `history_start` on."""
    return dg.TimeWindowPartitionsDefinition(
        start=history_start, fmt=KEY_FORMAT, timezone="UTC", cron_schedule=settings.sync_cron
    )


def windows_of(context: dg.AssetExecutionContext, settings: Settings) -> list[Window]:
    """Return the windows of a run, oldest first: one, or a contiguous range."""
    return sorted(window_of_key(settings.sync_cron, key) for key in context.partition_keys)


def is_backfill(context: dg.AssetExecutionContext) -> bool:
    """Whether a run was asked to compute history: a range of windows, or part of a backfill."""
    return RANGE_TAG in context.run.tags or BACKFILL_TAG in context.run.tags
