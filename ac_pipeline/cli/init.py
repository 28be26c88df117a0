"""`ac-pipeline init`: begins a company's own project."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from ac_pipeline.cli.output import AS_JSON, console, print_json
from ac_pipeline.errors import SettingsError
from ac_pipeline.scaffold import SETTINGS, Engine, Project, Written, write_project

SANDBOX_URL, SANDBOX_KEY = "http://127.0.0.1:8025", "sandbox-key"
"""Where `ac-pipeline sandbox` is, and what it accepts."""

Directory = Annotated[Path, typer.Argument(help="Folder of the project; made if it is not there.")]
Warehouse = Annotated[Engine, typer.Option(help="The warehouse the project begins with.")]
Dbt = Annotated[bool, typer.Option("--dbt/--no-dbt", help="Begin with a dbt project, or with tables made by SQL.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there, all but .env, and name them.")]


def init(
    directory: Directory,
    warehouse: Warehouse = Engine.DUCKDB,
    dbt: Dbt = True,
    force: Force = False,
    as_json: bool = AS_JSON,
) -> None:
    """Begin a project of your own: declarations, tables for them, settings, a test, files for a server."""
    try:
        leads_nowhere = directory.is_symlink() and not directory.exists()
    except OSError as error:
        raise SettingsError(f"{directory} cannot be used: {error.strerror}.", "Choose a folder you can use.") from None
    if leads_nowhere:
        raise SettingsError(f"{directory} is a link that leads nowhere.", "Remove it, or choose a folder.")
    project = Project(
        root=directory.expanduser().resolve(),
        engine=warehouse,
        dbt=dbt,
        version=version("ac-pipeline"),
        today=datetime.now(UTC).date(),
        sandbox_url=SANDBOX_URL,
        sandbox_key=SANDBOX_KEY,
    )
    written = write_project(project.root, project.files(), force=force)
    if as_json:
        print_json({"directory": str(project.root), **asdict(written)})
        return
    _print(directory, project, written)


def _print(directory: Path, project: Project, written: Written) -> None:
    new = f"{len(written.new)} new files in {directory}"
    console.print(f"{new}: assets/ says what is told, README.md what to do next.", markup=False)
    if written.replaced:
        console.print(f"Replaced: {', '.join(written.replaced)}", markup=False)
    if written.kept:
        console.print(f"{len(written.kept)} are as they were{', .env too' if SETTINGS in written.kept else ''}.")
    steps = [
        f"cd {shlex.quote(str(directory))}",
        "ac-pipeline check",
        "ac-pipeline sandbox     (in a terminal of its own)",
    ]
    if project.engine is Engine.POSTGRESQL:
        steps.append("put WAREHOUSE_URL into .env")
    if not project.dbt:
        steps.append("make example" if project.engine is Engine.DUCKDB else "run example/warehouse.sql there")
    console.print("\n".join(f"  {step}" for step in [*steps, "ac-pipeline sync"]), markup=False)
