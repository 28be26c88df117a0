"""What the tests of extracted rows share: declarations, and snapshots taken of tables."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ac_pipeline.model.declaration import Declaration, ValueType
from ac_pipeline.store.properties import register
from ac_pipeline.store.snapshots import WindowSnapshot, take_snapshot
from ac_pipeline.store.store import Store
from unit.store.store_support import Table, as_of, audience, contacts, declared, extraction, rows, trait, window

CONTACTS = contacts()
BUYERS = audience("buyers")
SPENT = trait("spent", ValueType.NUMBER)
LEVEL = trait("level")
FILES = itertools.count()


def take(store: Store, tables: dict[Declaration, Table], number: int = 0) -> WindowSnapshot:
    """Take the snapshot of a window whose extraction brought these tables."""
    ids = register(store, declared(BUYERS, SPENT, LEVEL))
    file = store.work / f"extracted-{next(FILES)}.duckdb"
    return take_snapshot(store, window(number), extraction(file, tables), ids)


def people(*lines: Sequence[object], columns: str = "user_id varchar, email varchar") -> Table:
    return columns, lines


def values(store: Store, key: str, number: int = 0) -> dict[object, object]:
    """Return user id → value of a property in a window."""
    found = rows(
        store,
        """select user_id, value from engine.history
        join engine.property using (property_id) join engine.contact using (contact_id)
        where key = $key and valid_from <= $t and valid_to > $t""",
        key=key,
        t=as_of(number),
    )
    assert len(dict(found)) == len(found)
    return dict(found)
