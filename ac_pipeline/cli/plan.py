"""`ac-pipeline plan`: what the next sync would do. Nothing is written, nothing is sent."""

from __future__ import annotations

import uuid

from ac_pipeline.cli.moment import AsOf, chosen_window
from ac_pipeline.cli.output import AS_JSON, console, print_json
from ac_pipeline.cli.plan_print import print_plan
from ac_pipeline.settings import load_settings
from ac_pipeline.sync.scratch import scratch_home
from ac_pipeline.sync.session import open_session


def plan(as_of: AsOf = None, as_json: bool = AS_JSON) -> None:
    """Say what a sync would do now: contacts, requests, time. Writes nothing, sends nothing, and waits for nobody.

    It works on a copy of what is published, and on the warehouse's tables as they are: dbt is not run.
    """
    settings = load_settings()
    settings.account()
    window = chosen_window(settings.sync_cron, as_of)
    with (
        scratch_home(settings) as scratch,
        open_session(scratch.settings, kind="plan", run_id=str(uuid.uuid4()), publishes=False) as session,
    ):
        session.extract(window)
        taken = session.snapshot(window)
        planned = session.plan()
        failed = dict(session.report().failed)
    if as_json:
        under_way = {"under_way": scratch.under_way or None}
        print_json({"window": window.key, "failed": failed, **under_way, **planned.summary()})
        return
    console.print(f"Window {window.start:%Y-%m-%d %H:%M} – {window.end:%Y-%m-%d %H:%M} UTC, on the tables as they are.")
    if scratch.under_way:
        console.print(
            f"[yellow]A {scratch.under_way} had not ended when this was published: what it did is not counted.[/]"
        )
    for what, count in taken.problems.items():
        console.print(f"[yellow]{count:,} rows not used[/]  {what}")
    print_plan(planned, failed)
