"""Extracted rows as values of contacts: usable ones go on, the others are counted and listed."""

from __future__ import annotations

from datetime import datetime

from ac_pipeline.model.declaration import Kind
from ac_pipeline.model.extraction import Extracted
from ac_pipeline.model.properties import CONTACT_FIELDS
from ac_pipeline.store.columns import columns_of
from ac_pipeline.store.incoming_contacts import read_contacts
from ac_pipeline.store.incoming_values import read_values
from ac_pipeline.store.problems import forget_problems
from ac_pipeline.store.store import Store


def read_incoming(store: Store, extracted: Extracted, ids: dict[str, int], as_of: datetime) -> tuple[str, ...]:
    """Read one declaration's table in the attached database `extracted`; return keys of properties with a result.

    Their values are in the temporary table `incoming(property_id, contact_id, value)` then, at most one for
    a property and contact. Of contacts only columns that exist have a result; an empty table has no
    columns but the address. Raises UnusableRows when needed columns are missing.
    """
    store.connection.execute(
        "create or replace temp table incoming (property_id integer, contact_id integer, value varchar)"
    )
    declaration = extracted.declaration
    forget_problems(store, declaration.key, as_of)
    contacts = declaration.kind is Kind.CONTACTS
    if extracted.rows == 0:
        return CONTACT_FIELDS[:1] if contacts else (declaration.key,)
    columns = columns_of(store, extracted.table)
    if contacts:
        return read_contacts(store, extracted, columns, ids, as_of)
    read_values(store, extracted, columns, ids[declaration.key], as_of)
    return (declaration.key,)
