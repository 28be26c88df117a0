"""Simulated days: a sync every two hours, with changing data and faults; the account is compared after each."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import httpx

from ac_pipeline.errors import PipelineError
from ac_pipeline.home import Home
from ac_pipeline.sync.again import retry
from ac_pipeline.sync.report import RunReport
from ac_pipeline.sync.session import open_session
from pipeline.pipeline_account import Service, service
from pipeline.pipeline_support import PATIENCE, Company
from soak.days_world import LIST, Person, World

TICKS_A_DAY = 12
PEOPLE = 60
QUIET, MANY = 0.1, 0.3
"""Shares of the ticks in which nothing changes, and in which so much does that imports are worth it."""
FAULTY = 0.3
"""Share of the ticks in which the service misbehaves."""
DELETED = 0.25
"""Share of the completed ticks after which somebody deletes a contact over there."""
WAITING = frozenset({"in_batch", "may_not_exist", "address_in_use"})
"""Reasons for which a contact waits for a later tick."""
TABLES = ("history", "ledger", "attempt", "attempt_value", "outcome")
"""What grows with what is computed and sent."""
BYTES_A_ROW = 64
"""Bound of the store's file beyond that of its first tick, for each row of TABLES."""
SEVERAL = 3
"""The same for the file's fixed part, in sizes it had after the first tick: blocks that are free and used again."""

Rule = Mapping[str, object]
FAULTS: Mapping[str, Sequence[Rule]] = {
    "throttled": [{"kind": "throttled", "rate": 0.1}],
    "server errors": [{"kind": "server_error", "rate": 0.2}, {"kind": "bad_gateway", "rate": 0.1}],
    "answers lost": [{"kind": "dropped_after", "rate": 0.2}, {"kind": "reset_after", "rate": 0.1}],
    "requests lost": [{"kind": "dropped_before", "rate": 0.2}, {"kind": "reset_before", "rate": 0.1}],
    "answers spoilt": [{"kind": "truncated", "rate": 0.1}, {"kind": "login_page", "rate": 0.1}],
    "contacts refused": [{"kind": "field_error", "rate": 0.2, "path": "/contact/sync"}],
    "imports fail": [{"kind": "bulk_failed", "rate": 0.5, "path": "/import/bulk_import"}],
    "imports break off": [{"kind": "bulk_interrupted", "rate": 0.5, "path": "/import/bulk_import"}],
    "imports without an answer": [{"kind": "dropped_after", "rate": 0.5, "path": "/import/bulk_import"}],
    "down": [{"kind": "bad_gateway"}],
}


@dataclass
class Figures:
    """What a run of days did."""

    ticks: int = 0
    completed: int = 0
    quiet: int = 0
    """Ticks without a change behind a completed one: they make no request."""
    faulty: int = 0
    hits: int = 0
    """Requests that met a fault."""
    deleted: int = 0
    requests: int = 0
    seconds: float = 0.0
    happened: Mapping[str, int] = field(default_factory=dict)
    routes: Mapping[str, int] = field(default_factory=dict)
    """Attempts by route."""
    sizes: list[tuple[int, int, int]] = field(default_factory=list)
    """(tick, rows of TABLES, bytes of the store), once a day and at the end."""
    failures: list[str] = field(default_factory=list)

    def largest(self, rows: int) -> int:
        """Return the bytes that the store may have with so many rows."""
        return SEVERAL * self.sizes[0][2] + BYTES_A_ROW * rows


@dataclass
class Days:
    """A company, its account and its people over many ticks."""

    company: Company
    account: Service
    world: World
    figures: Figures = field(default_factory=Figures)
    complete: bool = False
    """Whether the last tick left nothing without a certain outcome."""
    _refused: bool = False

    def tick(self, *, changes: int | None = None, faults: str | None = None) -> None:
        """Let two hours pass: people change, the service misbehaves as named, a sync, the comparison."""
        figures, before = self.figures, self.complete
        figures.ticks += 1
        self.world.change(self._changes() if changes is None else changes)
        self._retry()
        self.account.forget_requests()
        self.account.misbehave(*(FAULTS[faults] if faults else ()))
        report = self._sync()
        figures.faulty += faults is not None
        figures.hits += sum(int(rule["hit"]) for rule in self._ask("faults")) if faults else 0
        self.account.misbehave()
        sent = len(self.account.requests())
        figures.requests += sent
        self.complete = report is not None and _completed(report)
        self._refused |= report is None or bool(report.delivery.rejected)
        if changes == 0 and before:
            figures.quiet += 1
            self._fail([f"{sent} requests, and nothing had changed"] if sent and not faults else [])
        if self.complete:
            figures.completed += 1
            self._fail(self.world.settle(self._ask("contacts")["contacts"]))

    def chance(self) -> tuple[int, str | None]:
        """Draw how much changes in a tick, and what goes wrong."""
        return self._changes(), self.world.chance.choice(sorted(FAULTS)) if self._happens(FAULTY) else None

    def delete_somebody(self) -> Person:
        """Let somebody delete a contact over there, behind a completed tick; return whose it was."""
        person = self.world.chance.choice(self.world.deletable())
        self.account.delete(person.address)
        self.world.delete(person)
        self.figures.deleted += 1
        return person

    def measure(self) -> None:
        """Note the size of the store and the rows it keeps."""
        with duckdb.connect(self.company.home / "ac_pipeline.duckdb", read_only=True) as copy:
            rows = [copy.execute(f"select count(*) from engine.{table}").fetchone() for table in TABLES]
            routes = copy.execute("select route, count(*) from engine.attempt group by route order by route").fetchall()
        self.figures.routes = {str(route): int(count) for route, count in routes}
        self.figures.happened = dict(sorted(self.world.seen.items()))
        size = Home.at(self.company.home).store.stat().st_size
        self.figures.sizes.append((self.figures.ticks, sum(int(row[0]) for row in rows if row), size))

    def _sync(self) -> RunReport | None:
        try:
            return self.company.sync_later()
        except PipelineError:
            return None

    def _retry(self) -> None:
        """Ask for another try for those who were refused, as a person would."""
        if self._refused:
            settings = self.company.settings()
            with open_session(settings, kind="retry", run_id=str(uuid.uuid4()), clock=self.company.clock) as session:
                retry(session.store)
        self._refused = False

    def _changes(self) -> int:
        chance = self.world.chance
        if self._happens(QUIET):
            return 0
        return chance.randint(20, 40) if self._happens(MANY) else chance.randint(1, 6)

    def _happens(self, share: float) -> bool:
        return self.world.chance.random() < share

    def _fail(self, differences: list[str]) -> None:
        self.figures.failures += [f"tick {self.figures.ticks}: {text}" for text in differences]

    def _ask(self, what: str) -> Any:
        url = f"{self.account.sandbox.url}/sandbox/{what}"
        return httpx.get(url, timeout=PATIENCE, trust_env=False).raise_for_status().json()


def _completed(report: RunReport) -> bool:
    delivery = report.delivery
    return not (report.needs_attention or delivery.not_sent or WAITING & delivery.withheld.keys())


def begin(company: Company, account: Service, seed: str, people: int = PEOPLE) -> Days:
    """Return days before their first tick."""
    account.create_list(LIST)
    return Days(company, account, World(company, seed, people))


@contextmanager
def _days(folder: Path, seed: str) -> Iterator[Days]:
    with service(folder / "state.sqlite") as account:
        yield begin(Company(folder / "company", account.sandbox.url), account, seed)


def simulate(folder: Path, seed: str, days: int) -> Figures:
    """Live through `days`; the last tick of each has no faults."""
    begun = time.monotonic()
    with _days(folder, seed) as company:
        company.tick(changes=0)
        company.measure()
        for number in range(2, days * TICKS_A_DAY + 1):
            changes, faults = company.chance()
            company.tick(changes=changes, faults=faults if number % TICKS_A_DAY else None)
            if company.complete and company.world.chance.random() < DELETED:
                company.delete_somebody()
            if number % TICKS_A_DAY == 0:
                company.measure()
                figures = company.figures
                print(f"day {number // TICKS_A_DAY}: {figures.completed} of {figures.ticks} ticks completed, "
                      f"{len(figures.failures)} failures, {time.monotonic() - begun:.0f} s", flush=True)  # fmt: skip
    figures = company.figures
    figures.seconds = time.monotonic() - begun
    _, rows, size = figures.sizes[-1]
    if size > figures.largest(rows):
        figures.failures.append(f"the store has {size} bytes for {rows} rows; {figures.largest(rows)} are its bound")
    return figures
