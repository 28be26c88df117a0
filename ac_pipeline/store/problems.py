"""Rows of the warehouse that could not be used: listed, counted, and kept from clearing anything."""

from __future__ import annotations

from datetime import datetime

from ac_pipeline.store.store import Store

OF_A_VALUE = ("invalid_value", "nested_value", "too_long", "invalid_tags", "unknown_status", "invalid_lists")
"""The contact is known, something it should have could not be read."""


def forget_problems(store: Store, key: str, as_of: datetime) -> None:
    """Drop what was listed for a declaration up to a window: only the newest window's problems are kept."""
    store.connection.execute(
        "delete from engine.problem where key = $key and as_of <= $as_of", {"key": key, "as_of": as_of}
    )


def record_problems(store: Store, key: str, as_of: datetime) -> None:
    """List what the temporary table `problem_rows(kind, user_id)` holds; those without a user are only counted."""
    store.connection.execute(
        """insert into engine.problem
        select $as_of, $key, kind, user_id, count(*) from problem_rows
        where not exists (select 1 from engine.computed_window where as_of > $as_of)
        group by kind, user_id""",
        {"as_of": as_of, "key": key},
    )


def problems(store: Store, as_of: datetime) -> dict[str, int]:
    """Return how many rows of a window could not be used, by `declaration: kind`."""
    rows = store.connection.execute(
        """select key || ': ' || kind, sum(rows) from engine.problem where as_of = $as_of group by 1 order by 1""",
        {"as_of": as_of},
    ).fetchall()
    return {str(what): int(count) for what, count in rows}


def problem_examples(store: Store, as_of: datetime) -> dict[str, tuple[str, ...]]:
    """Return up to three users of each `declaration: kind`, by user id.

    No address is shown: who is known by one appears as `contact 12`, or not at all while it is no contact. What
    was refused as an address may be anything, so it counts as one where the contacts have no user ids.
    """
    rows = store.connection.execute(
        """with keyed as (
            select exists (
                select 1 from engine.snapshot join engine.property using (property_id)
                where kind = 'contacts' and key = 'user_id'
            ) as by_user_id
        ),
        named as (
            select distinct problem.key || ': ' || problem.kind as what, case
                when not contains(problem.user_id, '@') and (keyed.by_user_id or problem.kind <> 'invalid_email')
                then problem.user_id
                else 'contact ' || contact.contact_id
            end as name
            from engine.problem cross join keyed
            left join engine.contact on contact.user_id = problem.user_id
            where problem.as_of = $as_of
        )
        select what, list(name order by length(name), name)[:3]
        from named where name is not null group by what order by what""",
        {"as_of": as_of},
    ).fetchall()
    return {str(what): tuple(str(name) for name in names) for what, names in rows}


def unusable_users(store: Store, key: str, as_of: datetime) -> str:
    """Make the temporary table `unusable(contact_id)`, unique, and return its name.

    It holds who has a value in the newest window's rows of a declaration that could not be read: what is
    missing from the snapshot of such a contact may not be taken as gone.
    """
    store.connection.execute(
        """create or replace temp table unusable as
        select distinct contact.contact_id
        from engine.problem join engine.contact on contact.user_id = problem.user_id
        where problem.key = $key and problem.as_of = $as_of and list_contains($kinds, problem.kind)""",
        {"key": key, "as_of": as_of, "kinds": list(OF_A_VALUE)},
    )
    return "unusable"
