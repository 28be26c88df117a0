"""Desired: the latest approved values, what the guard compares, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ac_pipeline.model.declaration import Declaration, Kind, Nulls
from ac_pipeline.model.properties import CONTACT_FIELDS, LISTS, TAGS, TAGS_RESET
from ac_pipeline.store.problems import unusable_users
from ac_pipeline.store.sql import sql
from ac_pipeline.store.store import Store

_NAMES = frozenset(CONTACT_FIELDS) - {"email"}
_ABSENT = """select old_values.contact_id from old_values
    where old_values.contact_id not in (
        select history.contact_id from engine.history join engine.property using (property_id)
        where property.key = 'email' and history.valid_from <= $as_of and history.valid_to > $as_of
    )"""
"""Who is not in the contacts of a window."""


@dataclass(frozen=True, slots=True)
class Step:
    """How a snapshot differs from the approved values of its property, in contacts."""

    before: int
    after: int
    entries: int
    exits: int
    changed: int = 0
    """Contacts with another value than before."""


@dataclass(frozen=True, slots=True)
class Held:
    """A snapshot the guard stopped. `as_of` is UTC without a zone."""

    key: str
    property_key: str
    """The property whose snapshot was judged; of contacts the e-mail or the tags."""
    as_of: datetime
    reason: str
    before: int
    after: int
    exits: int
    held_at: datetime


def compare(store: Store, property_id: int, as_of: datetime) -> Step:
    """Compare the snapshot at `as_of` with the approved values, and keep the difference for `approve`."""
    names = {"property_id": property_id, "as_of": as_of}
    connection = store.connection
    connection.execute(
        """create or replace temp table old_values as
        select contact_id, value from engine.desired where property_id = $property_id""",
        {"property_id": property_id},
    )
    connection.execute(
        """create or replace temp table new_values as
        select contact_id, value from engine.history
        where property_id = $property_id and valid_from <= $as_of and valid_to > $as_of""",
        names,
    )
    connection.execute(f"create or replace temp table step as {sql('diff')}")
    row = connection.execute(
        """select (select count(*) from old_values), (select count(*) from new_values),
                  (select count(*) from step where old_value is null),
                  (select count(*) from step where new_value is null),
                  (select count(*) from step where old_value is not null and new_value is not null)"""
    ).fetchone()
    before, after, entries, exits, changed = row or (0, 0, 0, 0, 0)
    return Step(int(before), int(after), int(entries), int(exits), int(changed))


def was_computed(store: Store, property_id: int, as_of: datetime) -> bool:
    """Whether a property has a snapshot at that moment; a column may be absent from the contacts."""
    row = store.connection.execute(
        "select 1 from engine.snapshot where property_id = $property_id and as_of = $as_of",
        {"property_id": property_id, "as_of": as_of},
    ).fetchone()
    return row is not None


def changing_hands(store: Store) -> int:
    """Return how many approved addresses another contact has in the snapshot that was just compared."""
    row = store.connection.execute(
        """select count(*) from old_values
        join new_values on new_values.value = old_values.value
        where new_values.contact_id <> old_values.contact_id"""
    ).fetchone()
    return int(row[0]) if row else 0


def approve(store: Store, declaration: Declaration, key: str, property_id: int, as_of: datetime) -> None:
    """Make the compared snapshot of one property of a declaration desired.

    Values that are gone leave, except two kinds. What could not be used in this window stays as it was last approved.
    And standard fields stay known, until erasure, so that exits can be told after a user vanished from the contacts;
    somebody who still stands there loses tags and, where the declaration says `nulls: clear`, an empty field.
    """
    names = {"property_id": property_id}
    connection = store.connection
    unusable_users(store, declaration.key, as_of)
    connection.execute("create or replace temp table kept as select contact_id from unusable")
    if declaration.kind is Kind.CONTACTS:
        leaves = key in {TAGS, TAGS_RESET, LISTS} or (key in _NAMES and declaration.nulls is Nulls.CLEAR)
        if leaves:
            connection.execute(f"insert into kept {_ABSENT}", {"as_of": as_of})
        else:
            connection.execute("insert into kept select contact_id from old_values")
    connection.execute(
        """delete from engine.desired using step
        where desired.contact_id = step.contact_id and desired.property_id = $property_id
            and (step.new_value is not null or step.contact_id not in (select contact_id from kept))""",
        names,
    )
    connection.execute(
        """insert into engine.desired
        select $property_id, contact_id, new_value from step where new_value is not null order by contact_id""",
        names,
    )
    connection.execute(
        "insert into engine.approval values ($property_id, $as_of, $now, $run)",
        {**names, "as_of": as_of, "now": store.now(), "run": store.run_id},
    )
    _release(store, property_id)


def losing(store: Store, as_of: datetime) -> int:
    """Return how many contacts that still stand in the contacts lose the compared value altogether."""
    row = store.connection.execute(
        f"""select count(*) from step where new_value is null and contact_id not in ({_ABSENT})""", {"as_of": as_of}
    ).fetchone()
    return int(row[0]) if row else 0


def drop_taken_emails(store: Store, email_id: int, as_of: datetime) -> None:
    """Take an address from a contact that is no longer in the contacts when another one has it now."""
    store.connection.execute(
        """delete from engine.desired
        where property_id = $email_id
            and value in (
                select value from engine.desired where property_id = $email_id group by value having count(*) > 1
            )
            and contact_id not in (
                select contact_id from engine.history
                where property_id = $email_id and valid_from <= $as_of and valid_to > $as_of
            )""",
        {"email_id": email_id, "as_of": as_of},
    )


def hold(store: Store, property_id: int, as_of: datetime, step: Step, reason: str) -> None:
    """Stop a snapshot: the approved values stay desired until a person releases it."""
    _release(store, property_id)
    store.connection.execute(
        "insert into engine.held values ($property_id, $as_of, $reason, $before, $after, $exits, $now, null)",
        {
            "property_id": property_id, "as_of": as_of, "reason": reason, "before": step.before,
            "after": step.after, "exits": step.exits, "now": store.now(),
        },
    )  # fmt: skip


def held_now(store: Store) -> tuple[Held, ...]:
    """Return what waits for a person, by key."""
    rows = store.connection.execute(
        """select
            if(property.kind = 'contacts', 'contacts', property.key) as declaration, property.key, held.as_of,
            held.reason, held.contacts_before, held.contacts_after, held.exits,
            held.held_at
        from engine.held join engine.property using (property_id)
        where held.released_at is null order by declaration"""
    ).fetchall()
    return tuple(Held(*row) for row in rows)


def _release(store: Store, property_id: int) -> None:
    store.connection.execute(
        "update engine.held set released_at = $now where property_id = $property_id and released_at is null",
        {"property_id": property_id, "now": store.now()},
    )
