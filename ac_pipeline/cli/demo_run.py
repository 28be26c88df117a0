"""The demo: the real Dagster job on real purchases, against the sandbox, compared with the raw file."""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ac_pipeline.cli.demo_account import (
    Shown,
    contacts_by_list,
    contacts_by_tag,
    contacts_shown,
    demo_account,
    events_shown,
)
from ac_pipeline.cli.demo_home import RATE, DemoHome
from ac_pipeline.cli.demo_truth import ORDER_COMPLETED, CustomerTruth, events, truth
from ac_pipeline.cli.output import console, errors, print_json, print_table
from ac_pipeline.cli.published import open_published
from ac_pipeline.declarations import require_declarations
from ac_pipeline.errors import Inconsistent
from ac_pipeline.model.window import Window, window_around, window_ending_by
from ac_pipeline.orchestration.build import build_definitions
from ac_pipeline.orchestration.schedule import JOB
from ac_pipeline.privacy import contact_hash
from ac_pipeline.store.store import Clock, utc_now

Told = Counter[tuple[str, str, str]]
"""How often which event was told: e-mail address, name and value."""
LONGEST = timedelta(minutes=20)
"""A demo takes no longer than that."""


@dataclass(frozen=True, slots=True)
class Row:
    """One run of the job, as the table shows it."""

    run: str
    window: str
    members: int
    entered: int
    exited: int
    contacts_updated: int
    events: int
    requests: int
    seconds: float


def run_demo(home: Path, *, as_json: bool) -> None:
    """Make the demo home anew, run the job for three windows, and compare.

    Raises Inconsistent when the sandbox's contacts or events are not what the raw purchases say.
    """
    made = DemoHome.make(home, Path.cwd(), datetime.now(UTC))
    cron = made.settings().sync_cron
    clock = away_from_ticks(cron, utc_now)
    now = clock()
    last = window_ending_by(cron, now)
    first = window_ending_by(cron, now - timedelta(days=7))
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
        console=errors, transient=True, disable=as_json,
    ) as progress:  # fmt: skip
        plan = [("first sync", first), ("the same again", first), ("a week later", last)]
        rows, found, told = _run(made, plan, clock, progress)
        expected = _expected(made, first, last)
    bought = events(made.seed, made.shift_days, first.as_of, last.as_of)
    differences = _differences(expected, found, bought, told)
    if as_json:
        lists = contacts_by_list(found)
        counts = {"contacts": len(found), "tags": contacts_by_tag(found), "lists": lists, "events": told.total()}
        print_json({"runs": [asdict(row) for row in rows], **counts, "differences": differences})
    else:
        _print(made, rows, found, told, differences)
    if differences:
        raise Inconsistent(
            f"{len(differences)} contacts of the sandbox differ from what the raw purchases say; "
            f"the first: {differences[0]}.",
            "This is a fault of ac-pipeline: please report it.",
        )


def away_from_ticks(cron: str, clock: Clock) -> Clock:
    """Return the clock, put back when a tick of the schedule is near: it would make the newest window an old one."""
    now = clock()
    behind = max(timedelta(0), LONGEST - (window_around(cron, now).end - now))
    return lambda: clock() - behind


def _run(
    made: DemoHome, plan: list[tuple[str, Window]], clock: Clock, progress: Progress
) -> tuple[list[Row], Mapping[str, Shown], Told]:
    """Run the job for each window with the sandbox beside it; return rows, and the sandbox's contacts and events."""
    task = progress.add_task("loading Dagster and reading the dbt project")
    with demo_account(made) as sandbox:
        settings = made.settings()
        os.environ["DAGSTER_HOME"] = str(made.root / "dagster")
        job = build_definitions(settings, clock=clock).resolve_job_def(JOB)
        rows = []
        with dg.DagsterInstance.get() as instance:
            for name, window in plan:
                progress.update(task, description=f"{name}: window {window.key}")
                begun = time.monotonic()
                with contextlib.redirect_stdout(io.StringIO()):
                    done = job.execute_in_process(
                        instance=instance, partition_key=window.key, raise_on_error=False, run_config=QUIET
                    )
                if not done.success:
                    raise Inconsistent(f"The run of window {window.key} failed.", _why(done))
                rows.append(_row(made, name, window, time.monotonic() - begun))
        progress.update(task, description="comparing with the raw purchases")
        return rows, contacts_shown(sandbox), events_shown(sandbox)


QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Dagster's log and dbt's go to its storage, where `make dev` shows them."""


def _why(done: dg.ExecuteInProcessResult) -> str:
    """Return the innermost cause of the first failure, without a trace."""
    for event in done.all_events:
        error = event.step_failure_data.error if event.is_step_failure else None
        while error is not None and error.cause is not None:
            error = error.cause
        if error is not None:
            return error.message.strip()
    return "See its log in Dagster's UI (`make dev`)."


def _row(made: DemoHome, name: str, window: Window, seconds: float) -> Row:
    with open_published(made.settings()) as connection:
        said = connection.execute("select summary from runs order by started_at desc limit 1").fetchone()
        sizes = connection.execute(
            "select coalesce(sum(members), 0)::bigint from audience_sizes where as_of = $as_of",
            {"as_of": window.as_of.replace(tzinfo=None)},
        ).fetchone()
    summary = json.loads(said[0]) if said else {}
    requests = sum(summary["requests"].values())
    members = int(sizes[0]) if sizes else 0
    return Row(
        name, window.key, members, summary["entered"], summary["exited"], summary["acknowledged"],
        summary["events"]["sent"], requests, seconds,
    )  # fmt: skip


def _expected(made: DemoHome, first: Window, last: Window) -> dict[str, Shown]:
    """Say from the raw purchases what the sandbox must hold.

    high_value is a relation of dbt and describes now: it was unknown in the first window.
    """
    with duckdb.connect(made.warehouse, read_only=True) as warehouse:
        warehouse.execute("set TimeZone = 'UTC'")
        row = warehouse.execute("select max(computed_at)::timestamp from marts.high_value").fetchone()
    built = row[0].replace(tzinfo=UTC) if row and row[0] else last.as_of
    before = truth(made.seed, made.shift_days, first.as_of, built)
    ever = {email: audiences - {"high_value"} for email, audiences in before.ever_members().items()}
    after = truth(made.seed, made.shift_days, last.as_of, built, ever)
    titles = {d.key: d.name for d in require_declarations(made.project / "assets").all} | {"user_id": "User ID"}
    return {email: _as_shown(customer, titles) for email, customer in after.contacts().items()}


def _as_shown(customer: CustomerTruth, titles: Mapping[str, str]) -> Shown:
    fields = {titles[key]: value for key, value in customer.fields().items()}
    return Shown(customer.first_name, customer.last_name, fields, customer.tags(), customer.lists())


def _differences(expected: Mapping[str, Shown], found: Mapping[str, Shown], bought: Told, told: Told) -> list[str]:
    """Name contacts that differ, by hash; so do those of whom an event is missing or told twice."""
    odd = {email for email in expected.keys() | found.keys() if expected.get(email) != found.get(email)}
    odd |= {email for email, _, _ in (bought - told) | (told - bought)}
    return [contact_hash(email) for email in sorted(odd)]


def _print(made: DemoHome, rows: list[Row], contacts: Mapping[str, Shown], told: Told, differences: list[str]) -> None:
    columns = ("run", "window", "members", "entered", "exited", "contacts updated", "events", "requests", "seconds")
    print_table(columns, [tuple(asdict(row).values()) for row in rows])
    console.print(
        "Members, entered and exited are summed over all audiences. The demo's sandbox allows "
        f"{RATE} requests per second; the real service allows 5.",
    )
    verdict = "agree" if not differences else f"do NOT agree ({len(differences)} differ)"
    console.print(
        f"Sandbox and raw purchases {verdict}: {len(contacts):,} contacts, every name, field, user id, tag and list "
        f"status, and {told.total():,} events compared with an independent computation from "
        f"{made.seed.relative_to(made.project)}.",
    )
    for tag, count in contacts_by_tag(contacts).items():
        console.print(f"  tag {tag}: on {count:,} contacts")
    for name, statuses in contacts_by_list(contacts).items():
        console.print(f"  list {name}: {', '.join(f'{count:,} {status}' for status, count in statuses.items())}")
    console.print(f"  event {ORDER_COMPLETED}: {told.total():,} times, each purchase of the week with its amount")
    published = Path(os.path.relpath(made.root / "ac_pipeline.duckdb"))
    home = os.path.relpath(made.root)
    console.print("\nWhat to look at next", style="bold")
    console.print(f"  {published}   the published copy, a DuckDB file; for example")
    for sql in ("from audience_sizes order by as_of, audience", "from membership_changes where change = 'exited'"):
        console.print(f'    AC_PIPELINE_HOME={home} .venv/bin/ac-pipeline query "{sql}"', markup=False)
    console.print("  make dev   Dagster's UI with lineage and runs, and the sandbox's page with the contacts")
