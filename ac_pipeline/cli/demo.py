"""`ac-pipeline demo` and `ac-pipeline dev`; Dagster (2 s) is imported only when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ac_pipeline.cli.output import AS_JSON

HomeOption = Annotated[Path, typer.Option("--home", help="Folder of the demo.")]
PortOption = Annotated[int, typer.Option(min=1, max=65535, help="Port of Dagster's UI.")]
DEMO_HOME = Path(".ac-pipeline-demo")


def demo(home: HomeOption = DEMO_HOME, as_json: bool = AS_JSON) -> None:
    """Run the whole pipeline on real purchases against a local ActiveCampaign; starts over each time."""
    from ac_pipeline.cli.demo_run import run_demo

    run_demo(home, as_json=as_json)


def dev(home: HomeOption = DEMO_HOME, port: PortOption = 3000) -> None:
    """Open Dagster's UI and the sandbox of the demo until Ctrl-C; the schedule is stopped until you start it."""
    from ac_pipeline.cli.dev_run import run_dev

    raise typer.Exit(run_dev(home, port))
