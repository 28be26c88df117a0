"""Dagster's UI on the demo's home, with the sandbox beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pydantic import SecretStr

from ac_pipeline.cli.demo_home import DemoHome
from ac_pipeline.cli.output import console
from ac_pipeline.sandbox import running
from ac_pipeline.settings import Settings


def run_dev(home: Path, port: int) -> int:
    """Run both until Ctrl-C; return Dagster's exit code. Raises UnknownName without a demo home."""
    made = DemoHome.open(home, Path.cwd())
    with running(made.sandbox()) as sandbox:
        console.print(f"Dagster  http://127.0.0.1:{port}\nSandbox  {sandbox.url}\nCtrl-C stops both.", markup=False)
        command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)]
        environment = {**os.environ, **environment_of(made.settings()), "DAGSTER_HOME": str(made.root / "dagster")}
        with subprocess.Popen(command, env=environment) as dagster:
            try:
                dagster.wait()
            except KeyboardInterrupt:
                dagster.terminate()
                dagster.wait()
    return max(0, dagster.returncode)


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the settings as environment variables, every one, so that no `.env` can add to them."""
    values = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        values[name.upper()] = "" if text is None else str(text)
    return values
