"""Extraction with the real dlt from a real warehouse file: what its state and its errors may not do to us."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import duckdb
import pytest

from ac_pipeline.errors import WarehouseError
from ac_pipeline.home import Home
from ac_pipeline.model.declaration import Declaration, Declarations, Destination, Kind, Query, ValueType
from ac_pipeline.model.extraction import Extracted, Extraction
from ac_pipeline.model.window import Window
from ac_pipeline.store.properties import register
from ac_pipeline.store.snapshots import take_snapshot
from ac_pipeline.store.store import open_store
from ac_pipeline.warehouse import extract

ROOT = Path(__file__).parents[2]
AS_OF = datetime(2026, 4, 5, 12, tzinfo=UTC)
WINDOW = Window(AS_OF - timedelta(hours=2), AS_OF)
EMAIL = "ada.lovelace@example.com"
FOLDERS = count()


def query(text: str) -> Query:
    """Find `:as_of` naively: these queries have it nowhere else."""
    return Query(text, tuple(match.span() for match in re.finditer(":as_of", text)))


def audience(key: str, text: str) -> Declaration:
    return Declaration(Kind.AUDIENCE, key, key, query(text), Path(f"audiences/{key}.yaml"))


def trait(key: str, text: str, value_type: ValueType = ValueType.TEXT) -> Declaration:
    return Declaration(Kind.TRAIT, key, key, query(text), Path(f"traits/{key}.yaml"), value_type=value_type)


def contacts(text: str) -> Declaration:
    return Declaration(Kind.CONTACTS, "contacts", "contacts", query(text), Path("contacts.yaml"))


@dataclass
class Bench:
    """A warehouse file that can be changed, and a folder for extractions."""

    folder: Path
    told: list[Extracted] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def url(self) -> str:
        return f"duckdb:///{self.file}"

    def run(self, *statements: str) -> None:
        with duckdb.connect(self.file) as connection:
            for statement in statements:
                connection.execute(statement)

    def extract(
        self, *declarations: Declaration, is_now: bool = True, as_of: datetime = AS_OF, timeout: float = 60.0
    ) -> Extraction:
        folder = self.folder / f"extraction-{next(FOLDERS)}"
        return extract(
            self.url, declarations, as_of=as_of, is_now=is_now, folder=folder, timeout=timeout,
            progress=self.told.append,
        )  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.run(
        "create table people as select i as user_id, 'p' || i || '@example.com' as email from range(1, 6) as t(i)",
        "create table orders as select 1 as user_id, timestamp '2026-04-05 11:00:00' as ordered_at",
    )
    return bench


def read(extraction: Extraction, number: int = 0, columns: str = "columns(*)::varchar") -> list[tuple[object, ...]]:
    """Read a result's rows as text, in their own order."""
    with duckdb.connect(extraction.file, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute(f"select {columns} from rows.{extraction.results[number].table}").fetchall()


def test_every_type_arrives_as_it_was(bench: Bench) -> None:
    """Numbers of any size, texts, moments, nulls: compared as text."""
    bench.run(
        """create table kinds as select * from (values
        (1::integer, 9007199254740993::bigint, 170141183460469231731687303715884105727::hugeint, 0.1::double,
         12345678901234567890.0123456789::decimal(38, 10), 1.50::decimal(18, 2), 'Zoë ''x'' "y" 😀', true,
         date '2026-04-05', timestamp '2026-04-05 10:11:12.345678', timestamptz '2026-04-05 10:11:12+02:00',
         '0b6f3e5c-9a7d-4c1b-8f2e-5d4c3b2a1f00'::uuid, 'gold'::enum('gold', 'silver')),
        (null, null, null, null, null, null, null, null, null, null, null, null, null))
        as t(a_integer, a_bigint, a_hugeint, a_double, a_long, a_decimal, a_text, a_boolean, a_date, a_moment, a_zoned,
             a_uuid, an_enum)"""
    )
    everything = trait("everything", "select * from kinds")
    extraction = bench.extract(everything)
    assert extraction.failed == ()
    with duckdb.connect(bench.file, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        moment = "timezone('UTC', a_moment) as a_moment"  # dlt makes a moment without a zone one in UTC, as we mean it
        as_text = f"select columns(*)::varchar from (select * replace ({moment}) from kinds)"
        assert read(extraction) == connection.execute(as_text).fetchall()


def test_rows_loaded_are_rows_read_over_several_batches(bench: Bench) -> None:
    """More than one batch, none lost and none twice."""
    everybody = audience("everybody", "select i as user_id from range(250000) as t(i)")
    extraction = bench.extract(everybody)
    assert [(result.rows, result.failure) for result in extraction.results] == [(250_000, "")]
    assert read(extraction, columns="count(*), count(distinct user_id), max(user_id)") == [(250_000, 250_000, 249_999)]


def test_one_failing_declaration_does_not_fail_the_other_four(bench: Bench) -> None:
    """Each is told as it ends; the failed one says why and has no table."""
    good = [audience(f"good_{n}", f"select user_id from people where user_id > {n}") for n in range(4)]
    broken = audience("broken", "select user_id from no_such_table")
    extraction = bench.extract(*good[:2], broken, *good[2:])
    assert [(r.declaration.key, r.rows) for r in extraction.results if not r.failure] == [
        ("good_0", 5),
        ("good_1", 4),
        ("good_2", 3),
        ("good_3", 2),
    ]
    (failed,) = extraction.failed
    assert (failed.declaration, failed.table, failed.rows) == (broken, "", 0)
    assert "no_such_table" in failed.failure
    assert bench.told == list(extraction.results)


def test_a_query_that_fails_half_way_is_not_used(bench: Bench) -> None:
    """Rows that came before the failure are not a result."""
    text = "select case when i = 240000 then cast('x' || i as integer) else i end as user_id from range(250000) as t(i)"
    (result,) = bench.extract(audience("half", text)).results
    assert result.failure
    assert (result.table, result.rows) == ("", 0)


def test_an_empty_first_result_is_empty_and_the_next_is_not(bench: Bench) -> None:
    """dlt makes no table for a resource that yields nothing: that is zero rows, not a failure."""
    recent = audience("recent", "select user_id from orders where ordered_at > :as_of - interval '1 hour'")
    bench.run("update orders set ordered_at = timestamp '2020-01-01'")
    (result,) = bench.extract(recent).results
    assert (result.rows, result.failure, result.skipped) == (0, "", False)
    bench.run("update orders set ordered_at = timestamp '2026-04-05 11:30:00'")
    (result,) = bench.extract(recent).results
    assert (result.rows, result.failure) == (1, "")


def test_a_column_may_change_its_type_between_runs(bench: Bench) -> None:
    """Numbers become texts and numbers again; every run has what the warehouse has."""
    members = audience("members", "select user_id from people order by 1")
    assert read(bench.extract(members)) == [(str(n),) for n in range(1, 6)]
    bench.run("alter table people alter user_id type varchar using 'user-' || user_id")
    assert read(bench.extract(members)) == [(f"user-{n}",) for n in range(1, 6)]
    bench.run("alter table people alter user_id type double using replace(user_id, 'user-', '')::double")
    assert read(bench.extract(members)) == [(f"{n}.0",) for n in range(1, 6)]


def test_a_past_window_leaves_out_what_describes_now(bench: Bench) -> None:
    """Skipped is not failed: it is unknown there, and its query is not run."""
    now = audience("now", "select user_id from no_such_table")
    then = audience("then", "select user_id from orders where ordered_at <= :as_of")
    extraction = bench.extract(now, then, is_now=False)
    skipped, computed = extraction.results
    assert (skipped.skipped, skipped.table, computed.rows) == (True, "", 1)
    assert "describes now" in skipped.failure
    assert extraction.failed == ()
    assert len(bench.extract(now, then).failed) == 1


@pytest.mark.parametrize(
    ("as_of", "rows"),
    [
        (datetime(2026, 4, 5, 11, tzinfo=UTC), 1),
        (datetime(2026, 4, 5, 10, 59, 59, tzinfo=UTC), 0),
        (datetime(2026, 4, 5, 13, tzinfo=timezone(timedelta(hours=2))), 1),
    ],
)
def test_as_of_is_bound_as_a_moment_in_utc(bench: Bench, as_of: datetime, rows: int) -> None:
    """Every place it stands in, whatever zone the caller thinks in."""
    text = "select user_id from orders where ordered_at <= :as_of and :as_of::timestamp >= ordered_at"
    (result,) = bench.extract(audience("then", text), as_of=as_of).results
    assert (result.rows, result.failure) == (rows, "")


LEAKS = {
    "conversion": "select cast(secret as integer) as user_id from secrets",
    "date": "select cast(secret as date) as user_id from secrets",
    "error": "select error(secret) as user_id from secrets",
    "scalar": "select (select secret from secrets union all select secret from secrets)::int as user_id",
    "json": "select json_extract(secret::json, '$.a') as user_id from secrets",
    "strptime": "select strptime(secret, '%Y') as user_id from secrets",
    "binder": f"select missing_column as user_id from secrets where secret = '{EMAIL}'",
}


@pytest.mark.parametrize("leak", sorted(LEAKS))
def test_an_error_holds_no_data(bench: Bench, leak: str, caplog: pytest.LogCaptureFixture) -> None:
    """The failing value is an address: neither the result nor any log has it."""
    bench.run(f"create table secrets as select '{EMAIL}' as secret")
    with caplog.at_level(logging.DEBUG):
        (result,) = bench.extract(audience("leaking", LEAKS[leak])).results
    assert result.failure
    for text in (result.failure, repr(result).replace(repr(result.declaration), ""), caplog.text):
        assert "lovelace" not in text.lower()
        assert "ada." not in text.lower()


@pytest.mark.parametrize("value", ["Conan O'Brien", "Ada Lovelace\n\nCountess", 'Ada "Lovelace', "Lovelace's 'notes'"])
def test_an_error_holds_no_name_whatever_quotes_it_has(bench: Bench, value: str) -> None:
    """Quotes and empty lines inside a value do not end it."""
    escaped = value.replace("'", "''")
    bench.run(f"create table secrets as select '{escaped}' as secret")
    (result,) = bench.extract(audience("leaking", "select cast(secret as integer) as user_id from secrets")).results
    assert result.failure
    assert [word for word in re.findall(r"\w{3,}", value) if word in result.failure] == []


def test_the_warehouse_is_only_read(bench: Bench) -> None:
    """Not a byte changes, also when a query tries."""
    before = hashlib.sha256(bench.file.read_bytes()).hexdigest()
    extraction = bench.extract(
        audience("reads", "select user_id from people"), audience("writes", "insert into people values (9, 'x')")
    )
    assert [bool(result.failure) for result in extraction.results] == [False, True]
    assert hashlib.sha256(bench.file.read_bytes()).hexdigest() == before


def test_a_warehouse_that_cannot_be_opened_is_said_once(bench: Bench) -> None:
    """No file, or somebody writes to it."""
    members = audience("members", "select user_id from people")
    with pytest.raises(WarehouseError, match="no such file"):
        extract("duckdb:////nowhere/w.duckdb", (members,), as_of=AS_OF, is_now=True, folder=bench.folder / "none")
    code = "import duckdb, sys\nc = duckdb.connect(sys.argv[1])\nprint('open', flush=True)\nsys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, bench.file], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"open\n"
        with pytest.raises(WarehouseError, match="cannot be opened"):
            bench.extract(members)
        writer.communicate(b"")


def test_a_query_that_takes_too_long_is_ended_and_the_others_go_on(bench: Bench) -> None:
    """DuckDB has no limit of its own: it is interrupted, also where it never comes to its first row."""
    long = audience("long", "select count(*) as user_id from range(10000000) as a(i), range(10000000) as b(j)")
    ended, after = bench.extract(long, audience("after", "select user_id from people"), timeout=0.8).results
    assert "longer than WAREHOUSE_TIMEOUT allows (0.8 seconds)" in ended.failure
    assert (after.rows, after.failure) == (5, "")


def test_what_dlt_cannot_load_fails_alone(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """One load for all; when it fails each declaration is loaded alone, and only the one at fault has no result."""
    twice = audience("twice", 'select user_id, email as a, email as "A" from people')
    good = audience("good", "select user_id from people order by 1")
    extraction = bench.extract(good, twice, good)
    assert [(result.rows, bool(result.failure)) for result in extraction.results] == [(5, False), (0, True), (5, False)]
    assert read(extraction, 2) == [(str(n),) for n in range(1, 6)]
    assert "loaded alone" in caplog.text
    assert "@example.com" not in caplog.text


def test_what_was_extracted_can_be_taken_as_a_snapshot(bench: Bench, tmp_path: Path) -> None:
    """From the warehouse into history: failed, empty and full declarations in one window."""
    declarations = Declarations(
        contacts("select user_id, email, 'Ann' as first_name from people"),
        (
            audience("buyers", "select user_id::varchar as user_id from orders where ordered_at <= :as_of"),
            audience("nobody", "select user_id from people where false"),
        ),
        (trait("broken", "select user_id, no_column as value from people"),),
        Destination(),
    )
    with open_store(Home.at(tmp_path / "home"), kind="test", run_id="run-1") as store:
        ids = register(store, declarations)
        extraction = extract(bench.url, declarations.all, as_of=AS_OF, is_now=True, folder=store.work / "extraction")
        taken = take_snapshot(store, WINDOW, extraction, ids)
    sizes = {snapshot.key: snapshot.contacts for snapshot in taken.snapshots}
    assert sizes == {"email": 5, "first_name": 5, "user_id": 5, "buyers": 1, "nobody": 0}
    assert [key for key, _ in taken.missing] == ["broken"]


CHILD = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from ac_pipeline.home import Home
from ac_pipeline.model.declaration import Declaration, Kind, Query
from ac_pipeline.store.store import open_store
from ac_pipeline.warehouse import extract

root, url, runs, killed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "killed"
queries = {
    "members": "select user_id from people order by 1",
    "broken": "select cast(email as int) as user_id from people",
}
declarations = tuple(Declaration(Kind.AUDIENCE, key, key, Query(text), Path(key)) for key, text in queries.items())
if killed:
    import dlt
    # The moment between dlt's extract and load: the package is on disk, nothing is in the destination.
    dlt.Pipeline.load = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
for run in range(runs):
    with open_store(Home.at(root), kind="test", run_id=f"{sys.argv[4]}-{run}") as store:
        result, broken = extract(
            url, declarations, as_of=datetime(2026, 4, 5, tzinfo=UTC), is_now=True, folder=store.work / "extraction"
        ).results
        assert broken.failure
        import duckdb
        with duckdb.connect(store.work / "extraction" / "extracted.duckdb", read_only=True) as connection:
            print(result.rows, connection.execute(f"select list(user_id) from rows.{result.table}").fetchall()[0][0])
"""


@dataclass
class Child:
    """A process of its own whose home folder, temporary folder and working directory are watched."""

    bench: Bench
    root: Path
    outside: Path

    def run(self, how: str, runs: int = 1) -> subprocess.CompletedProcess[str]:
        watched = {name: str(self.outside / name) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"} | watched
        return subprocess.run(
            [sys.executable, "-c", CHILD, str(self.root), self.bench.url, str(runs), how],
            cwd=self.outside / "cwd",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def child(bench: Bench, tmp_path: Path) -> Child:
    outside = tmp_path / "outside"
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "cwd"):
        (outside / name).mkdir(parents=True)
    return Child(bench, tmp_path / "home", outside)


def test_after_a_kill_between_extract_and_load_only_new_rows_come(child: Child) -> None:
    """dlt would load the old package: five rows that are gone instead of the two that are there."""
    killed = child.run("killed")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    left = Home.at(child.root).work / "killed-0"
    assert list(left.rglob("*.parquet")), "the kill was to leave dlt's package behind"
    child.bench.run("delete from people where user_id < 4")
    again = child.run("again")
    assert (again.returncode, again.stdout) == (0, "2 [4, 5]\n"), again.stderr
    assert list(Home.at(child.root).work.iterdir()) == []


def test_nothing_is_left_in_the_home_nor_written_outside_it(child: Child) -> None:
    """Two runs of one process, each with a failing declaration: no working folder, no dlt in anybody's home."""
    done = child.run("plain", runs=2)
    assert (done.returncode, done.stdout) == (0, "5 [1, 2, 3, 4, 5]\n" * 2), done.stderr
    assert [path for path in child.outside.rglob("*") if path.is_file()] == []
    home = Home.at(child.root)
    assert list(home.work.iterdir()) == []
    files = {path.relative_to(home.root).as_posix() for path in home.root.rglob("*") if path.is_file()}
    assert files == {"store.duckdb", "store.lock", "home.json", "dagster/dagster.yaml"}
    assert "@example.com" not in done.stderr
