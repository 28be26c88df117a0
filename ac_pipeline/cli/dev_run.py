"""Dagster's UI on the demo's home, with the sandbox beside it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from pydantic import SecretStr

from ac_pipeline.cli.demo_account import demo_account
from ac_pipeline.cli.demo_home import DemoHome
from ac_pipeline.cli.output import console
from ac_pipeline.home import Home
from ac_pipeline.settings import Settings

PATIENCE = 15.0
"""Seconds Dagster has to stop by itself."""


def run_dev(home: Path, port: int) -> int:
    """Run both until Ctrl-C; return Dagster's exit code. Raises UnknownName without a demo home."""
    made = DemoHome.open(home, Path.cwd())
    with demo_account(made) as sandbox:
        console.print(f"Dagster  http://127.0.0.1:{port}\nSandbox  {sandbox.url}\nCtrl-C stops both.", markup=False)
        command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)]
        dagster_home = Home.at(made.root).dagster
        environment = {
            **os.environ,
            **environment_of(made.settings()),
            "DAGSTER_HOME": str(dagster_home),
            # `dg dev`, which Dagster recommends, wants another project layout and says nothing more.
            "PYTHONWARNINGS": "ignore:Function `dev_command` is superseded",
        }
        # A session of its own, so that nothing of it outlives this process.
        with subprocess.Popen(command, env=environment, start_new_session=True) as dagster:
            try:
                return max(0, dagster.wait())
            except KeyboardInterrupt:
                _stop(dagster)
                return 0


def _stop(dagster: subprocess.Popen[bytes]) -> None:
    """Ask as Ctrl-C would; what is left after a while is ended, webserver and daemon included."""
    dagster.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        dagster.wait(PATIENCE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(dagster.pid, signal.SIGTERM)


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the settings as environment variables, every one, so that no `.env` can add to them."""
    values = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        values[name.upper()] = "" if text is None else str(text)
    return values
