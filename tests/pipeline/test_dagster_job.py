"""The job as Dagster runs it: lineage, windows, checks and metadata, over the same engine as the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from ac_pipeline.orchestration.build import build_definitions
from ac_pipeline.orchestration.schedule import JOB
from ac_pipeline.settings import Settings
from pipeline.pipeline_support import POINTS, READERS, Company, Service


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster of its own, in memory, which is quicker than on disk."""
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def settings_of(company: Company) -> Settings:
    """Windows exist long before the clock of the tests."""
    return company.settings().model_copy(update={"history_start": datetime(2024, 1, 1, tzinfo=UTC)})


def execute(
    company: Company,
    instance: dg.DagsterInstance,
    partition: str | None = None,
    changes: dict[str, object] | None = None,
    **options: Any,
) -> dg.ExecuteInProcessResult:
    settings = settings_of(company).model_copy(update=changes or {})
    job = build_definitions(settings, clock=company.clock).resolve_job_def(JOB)
    return job.execute_in_process(instance=instance, partition_key=partition, raise_on_error=False, **options)


def failures(result: dg.ExecuteInProcessResult) -> str:
    said = []
    for event in result.all_events:
        data = event.event_specific_data
        error = getattr(data, "error", None)
        while error is not None:
            said.append(error.message)
            error = error.cause
    return "\n".join(said)


def metadata(result: dg.ExecuteInProcessResult, *key: str) -> dict[str, Any]:
    (found,) = [
        event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(key)
    ]
    return {name: value.value for name, value in found.items()}


def checks(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], bool]:
    return {
        (evaluation.asset_key.to_user_string(), evaluation.check_name): evaluation.passed
        for evaluation in result.get_asset_check_evaluations()
    }


def test_the_job_tells_activecampaign_what_the_warehouse_says(
    company: Company, account: Service, instance: dg.DagsterInstance
) -> None:
    """First everybody, then nobody without a change; the numbers are metadata.

    What the time does not suffice for is counted, and told in the next window.
    """
    company.declare("traits/points", POINTS)
    company.members("buyers", *company.crowd(4))
    company.points({"1": 2.5})
    hurried = execute(company, instance, company.window().key, {"sync_budget": 1e-9})
    waiting = metadata(hurried, "activecampaign")
    assert (waiting["planned"], waiting["acknowledged"], waiting["pending"], account.told()) == (4, 0, 4, {})
    company.clock.next_window()
    first = execute(company, instance, company.window().key)
    assert first.success
    told = account.told()
    assert {email: fields["Buyers"] for email, fields in told.items()} == {
        f"u{number}@example.com": "true" for number in range(1, 5)
    }
    assert told["u1@example.com"]["Points"] == "2.5"
    numbers = metadata(first, "activecampaign")
    assert (numbers["acknowledged"], numbers["created"], numbers["rejected"]) == (4, 4, 0)
    assert {name: numbers[name] for name in ("unknown", "pending", "oldest pending hours", "held")} == {
        "unknown": 0,
        "pending": 0,
        "oldest pending hours": 0.0,
        "held": 0,
    }
    assert numbers["requests"] + waiting["requests"] == len(account.requests())
    singly = 4 + 4 + 4 + 1  # contacts, memberships, user ids, points
    assert numbers["requests saved"] == max(0, singly - numbers["requests"] - numbers["requests to read contacts"])
    assert all(isinstance(numbers[name], int | float) for name in ("seconds", "created", "requests saved"))
    assert metadata(first, "snapshot")["members"] == metadata(first, "snapshot")["buyers: members"] == 4
    assert metadata(hurried, "changes") == {
        "entered": 4, "exited": 0, "changed": 0, "buyers: entered": 4, "buyers: exited": 0, "points: changed": 0,
    }  # fmt: skip
    assert metadata(first, "traits", "points")["preview"] == "| user_id | value |\n| --- | --- |\n| 1 | 2.5 |"
    assert "data:image/svg+xml;base64," in numbers["last windows"]
    assert all(checks(first).values())
    assert {key for key in checks(first) if key[0] != "activecampaign"} == {
        ("contacts", "extracted"), ("audiences/buyers", "extracted"), ("traits/points", "extracted"),
        *(("snapshot", name) for name in ("keys", "emails", "values", "size", "guard")),
    }  # fmt: skip
    account.forget_requests()
    again = execute(company, instance, company.window().key)
    assert again.success
    assert account.requests() == []
    assert metadata(again, "activecampaign")["planned"] == 0


def test_a_run_without_a_window_stops_before_its_first_step(
    company: Company, account: Service, instance: dg.DagsterInstance
) -> None:
    """It says what to choose, and nothing was read or sent."""
    result = execute(company, instance)
    assert not result.success
    assert "no window" in failures(result)
    assert account.requests() == []


def test_an_older_window_is_history_only(company: Company, account: Service, instance: dg.DagsterInstance) -> None:
    """Old truth is never sent, and the run says why nothing was."""
    company.members("buyers", *company.crowd(2))
    older = company.window()
    company.clock.next_window()
    assert execute(company, instance, company.window().key).success
    company.members("buyers", "1")
    account.forget_requests()
    result = execute(company, instance, older.key)
    assert result.success
    assert account.requests() == []
    assert "newest" in metadata(result, "activecampaign")["nothing sent"]


def test_a_range_of_windows_is_computed_in_order_in_one_run(
    company: Company, account: Service, instance: dg.DagsterInstance
) -> None:
    """What a backfill of a contiguous range asks for; only its newest window is delivered."""
    now = company.clock.moment.replace(tzinfo=None)
    company.crowd(3)
    company.fill("buyers", [("1", now - timedelta(hours=9)), ("2", now - timedelta(hours=3))])
    first = company.window()
    for _ in range(2):
        company.clock.next_window()
    tags = {
        "dagster/asset_partition_range_start": first.key,
        "dagster/asset_partition_range_end": company.window().key,
    }
    assert execute(company, instance, tags=tags).success
    sizes = company.ask("select members, entered from audience_sizes where audience = 'buyers' order by as_of")
    assert sizes == [(2, 2), (2, 0), (2, 0)]
    assert {email: fields["Buyers"] for email, fields in account.told().items()} == {
        "u1@example.com": "true",
        "u2@example.com": "true",
    }


def test_a_declaration_that_fails_fails_its_check_and_the_rest_goes_on(
    company: Company, account: Service, instance: dg.DagsterInstance
) -> None:
    """Its last approved members stay; the others are told."""
    company.declare("audiences/readers", READERS)
    company.members("buyers", *company.crowd(2))
    company.members("readers", "1")
    assert execute(company, instance, company.window().key).success
    company.run_sql("drop table readers")
    company.members("buyers", "1", "2", "3")
    company.crowd(3)
    company.clock.next_window()
    result = execute(company, instance, company.window().key)
    assert result.success
    assert checks(result)["audiences/readers", "extracted"] is False
    assert checks(result)["audiences/buyers", "extracted"] is True
    told = account.told()
    assert told["u1@example.com"]["Readers"] == "true"
    assert told["u3@example.com"]["Buyers"] == "true"
    assert company.ask("select state from runs order by started_at desc limit 1") == [("attention",)]


def test_a_held_declaration_fails_the_check_of_the_snapshot(
    company: Company, account: Service, instance: dg.DagsterInstance
) -> None:
    """The guard is the engine's, so Dagster obeys it as the command line does."""
    company.members("buyers", *company.crowd(3))
    assert execute(company, instance, company.window().key).success
    company.members("buyers")
    company.clock.next_window()
    result = execute(company, instance, company.window().key)
    assert result.success
    assert checks(result)["snapshot", "guard"] is False
    assert {fields["Buyers"] for fields in account.told().values()} == {"true"}


def test_a_selection_of_one_audience_leaves_the_others_alone(
    company: Company, account: Service, instance: dg.DagsterInstance
) -> None:
    """The step is subsettable: what was not selected keeps its approved members."""
    company.declare("audiences/readers", READERS)
    company.members("buyers", *company.crowd(2))
    company.members("readers", "2")
    assert execute(company, instance, company.window().key).success
    company.members("buyers", "1")
    company.members("readers")
    company.clock.next_window()
    chosen = [
        dg.AssetKey(["audiences", "buyers"]),
        *(dg.AssetKey(key) for key in ("snapshot", "changes", "activecampaign")),
    ]
    assert execute(company, instance, company.window().key, asset_selection=chosen).success
    told = account.told()
    assert (told["u2@example.com"]["Buyers"], told["u2@example.com"]["Readers"]) == ("false", "true")


def test_a_snapshot_alone_takes_up_nothing_of_an_earlier_run(company: Company, instance: dg.DagsterInstance) -> None:
    """What another run extracted is not the result of this window now."""
    company.members("buyers", *company.crowd(1))
    assert execute(company, instance, company.window().key).success
    result = execute(company, instance, company.window().key, asset_selection=[dg.AssetKey("snapshot")])
    assert not result.success
    assert "not extracted in this run" in failures(result)


def test_a_refused_key_fails_the_run_with_one_plain_message(
    company: Company, account: Service, instance: dg.DagsterInstance
) -> None:
    """The snapshot is kept; the store says that the run failed."""
    company.key = "wrong"
    company.members("buyers", *company.crowd(1))
    result = execute(company, instance, company.window().key)
    assert not result.success
    assert "ACTIVECAMPAIGN_API_KEY" in failures(result)
    assert company.ask("select state from runs order by started_at desc limit 1") == [("failed",)]
    assert company.ask("select members from audience_sizes") == [(1,)]


def test_another_schedule_keeps_the_history_there_is(
    company: Company, account: Service, instance: dg.DagsterInstance
) -> None:
    """Windows become longer; those that were computed stay, and one that ends at the same moment is the same."""
    now = company.clock.moment.replace(tzinfo=None)
    company.crowd(3)
    company.fill("buyers", [("1", now - timedelta(hours=9)), ("2", now + timedelta(hours=1))])
    company.sync()
    company.sync_later()
    other = {"sync_cron": "0 */3 * * *"}
    company.clock.moment += timedelta(hours=1)
    assert execute(company, instance, "2024-03-01-12:00", other).success
    sizes = "select hour(as_of), members, entered from audience_sizes order by as_of"
    assert company.ask(sizes) == [(12, 1, 1), (14, 2, 1), (15, 2, 0)]
    company.run_sql("delete from buyers where user_id = '1'")
    assert execute(company, instance, "2024-03-01-09:00", other).success
    assert company.ask(sizes) == [(12, 0, 0), (14, 2, 2), (15, 2, 0)]
    assert {fields["Buyers"] for fields in account.told().values()} == {"true"}
    with pytest.raises(dg.DagsterUnknownPartitionError):
        execute(company, instance, "2024-03-01-10:00", other)


def test_assets_a_user_writes_in_python_stand_beside_the_declared_ones(company: Company) -> None:
    """Found by path in the same folder; what Dagster objects they define is merged."""
    (company.assets / "report.py").write_text(
        "import dagster as dg\n\n@dg.asset(deps=['activecampaign'])\ndef weekly_report() -> None: ...\n",
        encoding="utf-8",
    )
    graph = build_definitions(settings_of(company)).resolve_asset_graph()
    assert graph.get(dg.AssetKey("weekly_report")).parent_keys == {dg.AssetKey("activecampaign")}
