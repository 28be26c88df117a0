"""`ac-pipeline query SQL`: ask the published copy."""

from __future__ import annotations

import shutil
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from ac_pipeline.cli.output import AS_JSON, console, print_table
from ac_pipeline.cli.published import open_published
from ac_pipeline.errors import SettingsError
from ac_pipeline.settings import load_settings
from ac_pipeline.store.published import FileFormat, ask, rows_of, write


class Format(StrEnum):
    """How an answer is given: a table for people, or one of the formats of files."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


Sql = Annotated[str, typer.Argument(help="For instance: from audience_sizes order by as_of")]
Limit = Annotated[int, typer.Option(min=1, help="How many rows a table has at most; files and JSON have all.")]
As = Annotated[Format | None, typer.Option("--format", help="By default a table, or what the file's name ends in.")]
Output = Annotated[Path | None, typer.Option(help="File to write instead of printing; needed for Parquet.")]


def query(sql: Sql, limit: Limit = 100, form: As = None, output: Output = None, as_json: bool = AS_JSON) -> None:
    """Run SQL on the published copy of the store (views: members, audience_sizes, deliveries, …)."""
    chosen = form or (Format.JSON if as_json else _by_name(output))
    if output is None and chosen is Format.PARQUET:
        raise SettingsError("Parquet is not for a terminal.", "Name a file: --output answer.parquet.")
    if output is not None and chosen is Format.TABLE:
        raise SettingsError("A table is printed, not written.", "Choose --format csv, json or parquet.")
    with open_published(load_settings()) as connection:
        answer = ask(connection, sql)
        if chosen is Format.TABLE:
            _print(answer, limit)
        elif output is not None:
            write(connection, answer, output, FileFormat(chosen.value))
        else:
            _pass_on(connection, answer, FileFormat(chosen.value))


def _by_name(output: Path | None) -> Format:
    """Return what the name of a file asks for. Raises SettingsError."""
    if output is None:
        return Format.TABLE
    ending = output.suffix.lower().removeprefix(".")
    if ending not in set(FileFormat):
        raise SettingsError(f"The name {output.name} does not say the format.", "Add --format csv, json or parquet.")
    return Format(ending)


def _print(answer: duckdb.DuckDBPyRelation, limit: int) -> None:
    rows = rows_of(answer, limit + 1)
    print_table(answer.columns, rows[:limit])
    if len(rows) > limit:
        console.print(f"… more than {limit:,} rows; --limit N shows more.")


def _pass_on(connection: duckdb.DuckDBPyConnection, answer: duckdb.DuckDBPyRelation, how: FileFormat) -> None:
    """Write to standard output, by way of a file of which nobody else can read anything."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answer"
        write(connection, answer, file, how)
        sys.stdout.flush()
        with file.open("rb") as written:
            shutil.copyfileobj(written, sys.stdout.buffer)
        sys.stdout.buffer.flush()
