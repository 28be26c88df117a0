"""The published copy, opened to read, and what people ask it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ac_pipeline.errors import QueryError, UnknownName

if TYPE_CHECKING:
    import pandas as pd


class FileFormat(StrEnum):
    """How an answer is written."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


_OPTIONS = {
    FileFormat.CSV: "format csv, header true",
    FileFormat.JSON: "format json, array true, timestampformat '%Y-%m-%dT%H:%M:%S.%fZ'",
    FileFormat.PARQUET: "format parquet",
}


_INT64 = 2**63


@contextmanager
def open_copy(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published copy of the home at that folder; a sync that runs meanwhile is not disturbed.

    Raises UnknownName if nothing was published yet.
    """
    path = home.absolute() / "ac_pipeline.duckdb"
    if not path.exists():
        raise UnknownName(
            f"Nothing is published in {path.parent} yet.",
            "Run `ac-pipeline sync` first, or set AC_PIPELINE_HOME to the home you mean.",
        )
    with _connected(path) as connection:
        connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
        yield connection


@contextmanager
def _connected(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a copy. Where somebody who may write to it (root, say) has it open for writing, a copy of that is opened."""
    with ExitStack() as stack:
        try:
            connection = _read_only(path)
        except duckdb.IOException:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            connection = _read_only(Path(shutil.copyfile(path, Path(folder) / path.name)))
        stack.callback(connection.close)
        yield connection


def _read_only(path: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(path, read_only=True, config={"autoinstall_known_extensions": False})


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyRelation:
    """Return the answer to a query, which is computed when it is looked at. Raises QueryError."""
    with _said_plainly():
        answer = connection.sql(sql)
    if answer is None:
        raise QueryError("That is no query: it has no result.", "Write a SELECT.")
    return answer


def rows_of(answer: duckdb.DuckDBPyRelation, limit: int) -> list[tuple[object, ...]]:
    """Return the first rows of an answer, `limit` at most. Raises QueryError."""
    with _said_plainly():
        return answer.limit(limit).fetchall()


def write(connection: duckdb.DuckDBPyConnection, answer: duckdb.DuckDBPyRelation, file: Path, how: FileFormat) -> None:
    """Write all rows of an answer; whole numbers stay whole, moments in JSON are ISO 8601. Raises QueryError."""
    # Parquet has no whole numbers of that size, and DuckDB would write sums as floating point.
    answer_to_write = _replaced(answer, "decimal(38, 0)") if how is FileFormat.PARQUET else answer  # noqa: F841
    name = str(file).replace("'", "''")
    with _said_plainly():
        # DuckDB finds the variable by its name.
        connection.execute(f"copy (from answer_to_write) to '{name}' ({_OPTIONS[how]})")


def frame(answer: duckdb.DuckDBPyRelation) -> pd.DataFrame:
    """Return an answer as a data frame; whole numbers stay whole. Raises QueryError."""
    import pandas as pd  # takes a second, and only this needs it

    with _said_plainly():
        result: pd.DataFrame = _replaced(answer, "varchar").df()
    for name in _huge(answer):
        numbers = [int(text) if isinstance(text, str) else None for text in result[name]]
        fits = all(number is None or abs(number) < _INT64 for number in numbers)
        result[name] = pd.Series(numbers, dtype="Int64" if fits else "object")
    return result


def _huge(answer: duckdb.DuckDBPyRelation) -> list[str]:
    return [name for name, kind in zip(answer.columns, answer.types, strict=True) if str(kind) == "HUGEINT"]


def _replaced(answer: duckdb.DuckDBPyRelation, kind: str) -> duckdb.DuckDBPyRelation:
    """Return an answer in which sums of whole numbers, which are HUGEINT, have another type."""
    huge = ['"' + name.replace('"', '""') + '"' for name in _huge(answer)]
    if not huge:
        return answer
    return answer.project("* replace (" + ", ".join(f"{name}::{kind} as {name}" for name in huge) + ")")


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise QueryError(str(error), "`ac-pipeline query 'show tables'` lists what there is.") from None
