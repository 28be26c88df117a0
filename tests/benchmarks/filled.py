"""A store with many contacts, written directly: what a warehouse said of them, and what the account was told."""

from __future__ import annotations

from ac_pipeline.model.account import Account
from ac_pipeline.model.declaration import Destination, ValueType
from ac_pipeline.store.account import ACCOUNT_ID, bind_account, save_catalog
from ac_pipeline.store.properties import register
from ac_pipeline.store.store import Store
from unit.sync.sync_declarations import audience, declarations, trait

AUDIENCES, TRAITS = 20, 10
COLUMNS = {
    "email": "'user' || n || '@shop-example.com'",
    "first_name": "'First' || n",
    "last_name": "'Last' || n",
    "user_id": "n::varchar",
}
"""Contact columns that have values, as SQL over the contact's number."""
PROPERTIES = len(COLUMNS) + AUDIENCES + TRAITS
DESTINATION = Destination()
_AT_ONCE = 250_000
"""Contacts written in one statement, which bounds memory."""


def fill_desired(store: Store, contacts: int) -> None:
    """Let so many contacts be members of every audience and have every trait; the account was told nothing."""
    audiences = [audience(f"Audience {number}") for number in range(1, AUDIENCES + 1)]
    traits = [trait(f"Trait {number}", ValueType.NUMBER) for number in range(1, TRAITS + 1)]
    ids = register(store, declarations(*audiences, *traits))
    values = {
        **COLUMNS,
        **dict.fromkeys((item.key for item in audiences), "'true'"),
        **{item.key: f"(n * 7 + {number})::varchar" for number, item in enumerate(traits)},
    }
    bind_account(store, Account("localhost", "account"))
    save_catalog(store, {key: str(ids[key]) for key in values if key not in COLUMNS or key == "user_id"})
    connection = store.connection
    connection.execute(
        "insert into engine.contact by name select n as contact_id, n::varchar as user_id from range(1, $end) as t(n)",
        {"end": contacts + 1},
    )
    for key, value in values.items():
        connection.execute(
            f"""insert into engine.desired by name
            select $property as property_id, n as contact_id, {value} as value from range(1, $end) as t(n)""",
            {"property": ids[key], "end": contacts + 1},
        )
    connection.execute("checkpoint")


def fill_ledger(store: Store, *, unlike: bool) -> None:
    """Let the account have been told everything and have confirmed it; `unlike`: other memberships and traits."""
    connection = store.connection
    for table in ("ledger", "remote_contact"):
        connection.execute(f"delete from engine.{table}")
    connection.execute(
        """insert into engine.remote_contact by name
        select $account as account_id, contact_id, contact_id::varchar as remote_id, value as email
        from engine.desired join engine.property using (property_id) where property.key = 'email'""",
        {"account": ACCOUNT_ID},
    )
    row = connection.execute("select max(contact_id) from engine.contact").fetchone()
    for first in range(1, int(row[0]) + 1 if row else 0, _AT_ONCE):
        connection.execute(
            """insert into engine.ledger by name
            select
                $account as account_id, contact_id, property_id, 'acknowledged' as state,
                case when $unlike and property.kind = 'audience' then 'false'
                when $unlike and property.kind = 'trait' then desired.value || '1' else desired.value end as value,
                null as reason, false as alone, contact_id as attempt_id
            from engine.desired join engine.property using (property_id)
            where contact_id between $first and $last
            order by contact_id, property_id""",
            {"account": ACCOUNT_ID, "unlike": unlike, "first": first, "last": first + _AT_ONCE - 1},
        )
    connection.execute("checkpoint")
