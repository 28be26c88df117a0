"""The schedule: at every tick the window that just ended, unless a run is in flight."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterRunStatus

from ac_pipeline.home import Home
from ac_pipeline.orchestration.build import build_definitions
from ac_pipeline.orchestration.names import JOB
from ac_pipeline.orchestration.runs import GRACE, in_flight
from ac_pipeline.settings import Settings
from ac_pipeline.store.lock import held_lock
from ac_pipeline.store.store import Clock, utc_now
from pipeline.pipeline_support import PATIENCE, SYNC, Company, Service

SENDING = 17
"""Number of a request of a first sync that writes a contact, neither the first nor the last to do so."""
TICK = datetime(2026, 3, 1, 14, tzinfo=UTC)


@pytest.fixture
def instance(tmp_path: Any) -> Iterator[dg.DagsterInstance]:
    """A Dagster of its own, on disk."""
    home = tmp_path / "dagster"
    home.mkdir()
    with dg.instance_for_test(temp_dir=str(home)) as opened:
        yield opened


def settings_of(company: Company, **changes: object) -> Settings:
    """Windows exist long before the ticks of these tests."""
    return company.settings().model_copy(update={"history_start": datetime(2024, 1, 1, tzinfo=UTC), **changes})


def tick(
    company: Company, instance: dg.DagsterInstance, moment: datetime = TICK, clock: Clock = utc_now, **changes: object
) -> dg.RunRequest | dg.SkipReason:
    """Evaluate one tick of the schedule."""
    definitions = build_definitions(settings_of(company, **changes), clock=clock)
    schedule = definitions.resolve_schedule_def(f"{JOB}_schedule")
    context = dg.build_schedule_context(
        instance=instance, scheduled_execution_time=moment, repository_def=definitions.get_repository_def()
    )
    data = schedule.evaluate_tick(context)
    return data.run_requests[0] if data.run_requests else dg.SkipReason(data.skip_message)


def test_a_tick_asks_for_the_window_that_ends_at_it(company: Company, instance: dg.DagsterInstance) -> None:
    """Its partition key is the window's start."""
    request = tick(company, instance)
    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.run_key) == ("2026-03-01-12:00", "2026-03-01-12:00 2026-03-01-14:00")


def test_the_schedule_is_stopped_until_somebody_starts_it(company: Company) -> None:
    """`make dev` must not write to anything by itself."""
    schedule = build_definitions(settings_of(company)).resolve_schedule_def(f"{JOB}_schedule")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED


def test_the_cron_expression_is_a_setting(company: Company, instance: dg.DagsterInstance) -> None:
    """Windows follow the schedule."""
    request = tick(company, instance, datetime(2026, 3, 1, 15, 30, tzinfo=UTC), sync_cron="30 */3 * * *")
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2026-03-01-12:30"


def test_a_tick_steps_aside_while_the_store_is_in_use(company: Company, instance: dg.DagsterInstance) -> None:
    """The reason names who holds it; afterwards the next tick runs."""
    with held_lock(Home.at(company.home), "a long sync", wait=0):
        skipped = tick(company, instance)
        assert isinstance(skipped, dg.SkipReason)
        assert "a long sync" in (skipped.skip_message or "")
    assert isinstance(tick(company, instance), dg.RunRequest)


@pytest.mark.parametrize("status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING])
def test_a_tick_steps_aside_for_a_run_that_is_about_to_start(
    company: Company, instance: dg.DagsterInstance, status: DagsterRunStatus
) -> None:
    """It does not hold the store yet."""
    job = build_definitions(settings_of(company)).resolve_job_def(JOB)
    run = instance.create_run_for_job(job, status=status)
    skipped = tick(company, instance)
    assert isinstance(skipped, dg.SkipReason)
    assert run.run_id[:8] in (skipped.skip_message or "")


def test_a_run_that_died_without_saying_so_is_marked_and_the_next_tick_runs(
    company: Company, instance: dg.DagsterInstance
) -> None:
    """Dagster calls it started for ever; the lock says that nobody works."""
    home = Home.at(company.home)
    job = build_definitions(settings_of(company)).resolve_job_def(JOB)
    run = instance.create_run_for_job(job, status=DagsterRunStatus.STARTED)
    now = datetime.now(UTC)
    assert run.run_id[:8] in in_flight(instance, home, now)
    assert in_flight(instance, home, now + GRACE + timedelta(minutes=1)) == ""
    dead = instance.get_run_by_id(run.run_id)
    assert dead is not None
    assert dead.status is DagsterRunStatus.FAILURE


def test_after_everything_was_killed_in_the_middle_of_a_sync_the_next_tick_runs(
    company: Company, account: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No person is needed: the dead run is marked, in Dagster and in the store, and what it left is told."""
    company.members("buyers", *company.crowd(6))
    home = Home.at(company.home)
    window = company.window()
    command = [sys.executable, "-m", "dagster", "job", "execute", "-m", "ac_pipeline.orchestration.definitions"]
    command += ["-j", JOB, "--tags", json.dumps({"dagster/partition": window.key})]
    environment = company.environment(DAGSTER_HOME=str(home.dagster), HISTORY_START="2024-01-01T00:00")
    process = subprocess.Popen(
        command, cwd=company.root, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    killed = threading.Event()

    def kill() -> None:
        os.killpg(process.pid, signal.SIGKILL)
        killed.set()

    account.door.at(SENDING, kill)
    assert process.wait(PATIENCE) == -signal.SIGKILL
    assert killed.is_set()
    assert account.requests(SYNC) != [], "in the middle"

    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
    with dg.DagsterInstance.get() as instance:
        assert [run.status for run in instance.get_runs()] == [DagsterRunStatus.STARTED], "as it seems"
        assert isinstance(tick(company, instance), dg.SkipReason), "it has just started"
        request = tick(company, instance, clock=lambda: datetime.now(UTC) + GRACE + timedelta(minutes=1))
        assert isinstance(request, dg.RunRequest)
        assert [run.status for run in instance.get_runs()] == [DagsterRunStatus.FAILURE]
    company.clock.next_window()
    company.sync()
    assert len(account.told()) == 6
    assert company.ask("select state from runs where kind = 'dagster'") == [("dead",)]
