"""Which engine a WAREHOUSE_URL names, and what is particular about each: dialect, driver, session."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ac_pipeline.errors import SettingsError
from ac_pipeline.warehouse.connection import LABEL, in_utc

USE = (
    "Use duckdb:///absolute/path.duckdb, md:database, postgresql://user:password@host/database, "
    "or the SQLAlchemy URL of another database."
)


def _nothing(timeout: float) -> Mapping[str, object]:  # noqa: ARG001  (one signature for all engines)
    return {}


def _no_statements(timeout: float) -> tuple[str, ...]:  # noqa: ARG001
    return ()


@dataclass(frozen=True, slots=True)
class Engine:
    """One kind of database. What SQLAlchemy reads has the fields below `extra` filled."""

    name: str
    dialect: str
    """sqlglot's name of its SQL; empty: none that sqlglot knows."""
    extra: str = ""
    """What to install with the package for its driver; empty: nothing, or nothing that we know of."""
    driver: str = ""
    """SQLAlchemy's dialect and driver, where the URL names the database only."""
    connect: Callable[[float], Mapping[str, object]] = _nothing
    """What its driver is told besides the URL: label, time limit, UTC."""
    session: Callable[[float], tuple[str, ...]] = _no_statements
    """What is said first: time limit, UTC, reading only, one snapshot where it can."""
    paramstyle: str = ""
    """Where the driver is told to take another than SQLAlchemy thinks."""
    moment: Callable[[datetime], object] = in_utc


DUCKDB = Engine("DuckDB", "duckdb")
POSTGRES = Engine("PostgreSQL", "postgres")


def _milliseconds(timeout: float) -> int:
    return max(1, int(timeout * 1000))


def _whole_seconds(timeout: float) -> int:
    return max(1, int(timeout))


_MYSQL_SNAPSHOT = (
    "set session time_zone = '+00:00'",
    "set session transaction isolation level repeatable read",
    "start transaction with consistent snapshot, read only",
)
_SNOWFLAKE = Engine(
    "Snowflake",
    "snowflake",
    extra="snowflake",
    # By default this driver pastes values into the text; with `qmark` the server binds them.
    paramstyle="qmark",
    connect=lambda timeout: {
        "paramstyle": "qmark",
        "application": "ac_pipeline",
        "session_parameters": {
            "QUERY_TAG": LABEL,
            "STATEMENT_TIMEOUT_IN_SECONDS": _whole_seconds(timeout),
            "TIMEZONE": "UTC",
        },
    },
)
_BIGQUERY = Engine(
    # A naive moment would be a DATETIME there, which no TIMESTAMP can be compared with.
    "BigQuery",
    "bigquery",
    extra="bigquery",
    moment=lambda moment: moment.astimezone(UTC),
)
_REDSHIFT = Engine(
    "Redshift",
    "redshift",
    extra="redshift",
    driver="redshift+redshift_connector",
    connect=lambda _: {"application_name": LABEL},
    session=lambda timeout: (
        f"set statement_timeout to {_milliseconds(timeout)}",
        f"set query_group to '{LABEL}'",
        "set timezone to 'UTC'",
        "set session characteristics as transaction read only",
    ),
)
_DATABRICKS = Engine(
    "Databricks",
    "databricks",
    extra="databricks",
    connect=lambda timeout: {
        "user_agent_entry": LABEL,
        "session_configuration": {"STATEMENT_TIMEOUT": str(_whole_seconds(timeout)), "TIMEZONE": "UTC"},
    },
)
_MYSQL = Engine(
    "MySQL",
    "mysql",
    extra="mysql",
    driver="mysql+pymysql",
    connect=lambda _: {"program_name": LABEL},
    session=lambda timeout: (f"set session max_execution_time = {_milliseconds(timeout)}", *_MYSQL_SNAPSHOT),
)
_MARIADB = Engine(
    "MariaDB",
    "mysql",
    extra="mysql",
    driver="mariadb+pymysql",
    connect=lambda _: {"program_name": LABEL},
    session=lambda timeout: (f"set session max_statement_time = {timeout:g}", *_MYSQL_SNAPSHOT),
)
_SQLITE = Engine(
    "SQLite",
    "sqlite",
    session=lambda _: ("pragma query_only = on", "begin"),
    moment=lambda moment: in_utc(moment).isoformat(" ", "microseconds"),  # it has no type for moments
)

_ENGINES: Mapping[str, Engine] = {
    "duckdb": DUCKDB,
    "md": DUCKDB,
    "motherduck": DUCKDB,
    "postgresql": POSTGRES,
    "postgres": POSTGRES,
    "snowflake": _SNOWFLAKE,
    "bigquery": _BIGQUERY,
    "redshift": _REDSHIFT,
    "databricks": _DATABRICKS,
    "mysql": _MYSQL,
    "mariadb": _MARIADB,
    "sqlite": _SQLITE,
}
_OTHER_DIALECTS = {"mssql": "tsql", "oracle": "oracle", "trino": "trino", "clickhouse": "clickhouse"}


def engine_of(url: str) -> Engine:
    """Return the engine a WAREHOUSE_URL names. Raises SettingsError for what is no URL; the URL is never repeated."""
    said = re.match(r"([a-z][a-z0-9]*)(?:\+[a-z0-9_]+)?:(//)?.", url.strip())
    if said is None or (said[2] is None and said[1] not in {"md", "motherduck"}):
        scheme = url.split(":", 1)[0] if re.match(r"\w+:", url) else "no scheme"
        raise SettingsError(f"WAREHOUSE_URL is not the URL of a database (it starts with {scheme}).", USE)
    name = said[1]
    return _ENGINES.get(name) or Engine(name, _OTHER_DIALECTS.get(name, ""))
