"""What goes wrong with a real PostgreSQL: each has a message that says what to do, and nothing that was is lost."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from ac_pipeline.errors import SettingsError, WarehouseError
from ac_pipeline.settings import Settings
from ac_pipeline.sync.report import RunReport
from ac_pipeline.warehouse.connection import QueryFailed
from ac_pipeline.warehouse.opening import open_warehouse
from pipeline.pipeline_support import Company, Service, service
from postgres import Server, server
from warehouse.cutting import cutting_proxy
from warehouse.shop import AS_OF, Shop, audience, query

EVERYBODY = "select user_id from people"
MANY = "select i as user_id, repeat('x', 50) as filler from generate_series(1, 200000) i"
SECRET = "Ada Lovelace"


def test_a_refusal_names_what_to_do_and_the_others_go_on(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """Permission, time, columns and relations that are gone, a value in the way: each says it, none stops another."""
    shop.run(
        "create role reader login",
        "grant select on people to reader",
        f"create table secrets as select '{SECRET}'::text as secret; grant select on secrets to reader",
    )
    limited = shop.read_as(url=shop.url.replace("postgres@", "reader@"))
    cases = {
        "denied": ("select user_id from orders", "permission denied for table orders (state 42501); give the user"),
        "column": ("select no_such as user_id from people", "column no_such does not exist (state 42703); the column"),
        "table": ("select 1 as user_id from gone", "relation gone does not exist (state 42P01); correct the name"),
        "value": ("select secret::int as user_id from secrets", "invalid input syntax for type integer: ‹…›"),
        "half": (f"select 10 / (150000 - user_id) as user_id from ({MANY}) t", "division by zero (state 22012)"),
    }
    try:
        results = limited.extract(
            audience("before", EVERYBODY),
            *(audience(k, sql) for k, (sql, _) in cases.items()),
            audience("z", EVERYBODY),
        ).results
    finally:
        shop.run("drop owned by reader", "drop role reader")
    assert {
        r.declaration.key: said in r.failure for r, (_, said) in zip(results[1:-1], cases.values(), strict=True)
    } == dict.fromkeys(cases, True), [r.failure for r in results]
    assert [(r.table != "", r.rows) for r in results] == [(True, 5), *[(False, 0)] * len(cases), (True, 5)]
    assert limited.told == list(results)
    assert "Lovelace" not in caplog.text + repr([r.failure for r in results])


def test_what_takes_too_long_is_ended_and_the_others_go_on(shop: Shop) -> None:
    """One that never answers, and one that answers slowly: the limit is for a query as a whole."""
    text = "select i as user_id, pg_sleep(0.0004)::text as filler from generate_series(1, 100000) i"
    never, slowly, after = (
        shop.read_as(timeout=1.5)
        .extract(
            audience("never", "select pg_sleep(60)::text as user_id"),
            audience("slowly", text),
            audience("z", EVERYBODY),
        )
        .results
    )
    said = "it took longer than WAREHOUSE_TIMEOUT allows (1.5 seconds); make the query faster, or set WAREHOUSE_TIMEOUT"
    assert [one.failure.startswith(said) for one in (never, slowly)] == [True, True]
    assert (after.rows, after.failure) == (5, "")


@pytest.mark.parametrize("url", ["postgresql://ada:s3cret@db:port/x", "postgresql://ada:s3%zzcret@db/x"])
def test_a_malformed_url_is_refused_without_its_password(url: str) -> None:
    """Before anything is connected."""
    with pytest.raises((SettingsError, WarehouseError)) as refused, open_warehouse(url):
        pass
    assert "s3" not in str(refused.value)


def test_a_killed_server_is_named_and_the_next_reading_says_so() -> None:
    """In the middle of a result: no half of it counts; then nobody answers."""
    with server() as own:
        url = own.url()
        with open_warehouse(url) as warehouse:
            batches = warehouse.read(query(MANY), AS_OF)
            next(batches)
            own.process.send_signal(signal.SIGQUIT)  # what PostgreSQL does at once, without a farewell
            own.process.wait()
            with pytest.raises(QueryFailed, match="connection to the warehouse was lost"):
                list(batches)
            with pytest.raises(QueryFailed, match="connection to the warehouse was lost"):
                list(warehouse.read(query(EVERYBODY), AS_OF))
        with (
            pytest.raises(WarehouseError, match=r"cannot be reached: .*refused.*Check host, port"),
            open_warehouse(url),
        ):
            pass


@dataclass
class PostgresCompany(Company):
    """A company whose warehouse is a PostgreSQL."""

    postgres: str = ""

    def settings(self) -> Settings:
        """Return settings that read it."""
        return super().settings().model_copy(update={"warehouse_url": self.postgres})

    def sql(self, *statements: str) -> None:
        """Change the warehouse."""
        with psycopg.connect(self.postgres, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def reached_by(company: PostgresCompany, url: str) -> Iterator[None]:
    """Let the company read its warehouse at another address."""
    before, company.postgres = company.postgres, url
    try:
        yield
    finally:
        company.postgres = before


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("account") / "state.sqlite") as started:
        yield started


def test_a_warehouse_that_changes_or_breaks_between_syncs_loses_nothing(
    cluster: Server, account: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A column dropped, a type changed, the connection cut in the middle, the server gone: what was approved stays."""
    company = PostgresCompany(tmp_path / "company", account.sandbox.url)
    company.postgres = cluster.url("company")
    company.sql(
        "create table people as select i as user_id, 'u' || i || '@example.com' as email, 'First' as first_name, "
        "repeat('x', 2000) as filler from generate_series(1, 400) i",
        "create table buyers as select i::text as user_id from generate_series(1, 60) i",
        "create table points as select i::numeric as user_id, i / 3.0 as value from generate_series(1, 60) i",
    )
    company.declare("contacts", "sql: select user_id, email, first_name from people")
    company.declare("audiences/buyers", "name: Buyers\nsql: select user_id from buyers")
    company.declare("audiences/all", "name: All\nsql: select user_id, filler from people where user_id::int < 61")
    company.declare("traits/points", "name: Points\ntype: number\nsql: select user_id, value from points")

    def state() -> list[tuple[object, ...]]:
        members = company.ask("select audience, count(*) from members group by all order by 1")
        return [*members, *company.ask("select count(*), sum(value::decimal(20, 10)) from trait_values")]

    def missing(report: RunReport) -> dict[str, str]:
        return dict(report.snapshots[0].missing)

    first = company.sync()
    assert (missing(first), first.delivery.acknowledged) == ({}, 60)
    good = state()
    assert [str(row) for row in good] == ["('all', 60)", "('buyers', 60)", "(60, Decimal('610.0000000000'))"]

    company.sql("alter table buyers rename user_id to customer", "delete from points where user_id = 1")
    dropped = company.sync_later()
    assert missing(dropped).keys() == {"buyers"}
    assert (
        "user_id does not exist (state 42703); the column may have been renamed or dropped"
        in missing(dropped)["buyers"]
    )
    assert state()[:2] == good[:2]

    # 60 rows of 2,000 characters and the others before them are more than the proxy lets through.
    address = company.postgres
    with (
        cutting_proxy(cluster.port, after=90_000) as port,
        reached_by(company, address.replace(str(cluster.port), str(port))),
    ):
        cut = company.sync_later()
    assert "connection to the warehouse was lost" in missing(cut)["all"]
    assert (state()[:2], cut.delivery.acknowledged) == (good[:2], 0)

    with (
        reached_by(company, address.replace(str(cluster.port), "1")),
        pytest.raises(WarehouseError, match="cannot be reached"),
    ):
        company.sync_later()
    assert state()[:2] == good[:2]

    company.sql(
        "alter table buyers rename customer to user_id",
        "alter table people alter user_id type text",
        "alter table buyers alter user_id type bigint using user_id::bigint",
        "update buyers set user_id = 61 where user_id = 60",
    )
    repaired = company.sync_later()
    assert missing(repaired) == {}
    (buyers,) = [one for one in repaired.snapshots[0].snapshots if one.key == "buyers"]
    assert (buyers.entered, buyers.exited) == (1, 1)
    assert [(s.key, s.entered, s.exited) for s in repaired.snapshots[0].snapshots if s.key == "all"] == [("all", 0, 0)]
    assert "@example.com" not in caplog.text
