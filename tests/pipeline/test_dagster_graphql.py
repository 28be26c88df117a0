"""What people do in Dagster's UI, by the GraphQL it speaks: backfill, resend, release, checks by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ac_pipeline.orchestration.names import JOB, RELEASE, RESEND
from pipeline.dagster_graph import Graph, graph_of
from pipeline.pipeline_support import Company, Service

BULK, SYNC = "POST /import/bulk_import", "POST /contact/sync"
NOW_ONLY = "name: Readers\nsql: select user_id from readers\n"


@pytest.fixture
def graph(company: Company, tmp_path: Path) -> Iterator[Graph]:
    """Two audiences, one of which describes now; the other has a guard that is soon alarmed."""
    company.declare("audiences/readers", NOW_ONLY)
    company.audience("Buyers", guard={"max_exit_share": 0.5, "min_members": 1})
    with graph_of(company, tmp_path) as opened:
        yield opened


def metadata(graph: Graph, run: dg.DagsterRun, *key: str) -> dict[str, Any]:
    """Return what a run said of an asset, of its newest partition."""
    records = graph.instance.fetch_materializations(dg.AssetRecordsFilter(asset_key=dg.AssetKey(key)), limit=20).records
    found = [record.asset_materialization for record in records if record.run_id == run.run_id]
    assert found[0] is not None
    return {name: value.value for name, value in found[0].metadata.items()}


def said(graph: Graph, run: dg.DagsterRun) -> str:
    """Return all messages of a run."""
    return "\n".join(entry.user_message for entry in graph.instance.all_logs(run.run_id))


def test_three_windows_are_backfilled_in_one_run_and_nothing_of_them_is_sent(
    graph: Graph, company: Company, account: Service
) -> None:
    """In a new home, too, where no newer window was computed; what describes now is unknown there, and listed.

    The sync of the newest window then tells only what is true now.
    """
    company.crowd(3)
    now = company.clock.moment.replace(tzinfo=None)
    company.members("readers", "3")
    company.fill("buyers", [("1", now + timedelta(hours=1)), ("2", now + timedelta(hours=3))])
    windows = []
    for _ in range(3):
        windows.append(company.window())
        company.clock.next_window()

    runs = graph.backfill([window.key for window in windows])

    assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS], "one run, in which all went well"
    assert account.requests() == []
    sizes = "select as_of, members, entered from audience_sizes where audience = 'buyers' order by as_of"
    assert company.ask(sizes) == [
        (window.end.replace(tzinfo=None), members, entered)
        for window, members, entered in zip(windows, (0, 1, 2), (0, 1, 1), strict=True)
    ]
    assert metadata(graph, runs[0], "snapshot")["readers: not computed"].endswith("(3 of 3 windows)")
    assert metadata(graph, runs[0], "audiences", "readers")["windows not computed"] == 3
    assert "past windows" in metadata(graph, runs[0], "activecampaign")["nothing sent"]
    assert company.ask("from acknowledged") == []

    assert graph.launch(JOB, partition=company.window().key).is_success
    assert account.told() == {
        "u1@example.com": {"Buyers": "true"},
        "u2@example.com": {"Buyers": "true"},
        "u3@example.com": {"Readers": "true"},
    }
    account.forget_requests()
    (again,) = graph.backfill([window.key for window in windows[1:]])
    assert (again.is_success, account.requests()) == (True, [])


def test_a_backfill_of_all_assets_computes_the_windows_in_one_run_and_sends_nothing(
    graph: Graph, company: Company, account: Service
) -> None:
    """The lineage's button takes the delivery along, which belongs to no window: it comes in a run of its own."""
    company.members("buyers", *company.crowd(3))
    windows = []
    for _ in range(3):
        windows.append(company.window())
        company.clock.next_window()

    runs = graph.backfill_assets([window.key for window in windows])

    assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS] * len(runs)
    computed = [run for run in runs if any(tag.startswith("dagster/asset_partition_range") for tag in run.tags)]
    assert len(computed) == 1
    assert company.ask("select as_of from windows order by as_of") == [
        (window.end.replace(tzinfo=None),) for window in windows
    ]
    assert account.requests() == []


def test_a_resend_and_a_release_are_launched_by_declaration_and_the_next_sync_does_them(
    graph: Graph, company: Company, account: Service
) -> None:
    """Leavers are told again as well, without automations; what is not held cannot be released."""
    company.members("buyers", *company.crowd(12))
    assert graph.launch(JOB, partition=company.window().key).is_success
    company.members("buyers", *(str(number) for number in range(2, 13)))
    company.clock.next_window()
    assert graph.launch(JOB, partition=company.window().key).is_success
    truth = account.told()
    assert truth["u1@example.com"] == {"Buyers": "false"}
    buyers = account.fields()["Buyers"]["id"]
    for email, value in (("u1@example.com", "true"), ("u2@example.com", "false")):
        wanted = {"email": email, "fieldValues": [{"field": buyers, "value": value}]}
        account.call("POST", "contact/sync", {"contact": wanted})
    account.forget_requests()

    resent = graph.launch(RESEND, partition="buyers")
    assert resent.is_success
    assert "to 12 contacts" in said(graph, resent)
    assert account.requests() == []
    company.clock.next_window()
    assert graph.launch(JOB, partition=company.window().key).is_success
    assert (account.told(), account.requests(BULK, SYNC)) == (truth, [BULK])
    assert company.ask("select exclude_automations from engine.batch order by batch_id desc limit 1") == [(True,)]

    company.members("buyers", "2")
    company.clock.next_window()
    assert graph.launch(JOB, partition=company.window().key).is_success
    assert account.told() == truth, "held"
    checked = graph.check_assets((["audiences", "buyers"], "extracted"))
    assert checked.is_success, "checks can be executed by themselves, without a window"

    assert not graph.launch(RELEASE, partition="contacts").is_success
    assert graph.launch(RELEASE, partition="buyers").is_success
    company.clock.next_window()
    assert graph.launch(JOB, partition=company.window().key).is_success
    assert {email for email, fields in account.told().items() if fields["Buyers"] == "true"} == {"u2@example.com"}
    kinds = company.ask("select kind, state from runs where kind not in ('dagster') order by started_at")
    assert kinds == [("resend", "succeeded"), ("release", "failed"), ("release", "succeeded")]
