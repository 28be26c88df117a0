"""The store's file gives back what it no longer needs."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import duckdb

from ac_pipeline.home import Home

logger = logging.getLogger(__name__)

WASTED, AT_LEAST = 0.5, 64 * 2**20
"""Share of free blocks from which on a file is written anew, and the bytes they must be worth."""


def is_wasteful(connection: duckdb.DuckDBPyConnection, *, at_least: int = AT_LEAST) -> bool:
    """Return whether most of the file is free, after a checkpoint.

    DuckDB uses free blocks again, but gives back only those at the end of the file: after much was forgotten, the
    file would stay as large as it ever was.
    """
    row = connection.execute(
        "select block_size * free_blocks, block_size * total_blocks from pragma_database_size()"
    ).fetchone()
    free, size = row or (0, 0)
    return bool(free >= at_least and free >= WASTED * size)


def write_anew(home: Home) -> None:
    """Copy the closed store into a new file, which takes its name in one step when all of it is on disk.

    The lock must be held. A kill leaves one of the two under the store's name, whole; what else it leaves is removed
    by the next call.
    """
    fresh = home.store.with_suffix(".fresh")
    for leftover in (fresh, _log(fresh)):
        leftover.unlink(missing_ok=True)
    with duckdb.connect(home.store, config={"autoinstall_known_extensions": False}) as connection:
        connection.execute(f"attach '{fresh}' as fresh")
        connection.execute(f'copy from database "{home.store.stem}" to fresh')
        connection.execute("checkpoint fresh")
        connection.execute("detach fresh")
    if _log(home.store).exists() or _log(fresh).exists():
        logger.warning("the store was not written anew: a file has a log beside it")
        return
    fresh.chmod(0o600)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    before, after = home.store.stat().st_size, fresh.stat().st_size
    fresh.replace(home.store)
    logger.info("the store was written anew: %d bytes, of %d before", after, before)


def _log(file: Path) -> Path:
    """Return where DuckDB keeps what is not in the file yet."""
    return file.with_name(file.name + ".wal")
