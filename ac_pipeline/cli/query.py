"""`ac-pipeline query SQL`: ask the published copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import duckdb
import typer

from ac_pipeline.cli.output import AS_JSON, console, print_table
from ac_pipeline.cli.published import open_published
from ac_pipeline.errors import QueryError
from ac_pipeline.settings import load_settings

if TYPE_CHECKING:
    import pandas as pd

Sql = Annotated[str, typer.Argument(help="For instance: from audience_sizes order by as_of")]
Limit = Annotated[int, typer.Option(min=1, help="How many rows to print at most; JSON has all.")]


def query(sql: Sql, limit: Limit = 100, as_json: bool = AS_JSON) -> None:
    """Run SQL on the published copy of the store (views: members, audience_sizes, deliveries, …)."""
    with open_published(load_settings()) as connection:
        try:
            cursor = connection.execute(sql) if sql.strip() else None
            if cursor is None or cursor.description is None:
                raise QueryError("That is no query: it has no result.", "Write a SELECT.")
            if as_json:
                frame: pd.DataFrame = cursor.df()
                typer.echo(frame.to_json(orient="records", date_format="iso", indent=2))
                return
            columns, rows = [str(column[0]) for column in cursor.description], cursor.fetchmany(limit + 1)
        except duckdb.Error as error:
            raise QueryError(str(error), "`ac-pipeline query 'show tables'` lists what there is.") from None
    print_table(columns, rows[:limit])
    if len(rows) > limit:
        console.print(f"… more than {limit:,} rows; --limit N shows more.")
