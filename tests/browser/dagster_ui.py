"""`dagster dev` on a company's home, and its UI as a person uses it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from browser.chromium import Page
from pipeline.pipeline_support import Company

PATIENCE = 240.0
"""Seconds: Dagster's daemon looks for backfills every thirty, several times for each."""
LOCATION = "company"
WORKSPACE = f"""load_from:
  - python_module:
      {{module_name: ac_pipeline.orchestration.definitions, working_directory: ., location_name: {LOCATION}}}
"""
LOADED = """{ workspaceOrError { ... on Workspace { locationEntries { loadStatus
    locationOrLoadError { __typename ... on PythonError { message } } } } } }"""
PROJECT = Path(__file__).parents[2]


@contextmanager
def dagster(company: Company, history_start: datetime) -> Iterator[str]:
    """Run webserver and daemon until the context ends; return the UI's address once the definitions are loaded."""
    (company.root / "workspace.yaml").write_text(WORKSPACE, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = company.environment(
        PYTHONPATH=str(PROJECT), PYTHONWARNINGS="ignore", DAGSTER_HOME=str(company.home / "dagster"),
        HISTORY_START=history_start.isoformat(timespec="seconds"),
    )  # fmt: skip
    command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)]
    with (company.root / "dagster.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, cwd=company.root, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_loaded(process, url)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_loaded(process: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, "Dagster ended by itself"
        with contextlib.suppress(httpx.HTTPError, ValueError, KeyError):
            answer = httpx.post(f"{url}/graphql", json={"query": LOADED}, timeout=10, trust_env=False).json()
            (entry,) = answer["data"]["workspaceOrError"]["locationEntries"]
            if entry["loadStatus"] == "LOADED":
                found = entry["locationOrLoadError"]
                assert found["__typename"] == "RepositoryLocation", found.get("message")
                return
        time.sleep(0.2)
    raise AssertionError("Dagster did not load the definitions")


@dataclass(frozen=True)
class DagsterUi:
    """The UI in a tab."""

    tab: Page
    url: str

    def see_lineage(self, asset: str, *names: str) -> None:
        """Open the lineage of an asset, and wait until others are in it."""
        self.tab.open(f"{self.url}/assets/{asset}?view=lineage&lineageScope=upstream&lineageDepth=9")
        for name in names:
            self.tab.see(name)

    def windows(self) -> list[str]:
        """Return the first and the last window that the job can be launched for, with its dialog open."""
        self.tab.open(f"{self.url}/locations/{LOCATION}/jobs/sync_audiences")
        self.tab.click_until("document.querySelector('[role=dialog]')?.innerText", "button", "Materialize all")
        said = r"(document.querySelector('[role=dialog]')?.innerText.match(/\d{4}-\d\d-\d\d-\d\d:\d\d/g) ?? [])"
        return [str(name) for name in self.tab.wait(f"{said}.length === 2 && {said}")]

    def backfill(self, first: str, last: str) -> None:
        """Launch it for a range of windows, in the dialog that is open."""
        self.tab.click("[role=dialog] input[type=text]")
        self.tab.type(f"[{first}...{last}]", enter=True)
        self.tab.click("[role=dialog] button", "Launch backfill")
        self.tab.see("Created backfill")

    def sync_newest(self) -> None:
        """Launch the job for the newest window."""
        self.windows()
        self.tab.click("[role=dialog] button", "Latest")
        self.tab.click("[role=dialog] button", "Launch 1 run")
        self.tab.see("Launched run")

    def resend(self, key: str) -> None:
        """Launch the resend of a declaration, and look on until it succeeded."""
        self.tab.open(f"{self.url}/locations/{LOCATION}/jobs/resend/playground")
        self.tab.see("No errors")
        self.tab.choose("input[placeholder=Partition]", "[role=menuitem]", key)
        self.tab.see(f"partition: {key}")
        self.tab.click("button", "Launch Run")
        self.tab.wait("location.pathname.startsWith('/runs/')")
        self.tab.wait("/^(Success|Failure)$/m.test(document.body.innerText)", patience=PATIENCE)

    def wait_for_successes(self, count: int) -> None:
        """Wait until so many runs and backfills have succeeded, and none has failed."""
        self.tab.open(f"{self.url}/runs")
        self.tab.wait(
            f"(document.body.innerText.match(/^(Success|Failure|Canceled)$/gm) ?? []).length >= {count}",
            patience=PATIENCE,
        )
        assert len(re.findall(r"^Success$", self.tab.text(), re.MULTILINE)) == count
