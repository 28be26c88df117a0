"""A shop in a real PostgreSQL, and ways to read it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg

from ac_pipeline.declarations.query import read_query
from ac_pipeline.model.declaration import Declaration, Kind, Query, ValueType
from ac_pipeline.model.extraction import Extracted, Extraction
from ac_pipeline.warehouse import extract
from postgres import Server

AS_OF = datetime(2026, 4, 5, 12, tzinfo=UTC)
NUMBERS = count()


@dataclass
class Shop:
    """A database, and a folder for extractions from it."""

    cluster: Server
    url: str
    folder: Path
    timeout: float = 60.0
    told: list[Extracted] = field(default_factory=list)

    def run(self, *statements: str) -> None:
        """Change the database as its owner does."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def read_as(self, **changes: object) -> Shop:
        """Return the same shop, read in another way: another address, or time limit."""
        return replace(self, **changes)

    def extract(self, *declarations: Declaration) -> Extraction:
        """Extract as a sync does."""
        folder = self.folder / f"extraction-{next(NUMBERS)}"
        return extract(
            self.url, declarations, as_of=AS_OF, is_now=True, folder=folder, timeout=self.timeout,
            progress=self.told.append,
        )  # fmt: skip


def query(text: str) -> Query:
    """Read a query as declarations are read; it may not have a fault."""
    found, faults = read_query(text, "postgres")
    assert [fault for fault in faults if not fault.warning] == []
    return found


def audience(key: str, text: str) -> Declaration:
    """Return an audience."""
    return Declaration(Kind.AUDIENCE, key, key, query(text), Path(f"audiences/{key}.yaml"))


def trait(key: str, text: str, value_type: ValueType = ValueType.TEXT) -> Declaration:
    """Return a trait."""
    return Declaration(Kind.TRAIT, key, key, query(text), Path(f"traits/{key}.yaml"), value_type=value_type)
