"""Which of our runs are in flight, and which died without saying so."""

from __future__ import annotations

from datetime import datetime, timedelta

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from ac_pipeline.home import Home
from ac_pipeline.orchestration.names import JOB, WITHOUT_WINDOW
from ac_pipeline.store.lock import holder

OURS = (JOB, *sorted(WITHOUT_WINDOW))
_WAITING = [DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING]
_BEGUN = [DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
GRACE = timedelta(minutes=2)
"""How long a started run may take until it holds the lock."""


def in_flight(instance: dg.DagsterInstance, home: Home, now: datetime) -> str:
    """Say which run is in flight, or nothing; runs that died without saying so are marked failed.

    The store's lock is the truth about that, because the operating system frees it with its process.
    A run that Dagster believes started while nobody holds the lock is dead.
    """
    working = holder(home)
    if working is not None:
        return f"the store is in use by {working}"
    for job in OURS:
        for record in instance.get_run_records(RunsFilter(job_name=job, statuses=_WAITING)):
            if record.update_timestamp > now - GRACE or record.dagster_run.status is DagsterRunStatus.QUEUED:
                return f"run {record.dagster_run.run_id[:8]} is about to start"
            _mark_dead(instance, record.dagster_run)
        for record in instance.get_run_records(RunsFilter(job_name=job, statuses=_BEGUN)):
            if record.update_timestamp > now - GRACE:
                return f"run {record.dagster_run.run_id[:8]} has just started"
            _mark_dead(instance, record.dagster_run)
    return ""


def _mark_dead(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    instance.report_run_failed(run, "The run's process ended without saying so: nobody holds the store's lock.")
