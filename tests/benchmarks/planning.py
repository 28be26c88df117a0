"""How fast a million contacts are planned, in how much memory; each plan in a process of its own."""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import duckdb

from ac_pipeline.home import Home
from ac_pipeline.store.outbox import fill_outbox, reconcile
from ac_pipeline.store.store import MEMORY, Store, open_store
from benchmarks.filled import AUDIENCES, DESTINATION, PROPERTIES, TRAITS, fill_desired, fill_ledger
from benchmarks.memory import peak_memory
from benchmarks.report import Section, bounded, table

CONTACTS = 1_000_000
AMPLE = "16GB"
"""The limit on DuckDB's memory in the last measurement; in the others it is what a store has by default."""
SPEED_BOUND, MEMORY_BOUND = 41_700, 1.5
"""Contacts a second, 100 times what bulk import takes; GB."""
NOTHING_BOUND = 5.0
"""Scans of the inputs that a plan of nothing may take, by processor time: that hardly depends on what else runs."""
REPEATS = 3
_SCAN = {
    "desired": "hash(property_id, contact_id, value)",
    "ledger": "hash(account_id, contact_id, property_id, state, value, reason, alone, attempt_id)",
}
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Planning:
    """One plan: seconds, processor seconds, the process's peak in GB, and contacts to send."""

    what: str
    contacts: int
    reconciling: float
    filling: float
    processor: float
    peak: float
    planned: int
    failure: str = ""
    """What DuckDB raised instead."""
    differing: int | None = None
    """Rows of the outbox that are not those of the plan before, in less memory; None where there is none."""
    ample: bool = False
    """Whether it had more memory than a store takes: it may use that."""

    @property
    def speed(self) -> float:
        """Contacts a second."""
        return self.contacts / (self.reconciling + self.filling)

    @property
    def fast(self) -> bool:
        """Whether it was fast enough."""
        return self.speed >= SPEED_BOUND

    @property
    def passed(self) -> bool:
        """Whether all bounds hold, and everybody was planned."""
        whole = self.planned == self.contacts and not self.failure and not self.differing
        return self.fast and self.small and whole

    @property
    def small(self) -> bool:
        """Whether it kept to the memory it may take."""
        return self.ample or self.peak <= MEMORY_BOUND


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long something took, by the clock and of the processor."""

    clock: float
    processor: float


@dataclass(frozen=True, slots=True)
class Nothing:
    """A plan of nothing and one scan of its inputs, the medians of some in turns."""

    planning: Seconds
    scan: Seconds
    peak: float
    planned: int

    @property
    def ratio(self) -> float:
        """Scans that the plan takes, by processor time."""
        return self.planning.processor / self.scan.processor

    @property
    def passed(self) -> bool:
        """Whether all bounds hold, and nobody was planned."""
        return self.ratio <= NOTHING_BOUND and self.peak <= MEMORY_BOUND and not self.planned


def measure(contacts: int) -> tuple[list[Planning], Nothing]:
    """Plan a first delivery, one in which everything changed, the same with ample memory, and nothing."""
    with tempfile.TemporaryDirectory() as folder:
        home, kept = Path(folder) / "home", Path(folder) / "kept.duckdb"
        _apart(_fill, home, contacts)
        first = _apart(_plan, home, "first delivery", None)
        _apart(_tell, home, unlike=True)
        changed = _apart(_plan, home, "all changed", None)
        _apart(_keep, home, kept)
        ample = _apart(_plan, home, f"all changed, DuckDB in {AMPLE}", AMPLE, kept)
        kept.unlink()
        _apart(_tell, home, unlike=False)
        return [first, changed, ample], _apart(_plan_nothing, home)


def _apart(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Call in a new process, so that its peak is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments, **named).result()


def _fill(home: Path, contacts: int) -> None:
    with _open(home) as store:
        fill_desired(store, contacts)


def _tell(home: Path, *, unlike: bool) -> None:
    with _open(home) as store:
        for table_name in ("outbox", "outbox_value"):
            store.connection.execute(f"truncate engine.{table_name}")
        fill_ledger(store, unlike=unlike)


def _plan(home: Path, what: str, memory: str | None, kept: Path | None = None) -> Planning:
    with _open(home) as store:
        if memory:
            store.connection.execute(f"set memory_limit = '{memory}'")
        contacts, planned, failure = _count(store, "select count(*) from engine.contact"), 0, ""
        begun, worked = time.perf_counter(), time.process_time()
        between = begun
        try:
            reconcile(store)
            between = time.perf_counter()
            planned = fill_outbox(store, DESTINATION).contacts
        except duckdb.OutOfMemoryException as error:
            failure = type(error).__name__
        ended, processor, peak = time.perf_counter(), time.process_time() - worked, peak_memory()
        store.connection.execute(f"set memory_limit = '{AMPLE}'")
        differing = _differences(store, kept) if kept and not failure else None
        return Planning(
            what, contacts, between - begun, ended - between, processor, peak, planned, failure, differing,
            ample=memory is not None,
        )  # fmt: skip


def _plan_nothing(home: Path) -> Nothing:
    with _open(home) as store:
        planned, plans, scans = 0, [], []

        def plan() -> None:
            nonlocal planned
            reconcile(store)
            planned += fill_outbox(store, DESTINATION).contacts

        for _ in range(REPEATS + 1):
            scans.append(_timed(lambda: _scan(store)))
            plans.append(_timed(plan))
        # The first one of each reads the file, and finds the memory it needs.
        return Nothing(_median(plans[1:]), _median(scans[1:]), peak_memory(), planned)


def _scan(store: Store) -> None:
    for name, hashed in _SCAN.items():
        store.connection.execute(f"select bit_xor({hashed}) from engine.{name}").fetchall()


def _keep(home: Path, file: Path) -> None:
    with _open(home) as store:
        store.connection.execute(f"attach '{file}' as kept")
        for name in ("outbox", "outbox_value"):
            store.connection.execute(f"create table kept.{name} as from engine.{name}")


def _differences(store: Store, file: Path) -> int:
    """Return how many rows of the outbox are missing, too many, or other ones; a contact's fields have any order."""
    store.connection.execute(f"attach '{file}' as kept (read_only)")
    any_order = "replace (list_sort(string_split(replace(payload, '}', '{'), '{')) as payload)"
    return sum(
        _count(
            store,
            f"""with one as (select * {form} from engine.{name}), other as (select * {form} from kept.{name})
            select count(*) from one full join other using ({key}) where one is distinct from other""",
        )
        for name, form, key in (
            ("outbox", any_order, "contact_id, step"),
            ("outbox_value", "", "contact_id, step, property_id"),
        )
    )


@contextmanager
def _open(home: Path) -> Iterator[Store]:
    with open_store(Home.at(home), kind="benchmark", run_id=str(time.time_ns())) as store:
        # DuckDB takes a spawned process for an interactive one.
        store.connection.execute("set enable_progress_bar = false")
        yield store


def _count(store: Store, query: str) -> int:
    row = store.connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _timed(action: Callable[[], None]) -> Seconds:
    begun, worked = time.perf_counter(), time.process_time()
    action()
    return Seconds(time.perf_counter() - begun, time.process_time() - worked)


def _median(times: Sequence[Seconds]) -> Seconds:
    return Seconds(statistics.median(one.clock for one in times), statistics.median(one.processor for one in times))


def section(contacts: int = CONTACTS) -> Section:
    """Measure, and say how."""
    plans, nothing = measure(contacts)
    text = "\n\n".join(["## Planning", _method(contacts), _table(plans), _nothing_text(nothing)])
    failed = [*(str(one) for one in plans if not one.passed), *([] if nothing.passed else [str(nothing)])]
    return Section(text, tuple(failed))


def _table(plans: Sequence[Planning]) -> str:
    rows = [
        (
            one.what, bounded(one.failure or f"{one.speed:,.0f}", passed=one.fast and not one.failure),
            f"{one.reconciling:.1f} s", f"{one.filling:.1f} s", f"{one.processor:.1f} s",
            bounded(f"{one.peak:.2f} GB", passed=one.small),
            bounded(f"{one.planned:,}", passed=one.planned == one.contacts),
            "" if one.differing is None else bounded(f"{one.differing:,}", passed=not one.differing),
        )
        for one in plans
    ]  # fmt: skip
    head = (
        "", "contacts/s", "reconciling", "outbox", "processor", "peak of the process", "contacts planned",
        "rows that differ",
    )  # fmt: skip
    return table(head, rows)


def _nothing_text(nothing: Nothing) -> str:
    ratio = bounded(f"{nothing.ratio:.1f}", passed=nothing.ratio <= NOTHING_BOUND)
    peak = bounded(f"{nothing.peak:.2f} GB", passed=nothing.peak <= MEMORY_BOUND)
    planned = bounded(f"{nothing.planned}", passed=not nothing.planned)
    return (
        f"When nothing changed, planning took {nothing.planning.processor:.2f} s of the processor, {ratio} times one "
        f"scan of its inputs ({nothing.scan.processor:.2f} s; a hash over every column of `desired` and `ledger`), and "
        f"{nothing.planning.clock:.2f} s by the clock (the scan {nothing.scan.clock:.2f} s); {planned} contacts "
        f"planned, peak of the process {peak}. Medians of {REPEATS} in turns, in one process. Bound: "
        f"{NOTHING_BOUND:g} scans."
    )


def _method(contacts: int) -> str:
    return (
        f"{contacts:,} contacts in {AUDIENCES} audiences each, with {TRAITS} traits, a name and a user id "
        f"({PROPERTIES} values a contact), in a real store. Planning is `reconcile` and `fill_outbox`, until the "
        "outbox stands in the file with the finished JSON of every contact. First delivery: the account was told "
        "nothing. All changed: it confirmed another value of every audience and trait. Each in a process of its own "
        "on a store that was closed, wall time, on as many cores as there are; its peak is the resident memory of the "
        f"whole process. DuckDB has {MEMORY}, as in any store, but once {AMPLE}. Bounds: {SPEED_BOUND:,} contacts/s, "
        f"which is 100 times what bulk import takes, {MEMORY_BOUND:g} GB, and with ample memory the same outbox, row "
        "by row."
    )
