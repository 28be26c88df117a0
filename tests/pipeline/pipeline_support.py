"""What the tests of the whole pipeline share: a small company, a local ActiveCampaign, a clock, and ways to run."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
from pydantic import SecretStr

from ac_pipeline.model.window import Window, window_ending_by
from ac_pipeline.sandbox import Clock, Sandbox, SandboxConfig, running
from ac_pipeline.settings import Settings
from ac_pipeline.sync.report import RunReport
from ac_pipeline.sync.session import open_session

START = datetime(2024, 3, 1, 12, 0, 30, tzinfo=UTC)
CRON = "0 */2 * * *"
RATE = 1000
KEY = "0123456789abcdef-key-of-tests"
LONG_AGO = datetime(2020, 1, 1)  # noqa: DTZ001  (moments of the warehouse have no zone)
PATIENCE = 60
"""Seconds after which a child process counts as hanging."""

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


class Door:
    """Every request of an account passes here before it is handled; a test may do something at one of them."""

    def __init__(self) -> None:
        self.passed = 0
        self._actions: dict[int, Callable[[], None]] = {}
        self._opened: threading.Event | None = None

    def reset(self) -> None:
        """Let everything through again, and count from 0."""
        self.open()
        self.passed, self._actions, self._opened = 0, {}, None

    def at(self, number: int, action: Callable[[], None]) -> None:
        """Do something when the request of that number arrives, counted from the last reset."""
        self._actions[number] = action

    def close(self) -> None:
        """Keep requests waiting from now on, unanswered and without effect, until `open`."""
        self._opened = threading.Event()

    def open(self) -> None:
        """Let waiting requests go on."""
        if self._opened is not None:
            self._opened.set()

    async def sleep(self, _seconds: float) -> None:
        """Stand in for the sandbox's latency."""
        self.passed += 1
        action = self._actions.pop(self.passed, None)
        if action is not None:
            action()
        if self._opened is not None:
            await asyncio.to_thread(self._opened.wait, PATIENCE)


@dataclass(frozen=True)
class Service:
    """A sandbox account, as a stranger sees it."""

    sandbox: Sandbox
    door: Door

    def start_anew(self) -> None:
        """Make the account empty."""
        self.door.reset()
        self._ask("/sandbox/reset", "POST")

    def forget_requests(self) -> None:
        """Count requests from 0."""
        self.door.reset()
        self._ask("/sandbox/requests", "DELETE")

    def contacts(self) -> dict[str, dict[str, str]]:
        """Return e-mail → id, standard fields that are set, and custom fields by title."""
        found = self._ask("/sandbox/contacts")["contacts"]
        assert len({contact["email"] for contact in found}) == len(found)
        standard = ("id", "first_name", "last_name", "phone")
        return {
            contact["email"]: {**{name: contact[name] for name in standard if contact[name]}, **contact["fields"]}
            for contact in found
        }

    def told(self) -> dict[str, dict[str, str]]:
        """Return e-mail → custom fields by title."""
        return {contact["email"]: contact["fields"] for contact in self._ask("/sandbox/contacts")["contacts"]}

    def fields(self) -> dict[str, dict[str, Any]]:
        """Return title → custom field."""
        return {found["title"]: found for found in self._ask("/sandbox/fields")["fields"]}

    def requests(self, *templates: str) -> list[str]:
        """Return `METHOD template` of each request that arrived, oldest first; only of `templates` if any."""
        listed = self._ask("/sandbox/requests?limit=-1")["requests"]
        names = [f"{one['method']} {one['template']}" for one in sorted(listed, key=lambda one: int(one["id"]))]
        return [name for name in names if not templates or name in templates]

    def sent(self) -> int:
        """Return how many requests wrote a contact."""
        return len(self.requests(SYNC, RENAME))

    def create(self, email: str) -> None:
        """Create a contact as somebody else would."""
        httpx.post(
            f"{self.sandbox.url}/api/3/contact/sync",
            json={"contact": {"email": email}},
            headers={"Api-Token": self.sandbox.api_key},
        ).raise_for_status()

    def _ask(self, path: str, method: str = "GET") -> Any:
        return httpx.request(method, f"{self.sandbox.url}{path}", timeout=PATIENCE).raise_for_status().json()


SYNC = "POST /contact/sync"
RENAME = "PUT /contacts/{id}"


@contextmanager
def service(state: Path, **config: Any) -> Iterator[Service]:
    """Run an account in a thread."""
    door = Door()
    wanted = {"rate": RATE, "api_key": KEY, "latency": 0.001, **config}
    with running(SandboxConfig(state, **wanted), clock=Clock(sleep=door.sleep)) as sandbox:
        try:
            yield Service(sandbox, door)
        finally:
            door.open()


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

    # Ways to run.

    def settings(self) -> Settings:
        """Return settings in which nothing comes from the environment."""
        return Settings(
            _env_file=None,
            activecampaign_api_url=self.url,
            activecampaign_api_key=SecretStr(self.key),
            activecampaign_rate=float(self.rate),
            activecampaign_rate_share=0.95,
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
