"""What the outbox will ask of the service: contacts, values and requests, counted before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ac_pipeline.model.estimate import Estimate
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.sql import run_script
from ac_pipeline.store.store import Store

_PAGE = 10_000
_FIELD_BYTES = 32
"""Bytes that the JSON of a value takes besides the value, while the id of its field is not known."""


@dataclass(frozen=True, slots=True)
class RouteCount:
    """How many contacts are told, for what reason, and by which request first."""

    reason: str
    route: str
    contacts: int


@dataclass(frozen=True, slots=True)
class ValueCount:
    """Of how many contacts a property is said, and of how many it is taken back (false, unsubscribed, cleared)."""

    key: str
    kind: str
    said: int
    taken_back: int


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One contact of the bulk imports. `looked_up`: whether it must still exist, which is asked before."""

    position: int
    size: int
    """Bytes, about."""
    resend: bool
    looked_up: bool
    created: bool


@contextmanager
def lists_to_check(store: Store, least: int) -> Iterator[int]:
    """Route as if the opt-outs of the lists that will be read had been read; yields how many lists these are.

    Only while planning: nobody is subscribed by an outbox that was filled here.
    """
    rows = store.connection.execute(
        """create or replace temp table checked_list as
        select property_id from pending
        where kind = 'list' and value = 'active' and due and not resubscribe
        group by property_id having count(*) >= $least""",
        {"least": least},
    ).fetchall()
    try:
        yield int(rows[0][0]) if rows else 0
    finally:
        store.connection.execute("create or replace temp table checked_list (property_id integer)")


def route_counts(store: Store) -> tuple[RouteCount, ...]:
    """Return the contacts of the outbox by reason and route."""
    rows = store.connection.execute(
        """select reason, route, count(*) from (
            select contact_id, any_value(reason) as reason, arg_min(route, step) as route
            from engine.outbox group by contact_id
        ) group by all order by all"""
    ).fetchall()
    return tuple(RouteCount(str(reason), str(route), int(count)) for reason, route, count in rows)


def value_counts(store: Store) -> tuple[ValueCount, ...]:
    """Return what is said of each property, those that were refused and only go along included."""
    rows = store.connection.execute(
        """select key, kind, count(*) filter (where not back), count(*) filter (where back)
        from (
            select key, kind,
                value = '' or kind in ('audience', 'tag') and value = 'false' or value = 'unsubscribed' as back
            from value_route where key <> 'tags_reset'
        ) group by key, kind order by kind, key"""
    ).fetchall()
    return tuple(ValueCount(str(key), str(kind), int(said), int(back)) for key, kind, said, back in rows)


def count_calls(store: Store) -> Mapping[str, Estimate]:
    """Count the single calls of the outbox by endpoint; `carried_over` asks what is counted here."""
    run_script(store.connection, "planned_calls")
    rows = store.connection.execute(
        """select endpoint, sum(expected), sum(least), if(bool_or(most is null), null, sum(most))
        from planned_call group by endpoint order by endpoint"""
    ).fetchall()
    return {
        str(endpoint): Estimate(int(expected), int(least), None if most is None else int(most))
        for endpoint, expected, least, most in rows
    }


def import_rows(store: Store) -> Iterator[ImportRow]:
    """Yield the contacts that go by bulk import, in their order; nothing else may be asked of the store meanwhile."""
    cursor = store.connection.execute(
        f"""with lacking as (
            select value.contact_id, sum(strlen(value.value) + {_FIELD_BYTES})::bigint as bytes
            from engine.outbox_value as value
            join engine.property on property.property_id = value.property_id
                and (property.kind in ('audience', 'trait') or property.key = 'user_id')
            left join engine.catalog on catalog.property_id = value.property_id and catalog.account_id = $account
            where catalog.remote_id is null
            group by value.contact_id
        )
        select position, strlen(payload) + coalesce(lacking.bytes, 0), reason = 'resend',
            must_exist and remote_id is not null, remote_id is null
        from engine.outbox left join lacking using (contact_id)
        where route = 'bulk' order by position""",
        {"account": ACCOUNT_ID},
    )
    while page := cursor.fetchmany(_PAGE):
        for position, size, resend, looked_up, created in page:
            yield ImportRow(int(position), int(size), bool(resend), bool(looked_up), bool(created))


def carried_over(store: Store, *, calls: int, imported: int) -> Mapping[str, int]:
    """Return by reason how many contacts are left when `calls` single calls were made, in the outbox's order.

    `imported` is the position up to which contacts went by bulk import.
    """
    rows = store.connection.execute(
        """with per_contact as (
            select round, position, contact_id, sum(expected) as calls from planned_call group by all
        ),
        reached as (
            select contact_id, sum(calls) over (order by round, position) as calls from per_contact
        ),
        left_over as (
            select contact_id from reached where calls > $calls
            union
            select contact_id from engine.outbox where route = 'bulk' and position > $imported
        )
        select reason, count(*) from (
            select distinct contact_id, reason from engine.outbox join left_over using (contact_id)
        ) group by reason order by reason""",
        {"calls": calls, "imported": imported},
    ).fetchall()
    return {str(reason): int(count) for reason, count in rows}


def known_contacts(store: Store) -> int:
    """Return how many contacts of ours are known to be contacts of the account."""
    return _count(store, "select count(*) from engine.remote_contact where account_id = $account")


def queued_imports(store: Store) -> int:
    """Return how many bulk imports of earlier runs were not over when last asked."""
    return _count(store, "select count(*) from engine.batch where account_id = $account and state = 'queued'")


def catalogued(store: Store) -> frozenset[str]:
    """Return the keys of the properties whose field, tag or list in the account is known."""
    rows = store.connection.execute(
        "select key from engine.property join engine.catalog using (property_id) where account_id = $account",
        {"account": ACCOUNT_ID},
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)


def users_known_there(store: Store) -> int:
    """Return how many of those who would be created the account has under their user id, as far as that was read."""
    return _count(
        store,
        """select count(distinct outbox.contact_id) from engine.outbox
        join engine.contact on contact.contact_id = outbox.contact_id
        join engine.remote_user as there on there.user_id = contact.user_id and there.account_id = $account
        where outbox.reason = 'create'""",
    )


def _count(store: Store, query: str) -> int:
    row = store.connection.execute(query, {"account": ACCOUNT_ID}).fetchone()
    return int(row[0]) if row else 0
