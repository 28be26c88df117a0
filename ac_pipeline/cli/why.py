"""`ac-pipeline why EMAIL [KEY]`: what became of one contact, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ac_pipeline.cli.output import AS_JSON, console, print_json, print_table
from ac_pipeline.cli.published import open_published
from ac_pipeline.home import Home
from ac_pipeline.settings import load_settings
from ac_pipeline.why import Event, Explanation, Standing, explain

Who = Annotated[str, typer.Argument(metavar="EMAIL", help="E-mail address or user id.")]
Key = Annotated[str | None, typer.Argument(metavar="[KEY]", help="Only this audience, trait, tag:… or list:….")]
Limit = Annotated[int, typer.Option(min=1, help="How many of the newest events to print; JSON has all.")]


def why(who: Who, key: Key = None, limit: Limit = 40, as_json: bool = AS_JSON) -> None:
    """Tell one contact's story: rows, snapshots, attempts, answers, what ActiveCampaign was told, and why not.

    Reads the published copy, so it works during a sync. No address or name is printed.
    """
    settings = load_settings()
    with open_published(settings) as published:
        found = explain(published, Home(settings.ac_pipeline_home.absolute()), who, key)
    if as_json:
        print_json(asdict(found))
        return
    _print(found, limit)


def _print(found: Explanation, limit: int) -> None:
    who = found.subject
    there = f"contact {who.remote_id} in ActiveCampaign" if who.remote_id else "no known contact in ActiveCampaign"
    console.print(f"{who.label[:1].upper()}{who.label[1:]}, found by {who.found_by}; {there}.", markup=False)
    if who.others:
        console.print(f"The same address belonged at some time to: {', '.join(who.others)}.", markup=False)
    if found.as_of is not None:
        console.print(f"Newest window: until {found.as_of:%Y-%m-%d %H:%M} UTC.")
    for note in found.notes:
        console.print(note, markup=False)
    if found.standings:
        console.print()
        _print_standings(found.standings)
    if found.never:
        console.print(f"\nNever a member of, or without a value for: {', '.join(found.never)}.", markup=False)
    if found.events:
        console.print()
        _print_events(found.events, limit)


def _print_standings(standings: tuple[Standing, ...]) -> None:
    rows = [
        [one.key, _value(one, one.wanted), _value(one, one.told), one.state or "nothing said", " ".join(one.reasons)]
        for one in standings
    ]
    print_table(["property", "should be", "was told", "answer", "why"], rows, title="Now")


def _value(one: Standing, value: str | None) -> str:
    """Values of the contacts' own columns are personal."""
    if one.kind == "contacts":
        return "(not shown)"
    return "(empty)" if value == "" else value or ""


def _print_events(events: tuple[Event, ...], limit: int) -> None:
    shown = events[-limit:]
    rows = [[f"{one.at:%Y-%m-%d %H:%M:%S}", one.what, one.property, one.text, _marks(one)] for one in shown]
    print_table(["UTC", "event", "property", "what", "attempt, run"], rows, title="Timeline")
    if len(events) > limit:
        console.print(f"… and {len(events) - limit:,} events before; --limit N shows more.")


def _marks(one: Event) -> str:
    attempt = "" if one.attempt_id is None else str(one.attempt_id)
    run = "" if one.run_id is None else one.run_id[:8]
    return " ".join(mark for mark in (attempt, run) if mark)
