"""The files for a server: what they say, and Dagster run by them on a real PostgreSQL, with the image's own command."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg2
import pytest
import yaml
from dagster._core.test_utils import freeze_time
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._scheduler.scheduler import launch_scheduled_runs

import ac_pipeline
from ac_pipeline.dbt_project import DbtProject, dbt_environment
from ac_pipeline.home import Home
from ac_pipeline.model.window import window_ending_by
from ac_pipeline.scaffold import Engine, Project, write_project
from ac_pipeline.settings import Settings
from ac_pipeline.sync.session import open_session
from pipeline.pipeline_support import CRON, KEY, PATIENCE, RATE, Company, Service
from postgres import Server, server

ENGINE = Path(ac_pipeline.__file__).parents[1]
MEMBERS = 7
"""Of the example's twelve customers these ordered in the last 30 days."""
LOGGER = logging.getLogger("daemon")
OVER = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def files_of(engine: Engine = Engine.DUCKDB) -> dict[str, str]:
    """Return what `init` writes."""
    root = Path("/srv/acme shop")
    return Project(root, engine, True, "0.1.0", date(2026, 3, 1), "http://127.0.0.1:8025", "key").files()


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Return instruction and arguments, continued lines joined, comments left out."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", dockerfile, flags=re.MULTILINE))
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in joined.splitlines() if line.strip()]


# What the files say.


@pytest.mark.parametrize("engine", list(Engine))
def test_compose_keeps_the_ui_local_the_home_on_a_volume_and_the_keys_in_one_service(engine: Engine) -> None:
    """What a slip would cost: a UI without a login for everybody, a lost home, keys where nobody needs them."""
    compose = yaml.safe_load(files_of(engine)["compose.yaml"])
    services: dict[str, dict[str, Any]] = compose["services"]
    assert set(services) == {"postgres", "code", "daemon", "webserver"}
    assert {name: one["ports"] for name, one in services.items() if "ports" in one} == {
        "webserver": ["127.0.0.1:3000:3000"]
    }
    assert [name for name, one in services.items() if "env_file" in one] == ["code"]
    assert [name for name, one in services.items() if any(v.startswith("home:") for v in one["volumes"])] == ["code"]
    used = {volume.split(":")[0] for one in services.values() for volume in one["volumes"]}
    assert (
        used
        == set(compose["volumes"])
        == {"home", "logs", "postgres"} | ({"warehouse"} if engine is Engine.DUCKDB else set())
    )
    assert services["code"]["environment"]["SYNC_SCHEDULED"] == "true"
    assert services["code"]["environment"]["AC_PIPELINE_HOME"] == "/srv/home"
    assert services["code"]["stop_grace_period"] == "5m"
    assert all({"stop_grace_period", "restart"} <= set(one) for one in services.values())
    for name in ("code", "daemon", "webserver"):
        assert services[name]["environment"]["DAGSTER_POSTGRES_URL"].startswith(
            "postgresql+psycopg2://dagster:${DAGSTER_POSTGRES_PASSWORD:?"
        )
    assert services["daemon"]["command"][:2] == ["dagster-daemon", "run"]


def test_the_image_has_no_key_runs_as_nobody_special_and_hands_signals_on() -> None:
    """Rules of linters for such files, and ours: unprivileged, versions said, nothing left behind, no secret."""
    texts = files_of()
    found = instructions(texts["Dockerfile"])
    names = [name for name, _ in found]
    assert names[0] == "FROM"
    assert re.fullmatch(r"[a-z]+:\d\S*", found[0][1]), "a version, and not latest"
    assert set(names) <= {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "ENTRYPOINT", "CMD"}
    assert [arguments for name, arguments in found if name == "USER"] == ["pipeline"]
    assert names.index("USER") > max(number for number, name in enumerate(names) if name in ("RUN", "COPY"))
    for name, arguments in found:
        if name in ("ENTRYPOINT", "CMD"):
            assert isinstance(json.loads(arguments), list), "a shell would keep signals to itself"
        if "apt-get install" in arguments:
            assert "--no-install-recommends" in arguments
            assert "rm -rf /var/lib/apt/lists" in arguments
        if "pip install" in arguments:
            assert "--no-cache-dir" in arguments
    assert json.loads(dict(found)["ENTRYPOINT"])[:2] == ["tini", "-g"]
    assert {".env", "*.duckdb", ".ac-pipeline*", ".git"} <= set(texts[".dockerignore"].splitlines())
    for path in ("Dockerfile", "compose.yaml", "deploy/dagster.yaml", "deploy/workspace.yaml"):
        assert not re.search(r"(api_?key|password|token)\s*[:=]\s*(?!\$\{)[\w-]", texts[path], re.IGNORECASE), path


# Dagster run by them.


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A PostgreSQL; each test has databases of its own."""
    with server() as running:
        yield running


@contextmanager
def code_server(company: Company, port: int, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the image's command as `tini -g` does, in a group of its own; signals go to the whole group."""
    command: list[str] = json.loads(dict(instructions(files_of()["Dockerfile"]))["CMD"])
    command[command.index("--port") + 1] = str(port)
    command[command.index("--host") + 1] = "127.0.0.1"
    command[command.index("--working-directory") + 1] = str(company.root)
    process = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=company.root, env=dict(environment), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + PATIENCE
        while True:
            assert process.poll() is None, "it ended"
            assert time.monotonic() < until
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_schedule_runs_from_the_start_and_dagster_keeps_all_in_postgresql(
    company: Company, account: Service, postgres: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The image's command, deploy/dagster.yaml and deploy/workspace.yaml: schedule, queue, run, and a stop."""
    company.members("buyers", *company.crowd(3))
    texts, port, storage = files_of(), free_port(), postgres.url("dagster")
    dagster_home = tmp_path / "dagster"
    for path, text in {
        dagster_home / "dagster.yaml": texts["deploy/dagster.yaml"],
        tmp_path / "workspace.yaml": texts["deploy/workspace.yaml"]
        .replace("host: code", "host: 127.0.0.1")
        .replace("port: 4000", f"port: {port}"),
    }.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    driven = storage.replace("postgresql://", "postgresql+psycopg2://")
    deployed = {"DAGSTER_POSTGRES_URL": driven, "DAGSTER_LOGS": str(tmp_path / "logs")}
    for name, value in deployed.items():
        monkeypatch.setenv(name, value)
    environment = company.environment(
        **deployed, DAGSTER_HOME=str(dagster_home), SYNC_SCHEDULED="true", PYTHONPATH=str(ENGINE)
    )
    window = window_ending_by(CRON, datetime.now(UTC))

    with (
        code_server(company, port, environment) as code,
        dg.DagsterInstance.from_config(str(dagster_home)) as instance,
        WorkspaceProcessContext(instance, WorkspaceFileTarget([str(tmp_path / "workspace.yaml")])) as workspace,
    ):
        assert instance.run_monitoring_enabled
        for moment in (window.end - timedelta(minutes=1), window.end + timedelta(seconds=20)):
            with freeze_time(moment):
                faults = list(launch_scheduled_runs(workspace, LOGGER, moment, {}))
            assert [fault for fault in faults if fault is not None and not hasattr(fault, "should_evaluate")] == []
        (run,) = instance.get_runs()
        assert (run.status, run.tags["dagster/partition"]) == (dg.DagsterRunStatus.QUEUED, window.key)
        assert list(filter(None, QueuedRunCoordinatorDaemon(interval_seconds=1).run_iteration(workspace))) == []
        until = time.monotonic() + PATIENCE
        while (ended := instance.get_run_by_id(run.run_id)) is not None and ended.status not in OVER:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert ended is not None
        assert ended.status is dg.DagsterRunStatus.SUCCESS
        assert len(account.told()) == 3

        os.killpg(code.pid, signal.SIGTERM)
        assert code.wait(PATIENCE) == 0

    assert rows(storage, "select status, count(*) from runs group by 1") == [("SUCCESS", 1)]
    written = {kind for (kind,) in rows(storage, "select distinct dagster_event_type from event_logs")}
    assert {"PIPELINE_SUCCESS", "ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION"} <= written
    assert rows(storage, "select status, type from job_ticks") == [("SUCCESS", "SCHEDULE")]
    assert rows(storage, "select status from instigators") == [("DECLARED_IN_CODE",)]
    assert list(dagster_home.rglob("*.db")) == [], "nothing of it is kept in files"


def rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            connection.commit()
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


# A warehouse in PostgreSQL.


def test_a_project_for_postgresql_builds_its_example_there_and_tells_it(
    account: Service, postgres: Server, tmp_path: Path
) -> None:
    """dbt and `example/warehouse.sql` make the same tables, in a schema of their own."""
    with_dbt, by_hand = postgres.url("with_dbt"), postgres.url("by_hand")
    today = datetime.now(UTC).date()
    texts = {
        dbt: Project(tmp_path, Engine.POSTGRESQL, dbt, "0.1.0", today, account.sandbox.url, KEY).files()
        for dbt in (True, False)
    }
    write_project(tmp_path, texts[True], force=False)
    settings = Settings(
        _env_file=tmp_path / ".env", warehouse_url=with_dbt, ac_pipeline_assets=tmp_path / "assets",
        ac_pipeline_dbt=tmp_path / "dbt", ac_pipeline_home=tmp_path / "home", activecampaign_rate=float(RATE),
    )  # fmt: skip
    with open_session(settings, kind="sync", run_id=str(uuid.uuid4())) as session:
        built = DbtProject.of(settings, Home.at(settings.ac_pipeline_home))
        assert built is not None
        built.build(dbt_environment(settings))
        window = window_ending_by(CRON, datetime.now(UTC))
        session.extract(window)
        session.snapshot(window)
        assert session.deliver().acknowledged == len(account.told()) == MEMBERS

    rows(by_hand, texts[False]["example/warehouse.sql"])
    for table, key in (("customers", "user_id"), ("orders", "order_id")):
        asked = f"select * from ac_pipeline_example.{table} order by {key}"
        assert rows(with_dbt, asked) == rows(by_hand, asked) != []
    schemas = "select distinct table_schema from information_schema.tables where table_schema !~ '^(pg_|information_)'"
    assert rows(with_dbt, schemas) == [("ac_pipeline_example",)]
