"""`make dev`, as a person starts and stops it: the real webserver, daemon and sandbox."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from ac_pipeline.cli.demo_home import DemoHome

PROJECT = Path(__file__).parents[2]
PATIENCE = 120
"""Seconds after which a server counts as not coming."""
WORKSPACE = """{ workspaceOrError { ... on Workspace { locationEntries {
    loadStatus locationOrLoadError { __typename ... on RepositoryLocation { repositories {
        pipelines { name } schedules { name scheduleState { status } } } } } } } } }"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def location(port: int, process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return the code location once it is loaded; a server that ends or never comes fails the test."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, "it ended by itself"
        try:
            answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": WORKSPACE}, timeout=10).json()
            (entry,) = answer["data"]["workspaceOrError"]["locationEntries"]
        except (httpx.HTTPError, ValueError, KeyError):
            time.sleep(0.5)
            continue
        if entry["loadStatus"] == "LOADED":
            return dict(entry["locationOrLoadError"])
        time.sleep(0.5)
    raise AssertionError("Dagster did not load the definitions")


def test_dev_shows_the_job_and_the_sandbox_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """`workspace.yaml` loads the definitions; the schedule is stopped; Ctrl-C ends webserver and daemon too."""
    for folder in ("assets", "dbt"):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("target", "logs"))
    shutil.copy(PROJECT / "workspace.yaml", tmp_path)
    made = DemoHome.make(tmp_path / ".ac-pipeline-demo", tmp_path, datetime.now(UTC))
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "ac_pipeline", "dev", "--port", str(port)],
        cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        (repository,) = location(port, process)["repositories"]
        assert "sync_audiences" in {job["name"] for job in repository["pipelines"]}
        (schedule,) = repository["schedules"]
        assert schedule["scheduleState"]["status"] == "STOPPED"
        page = httpx.get(f"http://127.0.0.1:{made.port}/", timeout=10)
        assert (page.status_code, "Contacts" in page.text) == (200, True)
    finally:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    for left in (port, made.port):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", left)) != 0
