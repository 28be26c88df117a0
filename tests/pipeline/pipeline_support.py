"""What the tests of the whole pipeline share: a small company, a local ActiveCampaign, a clock, and ways to run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from pydantic import SecretStr

from ac_pipeline.declarations.key import key_of
from ac_pipeline.model.window import Window, window_ending_by
from ac_pipeline.settings import Settings
from ac_pipeline.sync.report import RunReport
from ac_pipeline.sync.session import open_session
from pipeline.pipeline_account import (
    IMPORT_LIMIT,
    IMPORT_WAIT,
    KEY,
    PATIENCE,
    RATE,
    SYNC,
    UPDATE,
    Door,
    Service,
    service,
)

__all__ = [
    "BUYERS", "CONTACTS", "CRON", "KEY", "LONG_AGO", "PATIENCE", "POINTS", "RATE", "READERS", "START", "SYNC", "UPDATE",
    "Company", "Door", "Ended", "Person", "Service", "Ticking", "customer", "end", "killing", "person", "service",
]  # fmt: skip

START = datetime(2024, 3, 1, 12, 0, 30, tzinfo=UTC)
CRON = "0 */2 * * *"
LONG_AGO = datetime(2020, 1, 1)  # noqa: DTZ001  (moments of the warehouse have no zone)

CONTACTS = "sql: select user_id, email, first_name, last_name, phone from contacts where :as_of is not null\n"
BUYERS = "name: Buyers\nsql: select user_id from buyers where since <= :as_of\n"
READERS = "name: Readers\nsql: select user_id from readers where since <= :as_of\n"
POINTS = "name: Points\ntype: number\nsql: select user_id, value from points where since <= :as_of\n"

Person = tuple[str | None, str | None, str | None, str | None, str | None]
"""User id, e-mail, first name, last name, phone."""


class Ticking:
    """A clock that is set by the test and moves one millisecond with every look at it."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def next_window(self) -> None:
        """Move on to the window after this one."""
        self.moment += timedelta(hours=2)


@dataclass(frozen=True)
class Ended:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything it said."""
        return self.out + self.err

    @property
    def json(self) -> Any:
        """What it said on standard output to a program."""
        return json.loads(self.out)


@dataclass
class Company:
    """A warehouse, declarations, a home and an account. `root` holds all but the account.

    It declares one audience; a test that needs more declares READERS or POINTS, for which there are tables.
    """

    root: Path
    url: str
    clock: Ticking = field(default_factory=Ticking)
    key: str = KEY
    rate: int = RATE

    def __post_init__(self) -> None:
        self.root.mkdir(exist_ok=True)
        self.declare("contacts", CONTACTS)
        self.declare("audiences/buyers", BUYERS)
        self.run_sql(
            "create table contacts (user_id varchar, email varchar, first_name varchar, last_name varchar, "
            "phone varchar)",
            "create table buyers (user_id varchar, since timestamp)",
            "create table readers (user_id varchar, since timestamp)",
            "create table points (user_id varchar, value double, since timestamp)",
        )

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def assets(self) -> Path:
        return self.root / "assets"

    @property
    def home(self) -> Path:
        return self.root / "home"

    # What the company declares and knows.

    def declare(self, name: str, text: str) -> None:
        """Write a declaration: `audiences/buyers`."""
        path = self.assets / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def retire(self, name: str) -> None:
        """Remove a declaration's file."""
        (self.assets / f"{name}.yaml").unlink()

    def run_sql(self, *statements: str) -> None:
        """Change the warehouse."""
        with duckdb.connect(self.warehouse) as connection:
            for statement in statements:
                connection.execute(statement)

    def fill(self, table: str, rows: Sequence[Sequence[object]]) -> None:
        """Make `rows` all that a table has."""
        with duckdb.connect(self.warehouse) as connection:
            connection.execute(f"delete from {table}")
            if rows:
                marks = ", ".join("(" + ", ".join("?" for _ in row) + ")" for row in rows)
                connection.execute(f"insert into {table} values {marks}", [value for row in rows for value in row])

    def people(self, *people: Person) -> None:
        """Say who can be synced."""
        self.fill("contacts", people)

    def crowd(self, count: int) -> list[str]:
        """Say that users 1 to `count` can be synced; return their ids."""
        self.people(*(person(str(number)) for number in range(1, count + 1)))
        return [str(number) for number in range(1, count + 1)]

    def members(self, audience: str, *users: str, since: datetime = LONG_AGO) -> None:
        """Say who is in an audience, from a moment on (UTC without a zone)."""
        self.fill(audience, [(user, since) for user in users])

    def points(self, values: Mapping[str, float]) -> None:
        """Say the value of the trait."""
        self.fill("points", [(user, value, LONG_AGO) for user, value in values.items()])

    # Richer declarations, each with a table of its own; settings are those of its file.

    def customers(
        self, *rows: Mapping[str, object], types: Mapping[str, str] | None = None, **settings: object
    ) -> None:
        """Make `rows` all that can be synced. The columns are those that any row has; text unless `types` says so."""
        columns = list(dict.fromkeys(name for row in rows for name in row))
        self._table("contacts", {name: (types or {}).get(name, "varchar") for name in columns}, [
            [row.get(name) for name in columns] for row in rows
        ])  # fmt: skip
        sql = f"select {', '.join(columns)} from contacts where :as_of is not null"
        self.declare("contacts", _yaml({"sql": sql, **settings}))

    def audience(self, name: str, *users: str, **settings: object) -> None:
        """Declare an audience with these members, from long ago; `members` changes them."""
        key = key_of(name)
        self._table(key, {"user_id": "varchar", "since": "timestamp"}, [(user, LONG_AGO) for user in users])
        sql = f"select user_id from {key} where since <= :as_of"
        self.declare(f"audiences/{key}", _yaml({"name": name, "sql": sql, **settings}))

    def trait(
        self, name: str, kind: str, values: Mapping[str, object], *, stored: str = "varchar", **settings: object
    ) -> None:
        """Declare a trait; `stored` is the type its values have in the warehouse."""
        key = key_of(name)
        self._table(f"trait_{key}", {"user_id": "varchar", "value": stored}, list(values.items()))
        sql = f"select user_id, value from trait_{key} where :as_of is not null"
        self.declare(f"traits/{key}", _yaml({"name": name, "type": kind, "sql": sql, **settings}))

    def destination(self, **settings: object) -> None:
        """Say how ActiveCampaign is written to."""
        self.declare("destination", _yaml(settings))

    def lose_home(self) -> None:
        """Lose everything the pipeline remembers."""
        shutil.rmtree(self.home)

    def _table(self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
        described = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        self.run_sql(f"create or replace table {name} ({described})")
        self.fill(name, rows)

    # Ways to run.

    def settings(self) -> Settings:
        """Return settings in which nothing comes from the environment."""
        return Settings(
            _env_file=None,
            activecampaign_api_url=self.url,
            activecampaign_api_key=SecretStr(self.key),
            activecampaign_rate=float(self.rate),
            activecampaign_rate_share=0.95,
            activecampaign_import_wait=IMPORT_WAIT,
            activecampaign_import_limit=IMPORT_LIMIT,
            warehouse_url=f"duckdb://{self.warehouse}",
            ac_pipeline_home=self.home,
            ac_pipeline_assets=self.assets,
            ac_pipeline_dbt=self.root / "dbt",
            ac_pipeline_lock_wait=0.0,
            sync_cron=CRON,
            history_start=None,
        )

    def window(self) -> Window:
        """Return the newest complete window."""
        return window_ending_by(CRON, self.clock.moment)

    def sync(self, window: Window | None = None) -> RunReport:
        """Run the whole chain in this process."""
        chosen = window or self.window()
        with open_session(self.settings(), kind="sync", run_id=str(uuid.uuid4()), clock=self.clock) as session:
            session.extract(chosen)
            session.snapshot(chosen)
            session.deliver()
            return session.report()

    def sync_later(self) -> RunReport:
        """Run the whole chain for the window after this one."""
        self.clock.next_window()
        return self.sync()

    def environment(self, **changes: str | None) -> dict[str, str]:
        """Return the environment of a command, made from scratch; None takes a variable away."""
        wanted: dict[str, str | None] = {
            "PATH": os.defpath,
            "HOME": str(self.root),
            "LANG": "C.UTF-8",
            "COLUMNS": "240",
            "ACTIVECAMPAIGN_API_URL": self.url,
            "ACTIVECAMPAIGN_API_KEY": self.key,
            "ACTIVECAMPAIGN_RATE": str(self.rate),
            "ACTIVECAMPAIGN_RATE_SHARE": "0.95",
            "ACTIVECAMPAIGN_IMPORT_WAIT": str(IMPORT_WAIT),
            "ACTIVECAMPAIGN_IMPORT_LIMIT": str(IMPORT_LIMIT),
            "WAREHOUSE_URL": f"duckdb://{self.warehouse}",
            "AC_PIPELINE_HOME": str(self.home),
            "AC_PIPELINE_ASSETS": str(self.assets),
            "AC_PIPELINE_DBT": str(self.root / "dbt"),
            "AC_PIPELINE_LOCK_WAIT": "0",
            "SYNC_CRON": CRON,
            **changes,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def start(self, *arguments: str, **changes: str | None) -> subprocess.Popen[str]:
        """Start the command line in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "ac_pipeline", *arguments],
            cwd=self.root, env=self.environment(**changes), text=True, encoding="utf-8",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str, **changes: str | None) -> Ended:
        """Run the command line in a process of its own. No command ever shows a stack trace."""
        return end(self.start(*arguments, **changes))

    def start_sync(self, *options: str, **changes: str | None) -> subprocess.Popen[str]:
        """Start the whole chain in a process of its own, for the newest complete window of `clock`."""
        return self.start("--verbose", "sync", "--as-of", self.clock.moment.isoformat(), *options, **changes)

    def run_sync(self, *options: str, **changes: str | None) -> Ended:
        """Run the whole chain in a process of its own, for the newest complete window of `clock`."""
        return end(self.start_sync(*options, **changes))

    # What came of it.

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Return rows of the published copy."""
        with duckdb.connect(self.home / "ac_pipeline.duckdb", read_only=True) as connection:
            return connection.execute(sql).fetchall()


def person(user: str) -> Person:
    """Return somebody with everything, named after the user id."""
    return (user, f"u{user}@example.com", f"First{user}", f"Last{user}", None)


def customer(user: str, **columns: object) -> dict[str, object]:
    """Return a row of the contacts: somebody with a first name, and what else is given."""
    return {"user_id": user, "email": f"u{user}@example.com", "first_name": f"First{user}", **columns}


def _yaml(settings: Mapping[str, object]) -> str:
    """Return settings as the text of a declaration; JSON is YAML."""
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in settings.items())


def end(process: subprocess.Popen[str]) -> Ended:
    """Wait for a command. It may not show a stack trace, however it ends."""
    with process:
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except BaseException:
            process.kill()
            raise
    assert "Traceback" not in out + err, out + err
    return Ended(process.returncode, out, err)


def killing(process: subprocess.Popen[str], number: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """Return the action that sends a process a signal; SIGKILL gives it no warning."""
    return lambda: process.send_signal(number)
