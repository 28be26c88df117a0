"""Dagster's GraphQL, as its UI asks it, over a company's definitions; runs and backfills take place in this process."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.execution.api import execute_run
from dagster._core.execution.backfill import BulkActionStatus
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.backfill import execute_backfill_iteration
from dagster._utils.hosted_user_process import recon_job_from_origin
from dagster_graphql.test.utils import execute_dagster_graphql

from ac_pipeline.orchestration.build import build_definitions
from ac_pipeline.orchestration.names import JOB
from pipeline.pipeline_support import Company

HISTORY_START = datetime(2024, 1, 1, tzinfo=UTC)
"""Windows exist long before the clock of the tests."""
LOCATION, REPOSITORY = "company", "__repository__"
_LATER = {"module": "dagster._core.test_utils", "class": "MockedRunLauncher"}
"""A launcher that executes nothing: GraphQL is answered in an event loop, in which no run could have its own."""
_AT_ONCE = {"run_coordinator": {"module": "dagster._core.run_coordinator", "class": "DefaultRunCoordinator"}}
_MODULE = "from pipeline.dagster_graph import definitions\n\ndefs = definitions()\n"
_current: list[Company] = []
_ITERATIONS = 6
"""Of the daemon, within which a backfill has to be over."""

_LAUNCH = """mutation($given: ExecutionParams!) { launchRun(executionParams: $given) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } } } }"""
_ASSETS = "query($job: PipelineSelector!) { assetNodes(pipeline: $job) { assetKey { path } } }"
_BACKFILL = """mutation($given: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $given) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message } } }"""


def definitions() -> dg.Definitions:
    """Return what the code location has; it is loaded by path, as Dagster loads any."""
    (company,) = _current
    settings = company.settings().model_copy(update={"history_start": HISTORY_START})
    return build_definitions(settings, clock=company.clock)


@dataclass(frozen=True)
class Graph:
    """GraphQL over one instance."""

    instance: dg.DagsterInstance
    workspace: WorkspaceProcessContext

    def ask(self, query: str, **variables: object) -> Mapping[str, Any]:
        """Return the data of an answer without errors."""
        answer = execute_dagster_graphql(self.workspace.create_request_context(), query, variables=variables)
        assert not answer.errors, answer.errors
        return dict(answer.data)

    def launch(self, job: str, *, partition: str = "", config: object = None, **tags: str) -> dg.DagsterRun:
        """Launch a job and return its run, which is over."""
        wanted = {**tags, **({"dagster/partition": partition} if partition else {})}
        given = {
            "selector": _selector(job),
            "runConfigData": config or {},
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in wanted.items()]},
        }
        answer = self.ask(_LAUNCH, given=given)["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return self._execute(answer["run"]["runId"])

    def check_assets(self, *checks: tuple[Sequence[str], str]) -> dg.DagsterRun:
        """Execute asset checks by themselves, as the button does."""
        selector = _selector("__ASSET_JOB") | {
            "assetSelection": [],
            "assetCheckSelection": [{"assetKey": {"path": list(path)}, "name": name} for path, name in checks],
        }
        answer = self.ask(_LAUNCH, given={"selector": selector, "runConfigData": {}})["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return self._execute(answer["run"]["runId"])

    def backfill(self, partitions: Sequence[str], job: str = JOB) -> list[dg.DagsterRun]:
        """Launch a backfill of a job, let the daemon do it, and return its runs."""
        given = {
            "selector": {
                "partitionSetName": f"{job}_partition_set",
                "repositorySelector": {"repositoryLocationName": LOCATION, "repositoryName": REPOSITORY},
            },
            "partitionNames": list(partitions),
        }
        return self._backfill(given)

    def backfill_assets(self, partitions: Sequence[str]) -> list[dg.DagsterRun]:
        """Launch a backfill of all assets of the sync, as the lineage's button does, and return its runs."""
        keys = self.ask(_ASSETS, job=_selector(JOB))["assetNodes"]
        return self._backfill({"assetSelection": [key["assetKey"] for key in keys], "partitionNames": list(partitions)})

    def _backfill(self, given: Mapping[str, object]) -> list[dg.DagsterRun]:
        answer = self.ask(_BACKFILL, given=given)["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        done: list[dg.DagsterRun] = []
        # What hangs on other assets comes in runs of its own, when those are over.
        for _ in range(_ITERATIONS):
            for fault in execute_backfill_iteration(self.workspace, logging.getLogger("backfill")):
                assert fault is None, fault
            found = self.instance.get_runs(
                dg.RunsFilter(tags={"dagster/backfill": answer["backfillId"]}), ascending=True
            )
            done += [self._execute(run.run_id) for run in found[len(done) :]]
            backfill = self.instance.get_backfill(answer["backfillId"])
            if backfill is None or backfill.status is not BulkActionStatus.REQUESTED:
                break
        return done

    def _execute(self, run_id: str) -> dg.DagsterRun:
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        assert run.job_code_origin is not None
        execute_run(recon_job_from_origin(run.job_code_origin), run, self.instance)
        ended = self.instance.get_run_by_id(run_id)
        assert ended is not None
        return ended


def _selector(job: str) -> dict[str, object]:
    return {"repositoryLocationName": LOCATION, "repositoryName": REPOSITORY, "pipelineName": job}


@contextmanager
def graph_of(company: Company, folder: Path) -> Iterator[Graph]:
    """Load a company's definitions beside an instance on disk."""
    module = folder / "company_definitions.py"
    module.write_text(_MODULE, encoding="utf-8")
    home = folder / "dagster"
    home.mkdir()
    _current[:] = [company]
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(python_file=str(module), attribute="defs"), location_name=LOCATION
    )
    with (
        dg.instance_for_test({"run_launcher": _LATER, **_AT_ONCE}, temp_dir=str(home)) as instance,
        WorkspaceProcessContext(instance, InProcessWorkspaceLoadTarget(origin)) as workspace,
    ):
        yield Graph(instance, workspace)
