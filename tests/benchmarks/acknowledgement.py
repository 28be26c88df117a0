"""What the ledger costs an import of 250 contacts, against appending as many bytes durably."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from ac_pipeline.home import Home
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.store.batches import begin_batch, end_batch, next_rows, queue_batch
from ac_pipeline.store.outbox import fill_outbox, reconcile
from ac_pipeline.store.store import open_store
from benchmarks.filled import DESTINATION, PROPERTIES, fill_desired
from benchmarks.report import Section, bounded, table

CONTACTS, ROWS, IMPORTS = 100_000, 250, 200
BOUNDS = {"attempts": 30.0, "queued": 15.0, "answers": 30.0}
"""Most times the median of a durable append of as many bytes."""
PACE = 0.6
"""Seconds between two imports at the service's limit."""
T = TypeVar("T")
_sync = getattr(os, "fdatasync", os.fsync)


@dataclass
class Step:
    """One durable write, repeated: seconds, bytes it added to the log, and seconds of appending as many bytes."""

    name: str
    ours: list[float] = field(default_factory=list)
    written: list[int] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Appends that one write takes, by the medians."""
        return statistics.median(self.ours) / statistics.median(self.raw)

    @property
    def passed(self) -> bool:
        """Whether the bound holds."""
        return self.ratio <= BOUNDS[self.name]


def measure() -> list[Step]:
    """Write the attempts, the import's number and the answers of some imports, each followed by a raw append."""
    steps = [Step(name) for name in BOUNDS]
    with (
        tempfile.TemporaryDirectory() as folder,
        open_store(Home.at(Path(folder) / "home"), kind="benchmark", run_id="acknowledgement") as store,
        (Path(folder) / "raw").open("ab", buffering=0) as raw,
    ):
        fill_desired(store, CONTACTS)
        reconcile(store)
        fill_outbox(store, DESTINATION)
        store.connection.execute("checkpoint")
        log = store.home.store.with_name(store.home.store.name + ".wal")
        clocked = _Clocked(log, raw.fileno())
        attempts, queue, answers = steps
        for number in range(IMPORTS):
            contacts = [row.contact_id for row in next_rows(store, number * ROWS, ROWS)]
            batch, begun = clocked(attempts, partial(begin_batch, store, contacts, exclude_automations=False))
            clocked(queue, partial(queue_batch, store, batch, f"import-{batch}", ROWS))
            said = {attempt: Answer(Outcome.ACKNOWLEDGED, remote_id=str(contact)) for contact, attempt in begun.items()}
            clocked(answers, partial(end_batch, store, batch, said))
    return steps


@dataclass(frozen=True, slots=True)
class _Clocked:
    """Clocks a write, then an append of the bytes by which DuckDB's log grew; both files are in one folder."""

    log: Path
    raw: int

    def __call__(self, step: Step, write: Callable[[], T]) -> T:
        before, begun = self._size(), time.perf_counter()
        result = write()
        step.ours.append(time.perf_counter() - begun)
        grown = self._size() - before
        # A checkpoint empties the log: then as many bytes as usual.
        step.written.append(grown if grown > 0 else round(statistics.median(step.written)))
        line, begun = b"x" * step.written[-1], time.perf_counter()
        os.write(self.raw, line)
        _sync(self.raw)
        step.raw.append(time.perf_counter() - begun)
        return result

    def _size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0


def section() -> Section:
    """Measure, and say how."""
    steps = measure()
    text = "\n\n".join(["## Durable acknowledgement", _METHOD, _table(steps)])
    return Section(text, tuple(_line(one) for one in steps if not one.passed))


def _table(steps: Sequence[Step]) -> str:
    rows = [
        (
            one.name, f"{statistics.median(one.written):,.0f}", _milliseconds(statistics.median(one.ours)),
            _milliseconds(statistics.mean(one.ours)), _milliseconds(statistics.median(one.raw)),
            bounded(f"{one.ratio:.1f}", passed=one.passed), f"{BOUNDS[one.name]:g}",
        )
        for one in steps
    ]  # fmt: skip
    total = sum(statistics.mean(one.ours) for one in steps)
    closing = (
        f"Together an import takes {_milliseconds(total)} on the average, "
        f"{total / PACE:.1%} of the {PACE:g} s that the service's limit leaves between two imports."
    )
    head = ("", "bytes", "median", "mean, with checkpoints", "raw append, median", "ratio", "bound")
    return table(head, rows) + "\n\n" + closing


def _line(step: Step) -> str:
    return f"{step.name}: {step.ratio:.1f} raw appends instead of {BOUNDS[step.name]:g}"


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.2f} ms"


_METHOD = (
    f"{IMPORTS} imports of {ROWS} contacts with {PROPERTIES} values each, of an outbox of {CONTACTS:,} contacts, in a "
    "real store. Attempts: the import with its contacts and values, before its request. Queued: the service's number "
    "of it. Answers: the outcome of each contact, and that the import is over. Each is one transaction that is durable "
    "when it returns, and is followed by the comparison: appending as many bytes as DuckDB's log grew by to a file "
    "beside it, and fdatasync. Ratio: of the medians."
)
