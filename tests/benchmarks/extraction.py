"""How fast rows come from the warehouse into the store, in how much memory; each reading in a process of its own.

PostgreSQL's rows are compared with what `COPY … TO` of the same query takes, DuckDB's with a bare Arrow scan: the least
that any program that reads them would take.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar

import duckdb
import psycopg

from ac_pipeline.declarations.query import read_query
from ac_pipeline.home import Home
from ac_pipeline.model.declaration import Declaration, Declarations, Destination, Kind, ValueType
from ac_pipeline.model.window import Window
from ac_pipeline.store.properties import register
from ac_pipeline.store.snapshots import take_snapshot
from ac_pipeline.store.store import open_store
from ac_pipeline.warehouse import dialect_of, extract
from ac_pipeline.warehouse.opening import open_warehouse
from benchmarks.memory import peak_memory
from benchmarks.report import Section, bounded, table
from postgres import server

ROWS = (1_000_000, 5_000_000)
QUERY = "select user_id, value from points where :as_of is not null"
AS_OF = datetime(2026, 4, 5, 12, tzinfo=UTC)
MEMORY_BOUND = 1.5
"""GB of a process that reads five million rows; the store's own limit is one."""
SPEED_BOUND = 20_000
"""Rows a second into the store: fifty times the contacts that bulk import takes."""
_METHOD = f"""## Extraction

A trait of that many users, two columns (a bigint and a numeric), read as a sync does. Least: `COPY … TO` of the same \
query for PostgreSQL, on the same machine over loopback; a bare Arrow scan for DuckDB. The others are ratios to it: \
Arrow batches of our reader thrown away; loaded by dlt into a DuckDB file; taken into history as a snapshot. Bounds: \
{SPEED_BOUND:,} rows a second into the store, {MEMORY_BOUND} GB for the process."""
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Read:
    """One reading: seconds of its parts, and the process's peak in GB."""

    engine: str
    rows: int
    least: float
    """COPY, or a bare scan."""
    batches: float
    """Arrow batches, thrown away."""
    extraction: float
    """The same, loaded by dlt."""
    snapshot: float
    """What was loaded, taken into history."""
    reading_peak: float
    """GB when all rows were read and loaded."""
    peak: float
    """GB at the end."""

    @property
    def speed(self) -> float:
        """Rows a second from the warehouse into the store."""
        return self.rows / (self.extraction + self.snapshot)

    @property
    def within(self) -> bool:
        """Whether it is within the bounds."""
        return self.speed >= SPEED_BOUND and self.peak <= MEMORY_BOUND


def section(rows: tuple[int, ...] = ROWS) -> Section:
    """Measure both engines at each size."""
    reads = list(_measured(rows))
    lines = [
        (
            read.engine,
            f"{read.rows:,}",
            f"{read.least:.2f} s",
            f"{read.batches / read.least:.1f}×",
            f"{read.extraction / read.least:.1f}×",
            f"{(read.extraction + read.snapshot) / read.least:.1f}×",
            bounded(f"{read.speed:,.0f}", passed=read.speed >= SPEED_BOUND),
            f"{read.reading_peak:.2f} GB",
            bounded(f"{read.peak:.2f} GB", passed=read.peak <= MEMORY_BOUND),
        )
        for read in reads
    ]
    head = (
        "engine",
        "rows",
        "least",
        "Arrow batches",
        "loaded",
        "in the store",
        "rows a second",
        "peak, loaded",
        "in the store",
    )
    return Section(
        f"{_METHOD}\n\n{table(head, lines)}",
        tuple(f"extraction of {r.rows:,} rows from {r.engine}" for r in reads if not r.within),
    )


def _measured(sizes: tuple[int, ...]) -> Iterator[Read]:
    with tempfile.TemporaryDirectory() as folder, server() as cluster:
        for rows in sizes:
            file = Path(folder) / f"{rows}.duckdb"
            made = "select i::bigint as user_id, (i % 1000)::decimal(10, 2) as value"
            with duckdb.connect(file) as connection:
                connection.execute(f"create table points as {made} from range({rows}) t(i)")
            url = cluster.url(f"rows{rows}")
            with psycopg.connect(url, autocommit=True) as filled:
                filled.execute(f"create table points as {made} from generate_series(1, {rows}) t(i)")
            for engine, address, least in (
                ("DuckDB", f"duckdb://{file}", _bare_scan),
                ("PostgreSQL", url, _copy),
            ):
                yield _alone(_read, engine, address, rows, least(address), Path(folder) / f"{engine}-{rows}")


def _bare_scan(url: str) -> float:
    with duckdb.connect(url.removeprefix("duckdb://"), read_only=True) as connection, _timed() as seconds:
        for _ in connection.sql("select user_id, value from points").to_arrow_reader(100_000):
            pass
    return seconds()


def _copy(url: str) -> float:
    copy = "copy (select user_id, value from points) to stdout"
    with psycopg.connect(url) as connection, _timed() as seconds, connection.cursor().copy(copy) as rows:
        for _ in rows:
            pass
    return seconds()


def _read(engine: str, url: str, rows: int, least: float, folder: Path) -> Read:
    query, _ = read_query(QUERY, dialect_of(url))
    trait = Declaration(Kind.TRAIT, "points", "Points", query, Path("traits/points.yaml"), value_type=ValueType.NUMBER)
    contacts = Declaration(Kind.CONTACTS, "contacts", "contacts", query, Path("contacts.yaml"))
    folder.mkdir()
    with open_warehouse(url) as warehouse, _timed() as reading:
        arrived = sum(batch.num_rows for batch in warehouse.read(query, AS_OF))
    assert arrived == rows
    with open_store(Home.at(folder / "home"), kind="benchmark", run_id="benchmark") as store:
        ids = register(store, Declarations(contacts, (), (trait,), Destination()))
        with _timed() as extracting:
            extraction = extract(url, (trait,), as_of=AS_OF, is_now=True, folder=store.work / "extraction")
        assert [result.rows for result in extraction.results] == [rows]
        reading_peak = peak_memory()
        with _timed() as taking:
            take_snapshot(store, Window(AS_OF - timedelta(hours=2), AS_OF), extraction, ids)
    return Read(engine, rows, least, reading(), extracting(), taking(), reading_peak, peak_memory())


@contextmanager
def _timed() -> Iterator[Callable[[], float]]:
    """Yield what returns the seconds it took, once it is over."""
    begun, ended = time.perf_counter(), 0.0

    def seconds() -> float:
        return ended - begun

    yield seconds
    ended = time.perf_counter()


def _alone(function: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """Call a function in a process of its own, whose memory is its alone."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *given, **named).result()
