"""One real PostgreSQL for all tests of the warehouse; each test has a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from postgres import Server, server
from warehouse.shop import NUMBERS, Shop


@pytest.fixture(scope="session")
def cluster() -> Iterator[Server]:
    """The server, kept for the whole run."""
    with server() as started:
        yield started


@pytest.fixture
def shop(cluster: Server, tmp_path: Path) -> Shop:
    """A database with five people and an order each."""
    made = Shop(cluster, cluster.url(f"shop{next(NUMBERS)}"), tmp_path)
    made.run(
        "create table people as select i as user_id, 'p' || i || '@example.com' as email from generate_series(1, 5) i",
        "create table orders as select i as user_id, timestamp '2026-04-05 11:00' as ordered_at "
        "from generate_series(1, 5) i",
    )
    return made
