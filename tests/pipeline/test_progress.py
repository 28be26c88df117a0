"""How far a sync is, while it runs: `status`, SQL on the published copy, and Dagster's log."""

from __future__ import annotations

import uuid
from pathlib import Path

import dagster as dg
import pytest

from ac_pipeline.orchestration.build import build_definitions
from ac_pipeline.orchestration.schedule import JOB
from ac_pipeline.sync import progress
from ac_pipeline.sync.session import open_session
from ac_pipeline.sync.verdicts import Standing
from pipeline.events_support import Shop, event
from pipeline.pipeline_support import Company, Ended, Service

MANY = 1_100
"""More contacts than are told between two renewals of the published copy."""


def test_status_and_sql_answer_during_a_long_sync(company: Company, account: Service) -> None:
    """Every 1,000 contacts the published copy says how far it is, and what was answered."""
    company.members("buyers", *company.crowd(MANY))
    seen: list[tuple[Standing, Ended, list[tuple[int]]]] = []

    def look(standing: Standing) -> None:
        answered = company.ask("select count(*) from deliveries where outcome = 'acknowledged'")
        seen.append((standing, company.run("status"), answered))

    with open_session(company.settings(), kind="sync", run_id=str(uuid.uuid4()), clock=company.clock) as session:
        session.extract(company.window())
        session.snapshot(company.window())
        session.deliver(now_and_then=look)

    ((standing, status, answered),) = seen
    assert (standing.done, standing.total, standing.acknowledged) == (1_000, MANY, 1_000)
    assert answered == [(1_000,)]
    assert "A sync is under way: 1,000 of 1,100 contacts." in status.out
    assert "A run is in flight: process" in status.out
    after = company.run("status")
    assert "under way" not in after.out
    assert "Last run: sync succeeded" in after.out
    assert company.ask("select state, summary->>'acknowledged' from runs") == [("succeeded", str(MANY))]


def test_status_and_sql_answer_while_events_are_told(
    tmp_path: Path, account: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As during the contacts: so many, of how many, and where each stands; a small number stands for 1,000."""
    monkeypatch.setattr(progress, "CONTACTS", 5)
    shop = Shop(tmp_path / "shop", account.sandbox.url)
    account.track()
    shop.members("buyers", *shop.crowd(2))
    shop.stream("orders", "call: track\nevent: Order Completed\nfrom: all\nsql: select * from {table}\n")
    shop.happened("orders", *(event(user, shop.ago(), number) for user in "12" for number in range(4)))
    seen: list[tuple[Standing, list[tuple[str, int]]]] = []

    def look(standing: Standing) -> None:
        seen.append((standing, shop.ask("select state, count(*) from events group by state order by state")))

    with open_session(shop.settings(), kind="sync", run_id=str(uuid.uuid4()), clock=shop.clock) as session:
        session.extract(shop.window())
        session.snapshot(shop.window())
        session.deliver(now_and_then=look)
        ((standing, states),) = seen
        assert (standing.what, standing.done, standing.total, standing.acknowledged) == ("events", 5, 8, 5)
        assert states == [("pending", 3), ("sent", 5)]
        assert "A sync is under way: 5 of 8 events." in shop.run("status").out
    assert shop.ask("select distinct state from events") == [("sent",)]


def test_dagster_says_how_far_the_delivery_is(company: Company, account: Service) -> None:
    """A line in the run's own log, at once."""
    company.members("buyers", *company.crowd(MANY))
    with dg.DagsterInstance.ephemeral() as instance:
        settings = company.settings().model_copy(update={"history_start": company.window().start})
        job = build_definitions(settings, clock=company.clock).resolve_job_def(JOB)
        result = job.execute_in_process(instance=instance, partition_key=company.window().key)
        said = [entry.user_message for entry in instance.all_logs(result.run_id)]
    line = "1,000 of 1,100 contacts: 1,000 acknowledged, 0 refused, 0 without a certain answer"
    assert line in said
