"""SQL of the store, one file per question."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from duckdb import DuckDBPyConnection


@cache
def sql(name: str) -> str:
    """Return the text of `<name>.sql`."""
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")


def run_script(connection: DuckDBPyConnection, name: str, **values: object) -> None:
    """Run every statement of `<name>.sql`, each with those of `values` it asks for."""
    for statement in sql(name).split(";\n"):
        if statement.strip():
            wanted = set(re.findall(r"\$([a-z_]+)", statement))
            connection.execute(statement, {key: value for key, value in values.items() if key in wanted})
