"""`ac-pipeline status`: where things stand, from the published copy."""

from __future__ import annotations

import json
from collections.abc import Mapping

import duckdb

from ac_pipeline.cli.output import AS_JSON, console, print_json, print_table
from ac_pipeline.cli.published import open_published
from ac_pipeline.home import Home
from ac_pipeline.settings import load_settings
from ac_pipeline.store.copy_version import require_present_version
from ac_pipeline.store.lock import holder
from ac_pipeline.store.store import naive, utc_now
from ac_pipeline.sync.checkup import Limits, judge_health
from ac_pipeline.sync.health import read_health

QUERIES = {
    "run": """select kind, state, started_at, finished_at, summary from runs order by started_at desc limit 1""",
    "audiences": """select audience, members, entered, exited, as_of from audience_sizes
        qualify row_number() over (partition by audience order by as_of desc) = 1 order by audience""",
    "told": """select state, count(*) as properties, count(distinct user_id) as contacts
        from acknowledged group by state order by state""",
    "rejected": """select reason, count(*) as contacts, min(rejected_at) as since
        from rejections group by reason order by contacts desc""",
    "held": """select declaration, reason, as_of, held_at from held order by declaration""",
    "withheld": """select reason, count(*) as contacts from withheld group by reason order by reason""",
    "problems": """select declaration, kind, sum(rows) as rows from problems group by all order by all""",
    "opt_outs": """select list, reason, count(*) as contacts from opt_outs group by all order by all""",
    "conflicts": """select count(*) as contacts, max(noted_at) as latest from conflicts having count(*) > 0""",
    "retired": """select key as declaration, kind, to_false as told_false from engine.property
        where not declared and kind in ('audience', 'trait')
        union all select key, 'events', false from engine.stream where not declared and kind = 'stream'
        order by declaration""",
    "events": """select stream, kind, state, reason, count(*) as events, max(settled_at) as latest
        from events group by all order by all""",
}
SUBJECTS = {
    "source_is_fresh": "source",
    "delivery_is_fresh": "delivery",
    "nothing_waits_long": "waiting",
    "few_are_refused": "refused",
}
TITLES = {
    "audiences": "Audiences",
    "told": "What ActiveCampaign was told",
    "rejected": "Refused contacts",
    "held": "Held: waiting for `ac-pipeline release DECLARATION`",
    "withheld": "Contacts that may not be sent now",
    "problems": "Rows of the warehouse that could not be used",
    "opt_outs": "Not subscribed, because they opted out or bounced",
    "conflicts": "Contacts that had somebody's new address already: the user is that contact now",
    "events": "Events",
    "retired": "Retired: their files are gone, nothing is sent for them",
}


def status(as_json: bool = AS_JSON) -> None:
    """Show the last run, audience sizes, what ActiveCampaign was told, and what waits for a person."""
    settings = load_settings()
    working = holder(Home.at(settings.ac_pipeline_home)) if settings.ac_pipeline_home.exists() else None
    if working and not as_json:
        console.print(f"A run is in flight: {working}.")
    now = utc_now()
    with open_published(settings) as connection:
        require_present_version(connection)
        found = {name: _read(connection, sql) for name, sql in QUERIES.items()}
        health = read_health(connection)
    verdicts = judge_health(health, Limits.of(settings, now), naive(now))
    if as_json:
        said = {**health.summary(naive(now)), "verdicts": {one.name: one.passed for one in verdicts}}
        print_json({"in_flight": str(working) if working else None, "health": said, **found})
        return
    for run in found["run"]:
        if working and (how_far := _under_way(run)):
            console.print(f"A {run['kind']} is under way: {how_far}.")
            continue
        console.print(f"Last run: {run['kind']} {run['state']}, started {run['started_at']} UTC.")
    for verdict in verdicts:
        mark = "ok" if verdict.passed else "[bold yellow]look[/]"
        console.print(f"{mark:>4}  {SUBJECTS[verdict.name]}: {verdict.said}")
    for name, title in TITLES.items():
        if found[name]:
            console.print()
            print_table(list(found[name][0]), [list(row.values()) for row in found[name]], title=title)


def _under_way(run: Mapping[str, object]) -> str:
    """Return how far a run's delivery was when the copy was published; empty when it had not begun."""
    summary = json.loads(str(run["summary"] or "{}"))
    if run["state"] != "running" or "done" not in summary:
        return ""
    refused = f", {summary['rejected']:,} refused" if summary["rejected"] else ""
    unknown = f", {summary['unknown']:,} without a certain answer" if summary["unknown"] else ""
    return f"{summary['done']:,} of {summary['total']:,} {summary.get('what', 'contacts')}{refused}{unknown}"


def _read(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, object]]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
