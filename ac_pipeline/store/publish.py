"""The published copy: a complete DuckDB file for people, behind a stable name, never the private one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ac_pipeline.errors import Inconsistent
from ac_pipeline.store.store import Store

GRACE = 15.0
"""Seconds that a version stays after it was replaced, for those who resolved the name just before."""


def publish(store: Store) -> Path:
    """Copy the store to a new version and point the stable name at it; return the stable name.

    The name changes atomically. Whoever has an older version open keeps reading it: its file stays
    until the last reader closes it. Versions replaced a moment ago are kept for those who had
    resolved the name by then. No transaction may be open.
    """
    home = store.home
    version = _next_version(home.published_versions)
    # After a checkpoint everything is in the file, and nobody else writes to it.
    store.connection.execute("checkpoint")
    if (log := home.store.with_name(home.store.name + ".wal")).exists() and log.stat().st_size:
        raise Inconsistent(f"{log.name} holds changes that are not in {home.store.name}. Nothing was published.")
    shutil.copyfile(home.store, version)
    with version.open("rb") as file:
        os.fsync(file.fileno())
    version.chmod(0o400)
    _point(home.published, version)
    _remove_old(home.published_versions)
    return home.published


def _next_version(folder: Path) -> Path:
    """Versions are counted, because a clock may go back."""
    numbers = [int(path.stem) for path in folder.glob("*.duckdb") if path.stem.isdecimal()]
    return folder / f"{max(numbers, default=0) + 1:08d}.duckdb"


def _point(name: Path, version: Path) -> None:
    fresh = name.with_suffix(".next")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(os.path.relpath(version, name.parent))
    fresh.replace(name)


def _remove_old(folder: Path) -> None:
    """Keep the newest two versions, and those that were replaced a moment ago."""
    versions = sorted(path for path in folder.glob("*.duckdb") if path.stem.isdecimal())
    made = [path.stat().st_mtime for path in versions]
    unneeded = [path for path, replaced in zip(versions[:-2], made[1:], strict=False) if made[-1] - replaced > GRACE]
    others = [path for path in folder.glob("*.duckdb") if path not in versions]
    for path in [*unneeded, *others]:
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".wal").unlink(missing_ok=True)
