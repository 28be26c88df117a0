"""Whether a published copy is of this version of the program: after an upgrade the first run writes it anew."""

from __future__ import annotations

import duckdb

from ac_pipeline.errors import Inconsistent
from ac_pipeline.store.schema import SCHEMA_VERSION


def require_present_version(published: duckdb.DuckDBPyConnection) -> None:
    """Raise Inconsistent for a copy that another version of ac-pipeline wrote."""
    row = published.execute("select max(version) from engine.version").fetchone()
    version = row[0] if row else None
    if version != SCHEMA_VERSION:
        raise Inconsistent(
            f"The published copy has schema version {version}; this ac-pipeline reads {SCHEMA_VERSION}.",
            "Any run writes it anew, for example `ac-pipeline sync`; a newer home needs the newer ac-pipeline.",
        )
