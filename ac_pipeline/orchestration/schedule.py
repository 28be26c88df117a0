"""The job of the whole chain, and the schedule that steps aside while a run is in flight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster import DagsterRun, DagsterRunStatus, RunsFilter

from ac_pipeline.home import Home
from ac_pipeline.model.window import window_ending_by
from ac_pipeline.settings import Settings
from ac_pipeline.store.lock import holder

JOB = "sync_audiences"
_WAITING = [DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING]
_BEGUN = [DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
GRACE = timedelta(minutes=2)
"""How long a started run may take until it holds the lock."""


def sync_job(selection: dg.AssetSelection) -> dg.UnresolvedAssetJobDefinition:
    """Return the job: dbt, audiences and traits, snapshot, changes, ActiveCampaign, for one window."""
    return dg.define_asset_job(
        JOB,
        selection=selection,
        description="Brings ActiveCampaign up to date with one window of the warehouse.",
    )


def sync_schedule(job: dg.UnresolvedAssetJobDefinition, settings: Settings, home: Home) -> dg.ScheduleDefinition:
    """Return the schedule: at every tick the newest complete window, unless a run is in flight.

    The store's lock is the truth about that, because the operating system frees it with its process.
    A run that Dagster believes started while nobody holds the lock is dead, and is marked so.
    """

    @dg.schedule(
        job=job,
        cron_schedule=settings.sync_cron,
        execution_timezone="UTC",
        name=f"{JOB}_schedule",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Every tick syncs the window that just ended.",
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        now = context.scheduled_execution_time
        busy = in_flight(context.instance, home, datetime.now(UTC))
        if busy:
            return dg.SkipReason(f"{busy}; the next tick syncs everything that changed meanwhile")
        window = window_ending_by(settings.sync_cron, now)
        return dg.RunRequest(run_key=window.key, partition_key=window.key)

    return tick


def in_flight(instance: dg.DagsterInstance, home: Home, now: datetime) -> str:
    """Say which run is in flight, or nothing; runs that died without saying so are marked failed."""
    working = holder(home)
    if working is not None:
        return f"the store is in use by {working}"
    waiting = instance.get_runs(RunsFilter(job_name=JOB, statuses=_WAITING))
    if waiting:
        return f"run {waiting[0].run_id[:8]} is about to start"
    for record in instance.get_run_records(RunsFilter(job_name=JOB, statuses=_BEGUN)):
        if record.update_timestamp > now - GRACE:
            return f"run {record.dagster_run.run_id[:8]} has just started"
        _mark_dead(instance, record.dagster_run)
    return ""


def _mark_dead(instance: dg.DagsterInstance, run: DagsterRun) -> None:
    instance.report_run_failed(run, "The run's process ended without saying so: nobody holds the store's lock.")
