"""What the tests of directory and identity share: contacts of ours with addresses, and direct looks."""

from __future__ import annotations

from collections.abc import Mapping

from ac_pipeline.model.contact import Contact
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.directory import Reading, save_contacts
from ac_pipeline.store.sql import run_script
from ac_pipeline.store.store import Store
from unit.store.store_support import as_of, give_contacts, insert, rows

EMAIL, BUYERS = 1, 2
"""Property ids."""


def prepare(store: Store) -> None:
    """Give the store the address and one audience as properties."""
    for number, kind, key in ((EMAIL, "contacts", "email"), (BUYERS, "audience", "buyers")):
        store.connection.execute(
            """insert into engine.property by name
            select $number as property_id, $kind as kind, $key as key, $key as name, 'text' as value_type,
                true as declared, true as sent, 'keep' as nulls, false as explicit_false, false as to_false""",
            {"number": number, "kind": kind, "key": key},
        )


def want(store: Store, addresses: Mapping[str, str]) -> dict[str, int]:
    """Have users with desired addresses; return user id → contact id."""
    ids = give_contacts(store, addresses)
    insert(store, "engine.desired", [(EMAIL, ids[user], address) for user, address in addresses.items()])
    return ids


def know(store: Store, contact_id: int, remote_id: str, email: str) -> None:
    """Say which contact of the account one of ours is."""
    insert(store, "engine.remote_contact", [(ACCOUNT_ID, contact_id, remote_id, email)])


def tell(store: Store, contact_id: int, property_id: int, state: str, value: str, reason: str | None = None) -> None:
    """Write a row of the ledger."""
    store.connection.execute(
        """insert into engine.ledger by name select $account as account_id, $contact as contact_id,
        $property as property_id, $state as state, $value as value, $reason as reason, false as alone,
        1 as attempt_id""",
        {"account": ACCOUNT_ID, "contact": contact_id, "property": property_id, "state": state, "value": value,
         "reason": reason},
    )  # fmt: skip


def there(store: Store, addresses: Mapping[str, str]) -> None:
    """Write contacts of the account (id → address) as one page of the directory."""
    page = [Contact(number, email) for number, email in addresses.items()]
    save_contacts(store, page, "directory", Reading("0", as_of(0), complete=False))


def known(store: Store) -> dict[str, tuple[str, str]]:
    """Return user id → id and address in the account."""
    found = rows(
        store,
        """select user_id, remote_id, email from engine.remote_contact join engine.contact using (contact_id)""",
    )
    assert len({user for user, _, _ in found}) == len({number for _, number, _ in found}) == len(found)
    return {user: (number, email) for user, number, email in found}


def take_over(store: Store) -> None:
    """Do what every reconcile begins with."""
    with store.transaction():
        run_script(store.connection, "take_over", account_id=ACCOUNT_ID)
