"""The published copy, opened to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from ac_pipeline.errors import UnknownName
from ac_pipeline.settings import Settings


@contextmanager
def open_published(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published copy; a sync that runs meanwhile is not disturbed. Raises UnknownName if there is none."""
    path = settings.ac_pipeline_home.absolute() / "ac_pipeline.duckdb"
    if not path.exists():
        raise UnknownName(
            f"Nothing is published in {path.parent} yet.",
            "Run `ac-pipeline sync` first, or set AC_PIPELINE_HOME to the home you mean.",
        )
    connection = duckdb.connect(path, read_only=True, config={"autoinstall_known_extensions": False})
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()
