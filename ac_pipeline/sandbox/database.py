"""The SQLite file that holds the account: opened once, committed per request."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from ac_pipeline.errors import PipelineError, SettingsError

_GROUPS = ((1, "{**DEFAULT**}"), (2, "{**DEAL_DEFAULT**}"), (3, "{**ACCOUNT_DEFAULT**}"))
_EVENTS = ("__pagevisit", "__redir")
_VERSION = 3
"""Of the tables; a file of another one is no use."""
_TABLES = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"


def open_database(path: Path, *, reset: bool = False) -> sqlite3.Connection:
    """Open or create the file for this process alone.

    Write-ahead log with synchronous=NORMAL: what was committed survives the death of the process,
    and only a power cut can lose the last moments. Raises SettingsError when the file cannot be
    used, PipelineError when another process has it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise SettingsError(f"The sandbox cannot keep its state in {path}: {error.strerror}.") from None
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
    try:
        for pragma in ("locking_mode=exclusive", "journal_mode=wal", "synchronous=normal", "foreign_keys=on"):
            db.execute(f"pragma {pragma}")
        db.create_function("fold", 1, _fold, deterministic=True)
        with transaction(db):
            _check_version(db, reset=reset)
            _create(db)
            if reset:
                clear(db)
    except sqlite3.OperationalError as error:
        db.close()
        raise PipelineError(
            f"The sandbox cannot open {path}: {error}.", "If another sandbox runs on it, stop that one first."
        ) from None
    except sqlite3.DatabaseError:
        db.close()
        raise SettingsError(f"{path} is no state file of a sandbox.", "Name another file.") from None
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Keep all that happens inside, or, when it raises, nothing."""
    db.execute("begin immediate")
    try:
        yield
        db.execute("commit")
    except BaseException:
        db.execute("rollback")
        raise


@contextmanager
def savepoint(db: sqlite3.Connection) -> Iterator[None]:
    """Keep all that happens inside, or, when it raises, nothing; inside a transaction."""
    db.execute("savepoint inner")
    try:
        yield
    except BaseException:
        db.execute("rollback to inner")
        raise
    finally:
        db.execute("release inner")


def clear(db: sqlite3.Connection) -> None:
    """Make the account new: no objects, no requests, ids from 1."""
    db.execute("pragma defer_foreign_keys=on")
    for name in table_names(db):
        db.execute(f'delete from "{name}"')
    db.execute("delete from sqlite_sequence")
    _seed(db)


def table_names(db: sqlite3.Connection) -> list[str]:
    """Return all tables of the account."""
    return [name for (name,) in db.execute(_TABLES)]


def _check_version(db: sqlite3.Connection, *, reset: bool) -> None:
    (version,) = db.execute("pragma user_version").fetchone()
    tables = table_names(db)
    if tables and version != _VERSION:
        if not reset:
            raise SettingsError(
                "The sandbox's state is of another version of ac-pipeline.",
                "Start it with --reset, or on another file.",
            )
        db.execute("pragma defer_foreign_keys=on")
        for name in tables:
            db.execute(f'drop table "{name}"')
    db.execute(f"pragma user_version={_VERSION}")


def _create(db: sqlite3.Connection) -> None:
    """Create what is missing; one statement at a time, because a script would commit in between."""
    schema = files("ac_pipeline.sandbox").joinpath("schema.sql").read_text(encoding="utf-8")
    for statement in re.sub("--.*", "", schema).split(";"):
        db.execute(statement)
    _seed(db)


def _seed(db: sqlite3.Connection) -> None:
    db.executemany("insert or ignore into group_definitions (id, type_id, label) values (?1, ?1, ?2)", _GROUPS)
    db.execute("insert or ignore into tracking (id, events, site) values (1, 1, 1)")
    (known,) = db.execute("select count(*) from event_names").fetchone()
    if not known:
        db.executemany("insert into event_names (name, name_key) values (?1, ?1)", [(name,) for name in _EVENTS])


def _fold(value: str | None) -> str | None:
    return None if value is None else value.casefold()
