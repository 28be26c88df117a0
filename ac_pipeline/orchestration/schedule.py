"""The schedule of the chain, which steps aside while a run is in flight."""

from __future__ import annotations

import dagster as dg

from ac_pipeline.home import Home
from ac_pipeline.model.window import KEY_FORMAT, window_ending_by
from ac_pipeline.orchestration.names import JOB
from ac_pipeline.orchestration.runs import in_flight
from ac_pipeline.settings import Settings
from ac_pipeline.store.store import Clock, utc_now

__all__ = ["JOB", "sync_schedule"]


def sync_schedule(
    job: dg.UnresolvedAssetJobDefinition, settings: Settings, home: Home, clock: Clock = utc_now
) -> dg.ScheduleDefinition:
    """Return the schedule: at every tick the newest complete window, unless a run is in flight."""
    begun = dg.DefaultScheduleStatus.RUNNING

    @dg.schedule(
        job=job,
        cron_schedule=settings.sync_cron,
        execution_timezone="UTC",
        name=f"{JOB}_schedule",
        default_status=begun if settings.sync_scheduled else dg.DefaultScheduleStatus.STOPPED,
        description="Every tick syncs the window that just ended.",
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        now = context.scheduled_execution_time
        busy = in_flight(context.instance, home, clock())
        if busy:
            return dg.SkipReason(f"{busy}; the next tick syncs everything that changed meanwhile")
        window = window_ending_by(settings.sync_cron, now)
        # With its end, because after a change of the schedule another window can begin at the same moment.
        return dg.RunRequest(run_key=f"{window.key} {window.end:{KEY_FORMAT}}", partition_key=window.key)

    return tick
