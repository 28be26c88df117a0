"""What delivery needs of the account for what is pending: tags, lists, options, people who would be created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ac_pipeline.store.store import Store


@dataclass(frozen=True, slots=True)
class WantedNames:
    """Tags or lists by property key. `needed` are those without which something could not be said."""

    names: Mapping[str, str]
    needed: frozenset[str]


def wanted_tags(store: Store) -> WantedNames:
    """Return the tags that are to be put on or taken off; those to be put on are needed.

    Where tags are reset, all tags of these contacts count: they are the ones that stay.
    """
    rows = store.connection.execute(
        """with resets as (select contact_id from pending where key = 'tags_reset'),
        wanted as (
            select property_id, value = 'true' as needed from pending where kind = 'tag'
            union all
            select property_id, true from said where contact_id in (select contact_id from resets)
        )
        select property.key, any_value(property.name), bool_or(wanted.needed)
        from wanted join engine.property on property.property_id = wanted.property_id and property.kind = 'tag'
        group by property.key order by property.key"""
    ).fetchall()
    return _names(rows)


def wanted_lists(store: Store) -> WantedNames:
    """Return the lists that have something pending or that a declared audience names; the latter are needed."""
    rows = store.connection.execute(
        """with wanted as (
            select property_id, false as needed from pending where kind = 'list'
            union all
            select source.property_id, true from engine.source
            join engine.property as speaker on speaker.property_id = source.source_id
            where speaker.kind = 'audience' and speaker.declared
        )
        select property.key, any_value(property.name), bool_or(wanted.needed)
        from wanted join engine.property on property.property_id = wanted.property_id and property.kind = 'list'
        group by property.key order by property.key"""
    ).fetchall()
    return _names(rows)


def wanted_choices(store: Store, key: str) -> tuple[str, ...]:
    """Return the different choices of one trait that are pending, sorted."""
    rows = store.connection.execute(
        """select distinct choice from (
            select unnest(string_split(value, '||')) as choice from pending where key = $key
        ) where choice <> '' order by choice""",
        {"key": key},
    ).fetchall()
    return tuple(str(row[0]) for row in rows)


def many_subscriptions(store: Store, least: int) -> dict[int, str]:
    """Return the lists (property id → list id) to which so many contacts or more are to be subscribed.

    Those that are subscribed whatever they decided do not count.
    """
    rows = store.connection.execute(
        """select pending.property_id, any_value(catalog.remote_id)
        from pending join engine.catalog on catalog.property_id = pending.property_id
        where pending.kind = 'list' and pending.value = 'active' and pending.due and not pending.resubscribe
        group by pending.property_id having count(*) >= $least order by pending.property_id""",
        {"least": least},
    ).fetchall()
    return {int(property_id): str(list_id) for property_id, list_id in rows}


def people_to_create(store: Store) -> list[int]:
    """Return the contacts of the outbox that would be created."""
    rows = store.connection.execute(
        "select distinct contact_id from engine.outbox where reason = 'create' order by contact_id"
    ).fetchall()
    return [int(row[0]) for row in rows]


def has_user_ids(store: Store) -> bool:
    """Whether the contacts of this company have user ids, and are not known by their addresses alone."""
    row = store.connection.execute(
        """select 1 from engine.desired join engine.property using (property_id)
        where property.key = 'user_id' and property.sent limit 1"""
    ).fetchone()
    return row is not None


def _names(rows: list[tuple[str, str, bool]]) -> WantedNames:
    return WantedNames(
        {str(key): str(name) for key, name, _ in rows}, frozenset(str(key) for key, _, needed in rows if needed)
    )
