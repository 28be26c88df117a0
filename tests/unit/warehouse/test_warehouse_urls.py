"""Which database a WAREHOUSE_URL names, in which dialect its queries are read, and what is said without its driver."""

from __future__ import annotations

import sys

import pytest
import sqlglot

from ac_pipeline.errors import SettingsError, WarehouseError
from ac_pipeline.warehouse import dialect_of
from ac_pipeline.warehouse.engines import engine_of
from ac_pipeline.warehouse.opening import open_warehouse

URLS = {
    "duckdb:///srv/w.duckdb": "duckdb",
    "md:company": "duckdb",
    "motherduck:company?attach_mode=single": "duckdb",
    "postgresql://u:p@host/db": "postgres",
    "postgres://host/db?sslmode=require": "postgres",
    "postgresql+psycopg2://host/db": "postgres",
    "snowflake://u:p@account/db/schema?warehouse=w": "snowflake",
    "bigquery://project/dataset": "bigquery",
    "redshift+redshift_connector://u:p@host:5439/db": "redshift",
    "databricks://token:t@host?http_path=/sql/1.0&catalog=c": "databricks",
    "mysql://u:p@host/db": "mysql",
    "mariadb+pymysql://u:p@host/db": "mysql",
    "sqlite:////srv/w.db": "sqlite",
    "mssql+pyodbc://dsn": "tsql",
    "trino://u@host/catalog": "trino",
}
SECRET = "s3cret"


@pytest.mark.parametrize("url", URLS)
def test_the_url_says_the_dialect(url: str) -> None:
    """And sqlglot knows it, so that `:as_of` is found and the upstream tables, too."""
    assert dialect_of(url) == URLS[url]
    assert sqlglot.parse_one("select 1", read=dialect_of(url))


@pytest.mark.parametrize(
    "url", ["", "warehouse.duckdb", "/srv/w.duckdb", "duckdb://", "duckdb:///", f"ada:{SECRET}@db/x", "postgresql:"]
)
def test_what_is_no_url_is_refused_without_being_repeated(url: str) -> None:
    """It may hold a password; the hint says what a URL looks like."""
    with pytest.raises(SettingsError, match=r"Use duckdb:///absolute/path\.duckdb") as refused:
        dialect_of(url)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("snowflake://u:s3cret@account/db", r"of Snowflake, .* pip install 'ac-pipeline\[snowflake\]'"),
        ("bigquery://project", r"of BigQuery, .* pip install 'ac-pipeline\[bigquery\]'"),
        ("redshift://u:s3cret@host/db", r"of Redshift, .* pip install 'ac-pipeline\[redshift\]'"),
        ("databricks://token:s3cret@host", r"of Databricks, .* pip install 'ac-pipeline\[databricks\]'"),
        ("mysql://u:s3cret@host/db", r"of MySQL, .* pip install 'ac-pipeline\[mysql\]'"),
        ("mariadb://u:s3cret@host/db", r"of MariaDB, .* pip install 'ac-pipeline\[mysql\]'"),
        ("postgrsql://u:s3cret@host/db", "of postgrsql, .* check the spelling"),
    ],
)
def test_a_missing_driver_says_what_to_install(url: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is installed here: none of them is needed to be told which one is missing."""
    for module in ("snowflake", "sqlalchemy_bigquery", "sqlalchemy_redshift", "databricks", "pymysql"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SettingsError, match=says) as refused, open_warehouse(url):
        pass
    assert SECRET not in str(refused.value)


def test_sessions_are_labelled_limited_and_in_utc_where_the_engine_can() -> None:
    """What each driver or session is told, in the engine's own words."""
    told = {
        url.partition(":")[0].partition("+")[0]: f"{engine_of(url).connect(90)} {engine_of(url).session(90)}".lower()
        for url in URLS
    }
    for name in ("snowflake", "redshift", "databricks", "mysql", "mariadb"):
        assert "ac-pipeline" in told[name], name
        assert "90" in told[name], name
        assert "utc" in told[name] or "+00:00" in told[name], name
    for name in ("redshift", "mysql", "mariadb"):
        assert "read only" in told[name], name


def test_a_database_that_cannot_be_opened_says_so_without_its_address(tmp_path: object) -> None:
    """Through SQLAlchemy, with a driver that is there."""
    said = r"\(SQLite\) cannot be reached: OperationalError: unable to open"
    with pytest.raises(WarehouseError, match=said), open_warehouse(f"sqlite:///{tmp_path}/no/such/folder/w.db"):
        pass
