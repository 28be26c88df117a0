"""What an open warehouse is, whichever engine it runs on: Arrow batches of a query, or a failure without data in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import pyarrow as pa

from ac_pipeline.model.query import Query

LABEL = "ac-pipeline"
"""How our connections and queries are called in the warehouse."""
TIMEOUT = 600.0
"""Seconds one query may take, unless WAREHOUSE_TIMEOUT says otherwise."""
BATCH_ROWS = 100_000
BATCH_BYTES = 32_000_000
FIRST_ROWS = 2_000

Answer = TypeVar("Answer")


class QueryFailed(Exception):
    """A query did not run to its end. The text has no data of the warehouse in it."""


class Warehouse(Protocol):
    """An open warehouse."""

    def read(self, query: Query, as_of: datetime, since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the query's rows; `since` is for queries with that parameter. Raises QueryFailed, also half-way."""


@dataclass(slots=True)
class Limit:
    """The time one query may take in the warehouse; what is done with its rows meanwhile does not count."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    spent: float = 0.0

    @property
    def left(self) -> float:
        """Seconds."""
        return max(self.seconds - self.spent, 0.0)

    def waiting(self, ask: Callable[[], Answer]) -> Answer:
        """Return what the warehouse answers. Raises QueryFailed when that took too long, all in all."""
        before = self.clock()
        answer = ask()
        self.spent += self.clock() - before
        if self.spent > self.seconds:
            raise self.exceeded()
        return answer

    def exceeded(self) -> QueryFailed:
        """Return the failure of a query that took too long."""
        return QueryFailed(
            f"it took longer than WAREHOUSE_TIMEOUT allows ({self.seconds:g} seconds); make the query faster, "
            "or set WAREHOUSE_TIMEOUT higher"
        )


def next_rows(rows: int, taken_bytes: int) -> int:
    """Return how many rows to fetch next after a batch of `rows`, so that long texts do not fill the memory."""
    fitting = BATCH_BYTES * rows // max(taken_bytes, 1)
    return max(1, min(BATCH_ROWS, fitting, rows * 20))


def in_utc(moment: datetime) -> datetime:
    """Return a moment as every engine compares it with a timestamp: UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)
