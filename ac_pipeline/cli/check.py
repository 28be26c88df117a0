"""`ac-pipeline check`: every fault of every declaration, before anything runs."""

from __future__ import annotations

from dataclasses import asdict

import typer

from ac_pipeline.cli.output import AS_JSON, console, print_json
from ac_pipeline.declarations import load_declarations
from ac_pipeline.errors import DeclarationsError
from ac_pipeline.settings import load_settings
from ac_pipeline.sync.event_access import tracking_access
from ac_pipeline.warehouse import dialect_of


def check(as_json: bool = AS_JSON) -> None:
    """Check all declarations: file, line and hint for every fault. Needs no warehouse."""
    settings = load_settings()
    dialect = dialect_of(settings.warehouse_url) if settings.warehouse_url else "duckdb"
    loaded = load_declarations(settings.ac_pipeline_assets, dialect)
    found = loaded.declarations
    if as_json:
        faults = [{**asdict(fault), "path": str(fault.path)} for fault in loaded.faults]
        names = [*(one.key for one in found.all), *(one.key for one in found.events)] if found else []
        print_json({"declarations": names, "faults": faults})
    else:
        for fault in loaded.faults:
            console.print(str(fault), markup=False)
        if found is not None:
            events = f", {len(found.events)} streams of events" if found.events else ""
            counts = f"{len(found.audiences)} audiences and {len(found.traits)} traits{events}"
            console.print(f"{counts} in {settings.ac_pipeline_assets}: no faults.")
            if found.tell_events and (why := tracking_access(settings)[1]):
                console.print(f"[yellow]events[/]  none can be sent: {why}")
    if found is None:
        if not as_json:
            console.print(f"{len(loaded.errors)} to correct.")
        raise typer.Exit(DeclarationsError.exit_code)
