"""The published copy of the home that the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from ac_pipeline.settings import Settings
from ac_pipeline.store.published import open_copy


@contextmanager
def open_published(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published copy; a sync that runs meanwhile is not disturbed. Raises UnknownName if there is none."""
    with open_copy(settings.ac_pipeline_home) as connection:
        yield connection
