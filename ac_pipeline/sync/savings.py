"""How many requests coalescing saved, against the ordinary integration that says one thing with each request."""

from __future__ import annotations

from ac_pipeline.store.store import Store


def by_single_calls(store: Store) -> int:
    """Return the requests with which one thing at a time could have been said what this run was answered for.

    One for each contact that was told, and one for each custom field, tag and list of it. What the account must be
    asked to do that (which fields, tags and contacts it has) is not counted.
    """
    row = store.connection.execute(
        """with told as (
            select attempt.attempt_id, attempt.contact_id
            from engine.attempt join engine.outcome on outcome.attempt_id = attempt.attempt_id
            where attempt.run_id = $run and outcome.outcome = 'acknowledged'
        )
        select
            (select count(distinct contact_id) from told),
            (
                select count(*) from (
                    select distinct told.contact_id, value.property_id
                    from told
                    join engine.attempt_value as value on value.attempt_id = told.attempt_id
                    join engine.property on property.property_id = value.property_id
                    where property.kind <> 'contacts' or property.key = 'user_id'
                )
            )""",
        {"run": store.run_id},
    ).fetchone()
    contacts, values = row or (0, 0)
    return int(contacts) + int(values)
