"""The user's dbt project, if there is one: where it is, what dbt is told, and how to run it."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ac_pipeline.errors import SettingsError, WarehouseError
from ac_pipeline.home import Home
from ac_pipeline.privacy import redact
from ac_pipeline.settings import Settings

logger = logging.getLogger(__name__)

DBT = Path(sys.executable).with_name("dbt")
"""The dbt that was installed with the package, whether or not the environment is activated."""


@dataclass(frozen=True, slots=True)
class DbtProject:
    """A folder with `dbt_project.yml`; everything dbt writes goes to `target`, inside the home."""

    folder: Path
    target: Path
    variables: str
    """`--vars`, as JSON."""

    @classmethod
    def of(cls, settings: Settings, home: Home) -> DbtProject | None:
        """Return the project the settings name, or None when that folder has none."""
        folder = settings.ac_pipeline_dbt.absolute()
        if not (folder / "dbt_project.yml").exists():
            return None
        variables = home.dbt_vars.read_text(encoding="utf-8") if home.dbt_vars.exists() else "{}"
        return cls(folder, home.dbt_target, json.dumps(json.loads(variables)))

    @property
    def profiles(self) -> Path | None:
        """The folder of profiles.yml when the project has its own; else dbt looks where it always does."""
        return self.folder if (self.folder / "profiles.yml").exists() else None

    @property
    def manifest(self) -> Path:
        """What dbt knows of the project; present after `parse`."""
        return self.target / "manifest.json"

    def arguments(self, command: str) -> list[str]:
        """Return the arguments of a dbt command."""
        folders = ["--project-dir", str(self.folder)]
        if self.profiles is not None:
            folders += ["--profiles-dir", str(self.profiles)]
        written = ["--target-path", str(self.target), "--log-path", str(self.target / "logs")]
        return [command, *folders, *written, "--vars", self.variables]

    def parse_if_changed(self, environment: dict[str, str]) -> Path:
        """Return the manifest, made anew only when a file of the project is newer than it."""
        files = [path for path in self.folder.rglob("*") if path.suffix in {".sql", ".yml", ".yaml", ".csv"}]
        newest = max((path.stat().st_mtime for path in files), default=0.0)
        if not self.manifest.exists() or self.manifest.stat().st_mtime < newest:
            self._run("parse", environment)
        return self.manifest

    def build(self, environment: dict[str, str]) -> None:
        """Run seeds, models and tests. Raises WarehouseError that names what failed."""
        self._run("build", environment)

    def forget_results(self) -> None:
        """Remove what dbt noted of its last run: the messages of a failed model can quote data."""
        (self.target / "run_results.json").unlink(missing_ok=True)

    def failure(self, command: str, said: str) -> WarehouseError:
        """Return the error for a dbt command that failed, from what dbt printed."""
        return WarehouseError(
            f"`dbt {command}` failed in {self.folder}: {redact(said, limit=600)}",
            "Nothing was extracted. Run dbt by hand to see its messages whole.",
        )

    def _run(self, command: str, environment: dict[str, str]) -> None:
        self.target.mkdir(mode=0o700, parents=True, exist_ok=True)
        arguments = ["--no-use-colors", "--quiet", *self.arguments(command)]
        done = subprocess.run(
            [str(DBT), *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )
        self.forget_results()
        if done.returncode != 0:
            raise self.failure(command, done.stdout.strip() or done.stderr.strip())


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Return the variables profiles.yml reads, from WAREHOUSE_URL; no telemetry, and no log file: it quotes data.

    For other warehouses than DuckDB and PostgreSQL the user's own profiles.yml says where they are.
    """
    environment = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_LOG_LEVEL_FILE": "none"}
    url = settings.warehouse_url or ""
    if url.startswith("duckdb:///"):
        path = "/" + url.removeprefix("duckdb:///").lstrip("/")
        environment |= {"AC_PIPELINE_DBT_TARGET": "duckdb", "AC_PIPELINE_DBT_DUCKDB_PATH": path}
    elif re.match(r"postgres(ql)?(\+\w+)?://", url):
        environment |= {"AC_PIPELINE_DBT_TARGET": "postgres", **_postgres(url)}
    return environment


def _postgres(url: str) -> dict[str, str]:
    """Return what a target of dbt-postgres needs. Raises SettingsError for a URL that is none."""
    import psycopg  # costs a tenth of a second, which `status` need not wait for
    from psycopg.conninfo import conninfo_to_dict

    try:
        given = conninfo_to_dict("postgresql:" + url.split(":", 1)[1])
    except psycopg.Error:
        raise SettingsError(
            "WAREHOUSE_URL is malformed.", "Use postgresql://user:password@host:5432/database."
        ) from None
    names = {
        "host": "AC_PIPELINE_DBT_HOST",
        "port": "AC_PIPELINE_DBT_PORT",
        "user": "AC_PIPELINE_DBT_USER",
        "password": "DBT_ENV_SECRET_AC_PIPELINE_PASSWORD",
        "dbname": "AC_PIPELINE_DBT_DATABASE",
        "sslmode": "AC_PIPELINE_DBT_SSLMODE",
    }
    return {variable: str(given[name]) for name, variable in names.items() if given.get(name)}
