"""Users of extracted rows: who they are, and their dense contact ids."""

from __future__ import annotations

from datetime import datetime

from ac_pipeline.store.store import Store


def give_ids(store: Store, users: str) -> None:
    """Give the users of a query (one column `user_id`) contact ids where they have none, in the order of the users."""
    store.connection.execute(
        f"""insert into engine.contact
        select nextval('engine.contact_ids'), user_id
        from (
            select distinct seen.user_id from ({users}) as seen
            left join engine.contact on contact.user_id = seen.user_id
            where contact.user_id is null
            order by seen.user_id
        )"""
    )


def users_of_emails(store: Store, as_of: datetime) -> None:
    """Make `known` of `rows(who, …)` whose `who` is an address, by adding `user_id`.

    Users are found among the contacts as of the window, otherwise as last known.
    """
    store.connection.execute(
        """create or replace temp table known as
        with email as (select property_id from engine.property where key = 'email'),
        then_known as (
            select history.value as email, min(contact.user_id) as user_id
            from engine.history join email using (property_id) join engine.contact using (contact_id)
            where valid_from <= $as_of and valid_to > $as_of group by 1
        ),
        last_known as (
            select desired.value as email, min(contact.user_id) as user_id
            from engine.desired join email using (property_id) join engine.contact using (contact_id) group by 1
        )
        select rows.*, coalesce(then_known.user_id, last_known.user_id) as user_id
        from rows
        left join then_known on then_known.email = rows.who
        left join last_known on last_known.email = rows.who""",
        {"as_of": as_of},
    )
