"""Dagster as it is deployed, webserver, daemon and all they start, to be killed as a whole."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from pipeline.pipeline_support import Company
from soak.world import PROJECT

PATIENCE = 180
"""Seconds after which Dagster counts as not coming."""
JOB = "sync_audiences"
_WORKSPACE = """load_from:
  - python_module: {module_name: ac_pipeline.orchestration.definitions, working_directory: ., location_name: company}
"""
_LOADED = """{ workspaceOrError { ... on Workspace { locationEntries { loadStatus
    locationOrLoadError { ... on PythonError { message }
        ... on RepositoryLocation { repositories { name } } } } } } }"""
_LAUNCH = """mutation($given: ExecutionParams!) { launchRun(executionParams: $given) {
    __typename ... on PythonError { message } } }"""


class DagsterTree:
    """`dagster dev` on a company's home; leaving the context kills whatever is left of it."""

    def __init__(self, company: Company) -> None:
        self._company = company
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])

    def __enter__(self) -> Self:
        root = self._company.root
        (root / "workspace.yaml").write_text(_WORKSPACE, encoding="utf-8")
        dagster_home = self._company.home / "dagster"
        dagster_home.mkdir(parents=True, exist_ok=True)
        environment = self._company.environment(
            PYTHONPATH=str(PROJECT), DAGSTER_HOME=str(dagster_home), HISTORY_START="2024-01-01T00:00",
            PYTHONWARNINGS="ignore",
        )  # fmt: skip
        command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml"]
        command += ["-h", "127.0.0.1", "-p", str(self._port)]
        self._process = subprocess.Popen(
            command, cwd=root, env=environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self._location = self._loaded()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.kill()
        self._process.wait()

    def launch(self, window: str) -> None:
        """Start the job for a window, as somebody does in the UI."""
        selector = {"repositoryLocationName": "company", "repositoryName": self._location, "jobName": JOB}
        tags = [{"key": "dagster/partition", "value": window}]
        given = {"selector": selector, "runConfigData": {}, "executionMetadata": {"tags": tags}}
        answer = self._ask({"query": _LAUNCH, "variables": {"given": given}})
        assert answer["data"]["launchRun"]["__typename"] == "LaunchRunSuccess", answer

    def kill(self) -> None:
        """End all of it at once, without warning: the processes it started first, which are its children's children."""
        for number in [*reversed(_descendants(self._process.pid)), self._process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def _loaded(self) -> str:
        """Wait for the code location; return the name of its repository."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self._process.poll() is None, "Dagster ended by itself"
            with contextlib.suppress(httpx.HTTPError, ValueError, KeyError, TypeError):
                (entry,) = self._ask({"query": _LOADED})["data"]["workspaceOrError"]["locationEntries"]
                if entry["loadStatus"] == "LOADED":
                    found = entry["locationOrLoadError"]
                    assert "repositories" in found, found
                    return str(found["repositories"][0]["name"])
            time.sleep(0.5)
        raise AssertionError("Dagster did not load the definitions")

    def _ask(self, body: object) -> Any:
        return httpx.post(f"http://127.0.0.1:{self._port}/graphql", json=body, timeout=60).json()


def _descendants(pid: int) -> list[int]:
    """Return the processes below one, parents before children."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
            parents.setdefault(parent, []).append(int(stat.parent.name))
    found = parents.get(pid, [])
    for number in found:  # grows while it is walked
        found.extend(parents.get(number, []))
    return found
