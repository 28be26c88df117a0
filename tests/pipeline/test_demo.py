"""The demo, as a newcomer runs it: from a copy of the project, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from pydantic import SecretStr

from ac_pipeline.cli.demo_account import Shown, contacts_shown, demo_account
from ac_pipeline.cli.demo_home import DemoHome
from ac_pipeline.cli.dev_run import environment_of
from ac_pipeline.errors import SettingsError, StoreBusy, UnknownName
from ac_pipeline.home import Home
from ac_pipeline.settings import Settings
from ac_pipeline.store.lock import held_lock

PROJECT = Path(__file__).parents[2]
FOREIGN = {
    "ACTIVECAMPAIGN_API_URL": "https://somebody.api-us1.com",
    "ACTIVECAMPAIGN_API_KEY": "a-real-key",
    "WAREHOUSE_URL": "duckdb:///nowhere/at/all.duckdb",
    "SYNC_CRON": "0 0 * * *",
}
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Ran:
    """A demo that ran once, for all tests of this module."""

    project: Path
    code: int
    said: dict[str, Any]
    errors: str

    @property
    def home(self) -> Path:
        return self.project / ".ac-pipeline-demo"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run it where the environment and `.env` name a real account and another schedule."""
    project = tmp_path_factory.mktemp("project")
    for folder in ("assets", "dbt"):
        shutil.copytree(PROJECT / folder, project / folder, ignore=shutil.ignore_patterns("target", "logs"))
    (project / ".env").write_text("ACTIVECAMPAIGN_RATE=much\nSYNC_CRON=never\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ac_pipeline", "demo", "--json"],
        cwd=project, env={**os.environ, **FOREIGN}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    return Ran(project, done.returncode, json.loads(done.stdout or "{}"), done.stderr)


def test_the_sandbox_agrees_with_the_raw_purchases(ran: Ran) -> None:
    """Every field, tag and list status of every contact, against a computation without SQL."""
    assert (ran.code, ran.said.get("differences")) == (0, []), ran.errors
    assert ran.said["contacts"] > 1000
    assert ran.errors == ""


def test_first_everybody_then_nobody_then_who_changed(ran: Ran) -> None:
    """The same window again costs no request; 250 contacts with their tags and subscriptions cost two or so."""
    first, again, later = ran.said["runs"]
    assert first["entered"] == first["members"] > 0
    assert (again["entered"], again["exited"], again["contacts_updated"], again["requests"]) == (0, 0, 0, 0)
    assert later["members"] == first["members"] + later["entered"] - later["exited"]
    assert 0 < later["contacts_updated"] < first["contacts_updated"]
    assert (first["events"], again["events"]) == (0, 0), "a stream begins with what is new"
    assert ran.said["events"] == later["events"] > 20
    told = first["contacts_updated"] + later["contacts_updated"]
    imports = 2 * (told // 250)
    assert imports <= first["requests"] + later["requests"] - later["events"] < told / 10


def test_the_sandbox_has_the_tag_and_the_list(ran: Ran) -> None:
    """The pipeline made the tag; the list was there, and who left the audience is unsubscribed from it."""
    assert {name for name, count in ran.said["tags"].items() if count > 100} == {"Repeat customer"}
    assert set(ran.said["lists"]) == {"Welcome series"}
    assert set(ran.said["lists"]["Welcome series"]) == {"active", "unsubscribed"}
    assert min(ran.said["lists"]["Welcome series"].values()) > 50


def test_an_audience_that_describes_now_is_unknown_in_the_past(ran: Ran) -> None:
    """`high_value` is a relation of dbt; a week ago nobody asked."""
    with duckdb.connect(ran.home / "ac_pipeline.duckdb", read_only=True) as published:
        windows = published.execute("select as_of from windows order by as_of").fetchall()
        unknown = published.execute("select as_of, declaration from not_computed").fetchall()
    assert unknown == [(windows[0][0], "high_value")]


def test_the_demo_writes_into_its_home_only(ran: Ran) -> None:
    """Nothing is left in the project but the home, which is private."""
    assert {path.name for path in ran.project.iterdir()} == {"assets", "dbt", ".env", ".ac-pipeline-demo"}
    assert not list((ran.home / "work").iterdir())
    readable = [path for path in ran.home.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o077]
    assert (readable, ran.home.stat().st_mode & 0o777) == ([], 0o700)


def test_nothing_of_the_environment_reaches_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every setting is given, so that no real account can be spoken to."""
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    settings = DemoHome.make(tmp_path / "home", PROJECT, NOW).settings()
    assert (settings.activecampaign_api_url or "").startswith("http://127.0.0.1:")
    assert settings.model_fields_set == set(Settings.model_fields)


def test_the_day_of_the_demo_is_the_fifth_of_april(tmp_path: Path) -> None:
    """And it stays so: the shift is kept in the home."""
    made = DemoHome.make(tmp_path / "home", PROJECT, NOW)
    assert (NOW.date() - datetime(1997, 4, 5, tzinfo=UTC).date()).days == made.shift_days
    assert DemoHome.open(tmp_path / "home", PROJECT) == made
    assert json.loads(Home.at(made.root).dbt_vars.read_text()) == {"shift_days": made.shift_days}


def test_a_folder_that_is_no_demo_home_is_not_touched(tmp_path: Path) -> None:
    """Starting over removes a folder; it must be the demo's own."""
    precious = tmp_path / "precious.txt"
    precious.write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match="not a demo home"):
        DemoHome.make(tmp_path, PROJECT, NOW)
    assert precious.read_text(encoding="utf-8") == "mine"


def test_a_demo_in_use_is_not_started_over(tmp_path: Path) -> None:
    """A run of `make dev` may be working on it."""
    made = DemoHome.make(tmp_path / "home", PROJECT, NOW)
    with held_lock(Home.at(made.root), "a run", wait=0), pytest.raises(StoreBusy, match="a run"):
        DemoHome.make(made.root, PROJECT, NOW)
    assert DemoHome.open(made.root, PROJECT) == made


def test_a_marketer_makes_each_list_once(tmp_path: Path) -> None:
    """The account of the demo has the lists its declarations name before anything runs, also the next day."""
    made = DemoHome.make(tmp_path / "home", PROJECT, NOW)
    for _ in range(2):
        with demo_account(made) as sandbox:
            said = httpx.get(f"{sandbox.url}/api/3/lists", headers={"Api-Token": sandbox.api_key}).json()
        assert [found["name"] for found in said["lists"]] == ["Welcome series"]


def test_faults_of_declarations_are_left_to_the_job(tmp_path: Path) -> None:
    """Whoever edits a declaration while `make dev` is off still gets the sandbox, and the fault in Dagster's UI."""
    for folder in ("assets", "dbt"):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("target", "logs"))
    (tmp_path / "assets" / "destination.yaml").write_text("create_contacts: perhaps\n", encoding="utf-8")
    with demo_account(DemoHome.make(tmp_path / "home", tmp_path, NOW)) as sandbox:
        assert contacts_shown(sandbox) == {}


def test_nobody_can_be_recognised_in_what_is_compared() -> None:
    """Neither name nor values of a contact show."""
    assert "00004" not in repr(Shown("Customer", "00004", {"User ID": "cdnow-00004"}, frozenset(), {}))


def test_dev_needs_a_demo_first(tmp_path: Path) -> None:
    """It says which command makes one."""
    with pytest.raises(UnknownName, match="make demo"):
        DemoHome.open(tmp_path, PROJECT)


def test_dev_gives_dagster_every_setting(tmp_path: Path) -> None:
    """What is absent is blank, so that no `.env` can add to it."""
    settings = DemoHome.make(tmp_path / "home", PROJECT, NOW).settings()
    given = environment_of(settings)
    assert set(given) == {name.upper() for name in Settings.model_fields}
    assert given["HISTORY_START"] == ""
    again = Settings(_env_file=None, **{name.lower(): value for name, value in given.items()})  # type: ignore[arg-type]
    assert again == settings
    assert isinstance(again.activecampaign_api_key, SecretStr)


def test_the_demos_dbt_project_is_never_built_into_another_warehouse(tmp_path: Path) -> None:
    """Somebody who sets a real warehouse and forgets to replace dbt/ loses no table."""
    for folder in ("assets", "dbt"):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("target", "logs"))
    warehouse = tmp_path / "company.duckdb"
    with duckdb.connect(warehouse) as connection:
        connection.execute("create schema marts; create table marts.customers as select 1 as mine")
    settings = {**FOREIGN, "WAREHOUSE_URL": f"duckdb://{warehouse}", "AC_PIPELINE_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "ac_pipeline", "sync"],
        cwd=tmp_path, env={**os.environ, **settings}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, "the demo's dbt project" in done.stderr) == (5, True), done.stderr
    with duckdb.connect(warehouse, read_only=True) as connection:
        assert connection.execute("from marts.customers").fetchall() == [(1,)]
