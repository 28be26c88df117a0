"""A few extracted rows to look at: user ids and values, nothing else of a person."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from ac_pipeline.model.declaration import Declaration, Kind, ValueType
from ac_pipeline.model.extraction import Extraction
from ac_pipeline.privacy import redact
from ac_pipeline.warehouse.extract import DATASET

ROWS = 5
LIMIT = 60
"""Characters of a value."""
_LOOKS = {
    ValueType.NUMBER: re.compile(r"[+-]?\d*\.?\d*(e[+-]?\d+)?", re.IGNORECASE),
    ValueType.BOOLEAN: re.compile(r"true|false|t|f|yes|no|y|n|0|1", re.IGNORECASE),
    ValueType.DATE: re.compile(r"[\d :.+-]+"),
    ValueType.DATETIME: re.compile(r"[\d :.TZ+-]+"),
}


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows by user id. `columns` is empty when there is nothing that may be shown."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def previews(extraction: Extraction) -> dict[str, Preview]:
    """Return declaration key → preview, of those with rows that name users by an id.

    Of contacts only the ids are shown. Of values, those that look as numbers, truths and dates do, and declared
    options; of everything else its length, because it may name a person. Long numbers may be a telephone's.
    """
    found = {}
    with duckdb.connect(extraction.file, read_only=True) as connection:
        for result in extraction.results:
            if result.table and (shown := _preview(connection, result.declaration, result.table)) is not None:
                found[result.declaration.key] = shown
    return found


def _preview(connection: duckdb.DuckDBPyConnection, declaration: Declaration, table: str) -> Preview | None:
    present = {
        str(row[0])
        for row in connection.execute(
            "select lower(column_name) from information_schema.columns where table_name = $table", {"table": table}
        ).fetchall()
    }
    columns = ("user_id", "value") if declaration.kind is Kind.TRAIT else ("user_id",)
    if not present.issuperset(columns):
        return None
    selected = ", ".join(f"{column}::varchar" for column in columns)
    rows = connection.execute(
        f"select {selected} from {DATASET}.{table} where user_id is not null order by user_id limit {ROWS}"
    ).fetchall()
    return Preview(columns, tuple(_shown(declaration, *row) for row in rows))


def _shown(declaration: Declaration, user_id: str, *values: str | None) -> tuple[str, ...]:
    name = "‹e-mail›" if "@" in user_id else user_id[:LIMIT]
    return (name, *("" if value is None else _value(value, declaration) for value in values))


def _value(value: str, declaration: Declaration) -> str:
    looks = _LOOKS.get(declaration.value_type)
    if looks is not None and looks.fullmatch(value):
        return redact(value, limit=LIMIT) if declaration.value_type is ValueType.NUMBER else value[:LIMIT]
    if value in declaration.choices.options:
        return value[:LIMIT]
    return f"‹{len(value)} characters›"
