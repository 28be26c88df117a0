"""The home: the one folder that holds everything the pipeline keeps between runs."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ac_pipeline.errors import SettingsError

UNUSABLE = "?%'#\\"
"""Characters that DuckDB, dlt or dbt give a meaning of their own in a path."""


def unusable_in(path: Path) -> str:
    """Say which characters of a path DuckDB, dlt and dbt cannot use; empty when there are none."""
    found = [character for character in UNUSABLE if character in str(path)]
    if any(not character.isprintable() for character in str(path)):
        found.append("a character that cannot be seen")
    return ", ".join(found)


@dataclass(frozen=True, slots=True)
class Home:
    """Paths inside the home. Only its owner may read it: folders 0700, files 0600."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> Home:
        """Return the home at `root`, creating the folder if need be, and make new files private.

        Sets the process's umask, because DuckDB, dlt and Dagster create files of their own here.
        """
        os.umask(0o077)
        root = root.absolute()
        home = cls(root)
        if characters := unusable_in(root):
            raise SettingsError(
                f"AC_PIPELINE_HOME names {root}; DuckDB, dlt and dbt cannot use a path with {characters}.",
                "Choose a folder without these characters.",
            )
        try:
            for folder in (root, home.dagster, home.published_versions, home.work):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            root.chmod(0o700)
        except OSError as error:
            raise SettingsError(
                f"AC_PIPELINE_HOME names {root}, which cannot be used: {error.strerror or error}.",
                "Choose a folder you can write to.",
            ) from None
        home._record_creation()
        home._configure_dagster()
        return home

    @property
    def created_at(self) -> datetime:
        """When the home was made, in UTC."""
        return datetime.fromisoformat(json.loads(self._birth.read_text(encoding="utf-8"))["created_at"])

    @property
    def _birth(self) -> Path:
        return self.root / "home.json"

    def _record_creation(self) -> None:
        if not self._birth.exists():
            said = json.dumps({"created_at": datetime.now(UTC).isoformat(timespec="seconds")})
            self._birth.write_text(said, encoding="utf-8")

    def _configure_dagster(self) -> None:
        """No telemetry and no sign-up window; the rest as Dagster has it. A file the user wrote is left alone."""
        path = self.dagster / "dagster.yaml"
        if not path.exists():
            path.write_text("telemetry:\n  enabled: false\nnux:\n  enabled: false\n", encoding="utf-8")

    @property
    def store(self) -> Path:
        """The private DuckDB file; only the pipeline opens it."""
        return self.root / "store.duckdb"

    @property
    def lock(self) -> Path:
        """Held while a process works on the store."""
        return self.root / "store.lock"

    @property
    def lock_holder(self) -> Path:
        """Says who holds the lock."""
        return self.root / "store.holder.json"

    @property
    def published(self) -> Path:
        """The stable name under which people open the published copy."""
        return self.root / "ac_pipeline.duckdb"

    @property
    def published_versions(self) -> Path:
        """Where the versions behind the stable name lie."""
        return self.root / "published"

    @property
    def work(self) -> Path:
        """Working folders of runs; each is removed at the end of its run."""
        return self.root / "work"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME."""
        return self.root / "dagster"

    @property
    def dbt_vars(self) -> Path:
        """Variables every dbt command of this home is given, when the file exists (JSON)."""
        return self.root / "dbt_vars.json"

    @property
    def dbt_target(self) -> Path:
        """Where dbt writes manifest and logs: not into the project."""
        return self.root / "dbt"
