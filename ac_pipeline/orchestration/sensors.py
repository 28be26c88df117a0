"""Sensors: one tells people what changed, one delivers what has waited too long."""

from __future__ import annotations

import dagster as dg
from dagster import DagsterEventType, DagsterRunStatus, RunsFilter

from ac_pipeline.home import Home
from ac_pipeline.model.window import window_around
from ac_pipeline.orchestration.alerts import Message, State, changes
from ac_pipeline.orchestration.names import JOB
from ac_pipeline.orchestration.runs import in_flight
from ac_pipeline.orchestration.webhook import post
from ac_pipeline.orchestration.windows import BACKFILL_TAG, RANGE_TAG
from ac_pipeline.settings import Settings
from ac_pipeline.store.lock import holder
from ac_pipeline.store.store import Clock, naive
from ac_pipeline.sync.checkup import Limits
from ac_pipeline.sync.health import Health, hours, published_health

INTERVAL = 60
"""Seconds between two looks."""
LOOK_BACK = 25
"""Runs among which the last sync is looked for; the others are backfills."""
_ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE]


def alert_sensor(settings: Settings, home: Home, clock: Clock) -> dg.SensorDefinition:
    """Return the sensor that tells of failures, held declarations, what is late, and recovery.

    It reads only. What was told is its cursor, which Dagster keeps; a message that did not arrive is tried again.
    """

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Says once that a sync failed, a declaration is held, or something waits too long, and once that "
        "it is over: in its log, and to ALERT_WEBHOOK_URL.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        told = State.load(context.cursor)
        messages = changes(told, _state(context.instance, settings, home, clock, told))
        for message in messages:
            context.log.warning(message.text)
            if fault := _post(settings, message):
                context.log.error("%s; it is told again at the next look", fault)
                break
            context.update_cursor(message.then.dump())
        return dg.SkipReason("\n".join(message.text for message in messages) or "nothing changed")

    return alerts


def late_sensor(
    job: dg.UnresolvedAssetJobDefinition, settings: Settings, home: Home, clock: Clock
) -> dg.SensorDefinition:
    """Return the sensor that delivers what has waited too long, once in a window at most."""

    @dg.sensor(
        name="deliver_late",
        job=job,
        minimum_interval_seconds=INTERVAL,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Starts a delivery of its own when a change has waited too long (ALERT_AFTER), for instance "
        "because the warehouse cannot be read.",
    )
    def deliver_late(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        now = clock()
        if busy := in_flight(context.instance, home, now):
            return dg.SkipReason(busy)
        health = published_health(home)
        if health is None or not (late := _late(health, settings, clock)):
            return dg.SkipReason("nothing waits too long")
        return dg.RunRequest(run_key=f"late {window_around(settings.sync_cron, now).key}", tags={"reason": late})

    return deliver_late


def _post(settings: Settings, message: Message) -> str:
    address = settings.alert_webhook_url
    return "" if address is None else post(address, message.text)


def _state(instance: dg.DagsterInstance, settings: Settings, home: Home, clock: Clock, told: State) -> State:
    """Say what is wrong now. While a run is in flight, what was told of waiting stays: it is being delivered."""
    health = published_health(home)
    failed = _failure(instance)
    if health is None:
        return State(failed)
    held = {one.key: one.reason for one in health.held}
    late = told.late if holder(home) is not None else _late(health, settings, clock)
    return State(failed, held, late)


def _late(health: Health, settings: Settings, clock: Clock) -> str:
    now = clock()
    limits, waited = Limits.of(settings, now), health.waited(naive(now))
    if waited <= limits.late:
        return ""
    return (
        f"{health.pending:,} contacts wait to be told something, the oldest for {hours(waited):g} h "
        f"(the limit is {hours(limits.late):g} h)"
    )


def _failure(instance: dg.DagsterInstance) -> str:
    """Say why the last sync failed; empty when it did not. Backfills and cancelled runs say nothing about it."""
    for record in instance.get_run_records(RunsFilter(job_name=JOB, statuses=_ENDED), limit=LOOK_BACK):
        run = record.dagster_run
        if BACKFILL_TAG in run.tags or RANGE_TAG in run.tags:
            continue
        return "" if run.status is DagsterRunStatus.SUCCESS else f"{_reason(instance, run)} (run {run.run_id[:8]})"
    return ""


def _reason(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Return what the engine said of a failure; of others only the kind, because their words may quote data."""
    for entry in instance.all_logs(run.run_id, of_type={DagsterEventType.STEP_FAILURE, DagsterEventType.RUN_FAILURE}):
        event = entry.dagster_event
        if event is None:
            continue
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.user_failure_data is not None and failure.user_failure_data.description:
                return failure.user_failure_data.description
            if failure.error is not None:
                cause = failure.error.cause or failure.error
                return f"{cause.cls_name} in the step {event.step_key}"
        return event.message or ""
    return "see its log"
