"""What a run of the job costs that changes nothing: the process of a scheduled run from its start to its end."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from ac_pipeline.cli.demo_account import demo_account
from ac_pipeline.cli.demo_home import DemoHome
from ac_pipeline.cli.dev_run import environment_of
from ac_pipeline.model.window import window_ending_by
from benchmarks.report import Section, bounded, table

PROJECT = Path(__file__).parents[2]
BOUNDS = {"with dbt": 15.0, "without dbt": 6.0}
"""Most seconds of the fastest of RUNS runs."""
RUNS = 3


@dataclass
class Cost:
    """The fastest run of a kind: seconds, processor seconds with those of dbt, and seconds by what they went into."""

    name: str
    seconds: float = float("inf")
    processor: float = 0.0
    parts: Mapping[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the bound holds."""
        return self.seconds <= BOUNDS[self.name]


def measure() -> list[Cost]:
    """Build the demo's home with a first run, then measure runs of the same window again."""
    with tempfile.TemporaryDirectory(prefix="fixed-cost-") as folder:
        root = Path(folder)
        for name in ("assets", "dbt"):
            shutil.copytree(PROJECT / name, root / name, ignore=shutil.ignore_patterns("target", "logs"))
        made = DemoHome.make(root / "home", root, datetime.now(UTC))
        with demo_account(made):
            environment = {**os.environ, **environment_of(made.settings())}
            environment |= {"DAGSTER_HOME": str(made.root / "dagster"), "PYTHONWARNINGS": "ignore"}
            _python(environment, *_tick(environment)[1])
            without = {**environment, "AC_PIPELINE_DBT": str(root / "none")}
            return [_cost("with dbt", environment), _cost("without dbt", without)]


def _cost(name: str, environment: Mapping[str, str]) -> Cost:
    """Return the fastest of some runs: what else the machine does only makes them slower."""
    cost = Cost(name)
    for _ in range(RUNS):
        run_id, command = _tick(environment)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.perf_counter()
        _python(environment, *command)
        seconds = time.perf_counter() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if seconds < cost.seconds:
            cost.seconds = seconds
            cost.processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            cost.parts = _parts(environment, run_id, seconds)
    return cost


def _tick(environment: Mapping[str, str]) -> tuple[str, Sequence[str]]:
    """Have a run for the newest window recorded; return its id and the arguments of the process that executes it."""
    window = window_ending_by("0 */2 * * *", _NOW).key
    said = json.loads(_python(environment, "-m", "benchmarks.tick", window))
    return said["run_id"], ["-m", *said["command"]]


_NOW = datetime.now(UTC)
"""One window, however long it takes."""


def _parts(environment: Mapping[str, str], run_id: str, seconds: float) -> Mapping[str, float]:
    """Say what the seconds of a run went into; what is left is making, closing and publishing."""
    with dg.DagsterInstance.from_config(environment["DAGSTER_HOME"]) as instance:
        steps = {
            one.step_key: (one.end_time or 0.0) - (one.start_time or 0.0) for one in instance.get_run_step_stats(run_id)
        }
    begun = time.perf_counter()
    _python(environment, "-c", "import ac_pipeline.orchestration.build")
    imported = time.perf_counter() - begun
    begun = time.perf_counter()
    _python(environment, "-c", "import ac_pipeline.orchestration.definitions")
    loaded = time.perf_counter() - begun - imported
    known = {"start and imports": imported, "definitions": max(0.0, loaded), **steps}
    return {**known, "the rest": seconds - sum(known.values())}


def _python(environment: Mapping[str, str], *arguments: str) -> str:
    """Run Python; return what it printed."""
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def section() -> Section:
    """Measure, and say how."""
    costs = measure()
    names = list(dict.fromkeys(name for cost in costs for name in cost.parts))
    rows: list[tuple[object, ...]] = [
        ("whole process", *(bounded(f"{cost.seconds:.1f} s", passed=cost.passed) for cost in costs)),
        ("bound", *(f"{BOUNDS[cost.name]:g} s" for cost in costs)),
        ("processor", *(f"{cost.processor:.1f} s" for cost in costs)),
        *((name, *(f"{cost.parts[name]:.2f} s" if name in cost.parts else "" for cost in costs)) for name in names),
    ]
    load = f"Load per core while measuring: {os.getloadavg()[1] / (os.cpu_count() or 1):.1f}."
    text = "\n\n".join(["## A run without changes", _METHOD, table(("", *(cost.name for cost in costs)), rows), load])
    return Section(text, tuple(_line(cost) for cost in costs if not cost.passed))


def _line(cost: Cost) -> str:
    return f"a run without changes, {cost.name}: {cost.seconds:.1f} s instead of {BOUNDS[cost.name]:g}"


_METHOD = (
    "The demo's declarations (contacts, 5 audiences, 5 traits; 2,357 customers) and dbt project (4 models, 35 tests), "
    "its sandbox, and 90 days of windows. The job runs once, then again for the same window: what is measured is the "
    "process that executes a run which Dagster's daemon recorded (`dagster api execute_run`): interpreter, imports, "
    f"definitions, run. The fastest of {RUNS} runs. Below: what its seconds went into, by the steps' own times and by "
    "processes that only import, or only load the definitions."
)
