"""What the tests of the store share: a home, declarations, extractions and direct looks at tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from ac_pipeline.home import Home
from ac_pipeline.model.declaration import (
    CreateContacts,
    Declaration,
    Declarations,
    Destination,
    Guard,
    Kind,
    Membership,
    Nulls,
    Query,
    ValueType,
)
from ac_pipeline.model.extraction import Extracted, Extraction
from ac_pipeline.model.window import Window
from ac_pipeline.store.store import Store, naive, open_store

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
STEP = timedelta(hours=2)
ALWAYS = Destination(create_contacts=CreateContacts.ALWAYS)
SILENT = Membership(field=False)
"""Nothing is told: history only."""
ANY_TIME = Query("select 1 where :as_of is not null", as_of=((15, 21),))


class Ticking:
    """A clock that moves one second with every look at it."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


def window(number: int) -> Window:
    """Return the window with this number; windows follow one another."""
    return Window(START + number * STEP, START + (number + 1) * STEP)


def as_of(number: int) -> datetime:
    """Return the moment of a window as the store keeps it."""
    return naive(window(number).as_of)


def contacts(guard: Guard | None = None, *, nulls: Nulls = Nulls.KEEP) -> Declaration:
    """Return the declaration of contacts."""
    path = Path("contacts.yaml")
    return Declaration(Kind.CONTACTS, "contacts", "contacts", ANY_TIME, path, guard=guard or Guard(), nulls=nulls)


def audience(key: str, guard: Guard | None = None, *, membership: Membership | None = None) -> Declaration:
    """Return the declaration of an audience."""
    path = Path(f"audiences/{key}.yaml")
    membership = membership or Membership()
    return Declaration(
        Kind.AUDIENCE, key, key.title(), ANY_TIME, path, guard=guard or Guard(), membership=membership
    )  # fmt: skip


def trait(key: str, value_type: ValueType = ValueType.TEXT, *, nulls: Nulls = Nulls.KEEP) -> Declaration:
    """Return the declaration of a trait."""
    path = Path(f"traits/{key}.yaml")
    return Declaration(Kind.TRAIT, key, key.title(), ANY_TIME, path, value_type=value_type, nulls=nulls)


def declared(*others: Declaration, guard: Guard | None = None, nulls: Nulls = Nulls.KEEP) -> Declarations:
    """Return contacts and these audiences and traits as the declarations of a folder."""
    return Declarations(
        contacts(guard, nulls=nulls),
        tuple(d for d in others if d.kind is Kind.AUDIENCE),
        tuple(d for d in others if d.kind is Kind.TRAIT),
        Destination(),
    )


@contextmanager
def opened(root: Path, *, kind: str = "test", run_id: str = "run-1", wait: float = 10.0) -> Iterator[Store]:
    """Open the store of the home at `root`, with a clock of its own."""
    with open_store(Home.at(root), kind=kind, run_id=run_id, wait=wait, clock=Ticking()) as store:
        yield store


def rows(store: Store, query: str, **values: object) -> list[tuple[Any, ...]]:
    """Return the rows of a query on the store."""
    return store.connection.execute(query, values or None).fetchall()


def insert(store: Store, table: str, lines: Iterable[Sequence[object]]) -> None:
    """Insert lines into a table of the store, in one statement."""
    lines = list(lines)
    if lines:
        marks = ", ".join("(" + ", ".join("?" for _ in line) + ")" for line in lines)
        store.connection.execute(f"insert into {table} values {marks}", [value for line in lines for value in line])


def clear(store: Store, *tables: str) -> None:
    """Empty tables of the engine, in one transaction."""
    with store.transaction() as connection:
        for table in tables:
            connection.execute(f"delete from engine.{table}")


def give_contacts(store: Store, user_ids: Iterable[str]) -> dict[str, int]:
    """Give users their contact ids; return user id → contact id."""
    for user_id in user_ids:
        store.connection.execute(
            "insert into engine.contact values (nextval('engine.contact_ids'), $user)", {"user": user_id}
        )
    return {str(user): int(str(number)) for number, user in rows(store, "from engine.contact")}


Table = tuple[str, Sequence[Sequence[object]]]
"""Columns as SQL (`user_id bigint, email varchar`) and lines."""


def extraction(
    file: Path, tables: Mapping[Declaration, Table], failures: Mapping[Declaration, str] | None = None
) -> Extraction:
    """Write an extraction's working file and return what an extraction would have said."""
    results = []
    with duckdb.connect(file) as connection:
        connection.execute("create schema rows")
        for number, (declaration, (columns, lines)) in enumerate(tables.items()):
            connection.execute(f"create table rows.t{number} ({columns})")
            for line in lines:
                marks = ", ".join("?" for _ in line)
                connection.execute(f"insert into rows.t{number} values ({marks})", list(line))
            results.append(Extracted(declaration, f"t{number}", len(lines)))
    results += [Extracted(declaration, failure=why) for declaration, why in (failures or {}).items()]
    return Extraction(file, tuple(results))
