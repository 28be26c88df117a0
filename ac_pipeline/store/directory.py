"""Which contacts the account has, as far as it was read, and which of them are ours by their address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ac_pipeline.model.contact import Contact
from ac_pipeline.store import canonical
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.sql import run_script
from ac_pipeline.store.store import Store


@dataclass(frozen=True, slots=True)
class Reading:
    """How far something of the account was read. `as_of` is UTC without a zone: what changed later may be missing."""

    cursor: str
    as_of: datetime
    complete: bool


def reading(store: Store, what: str) -> Reading | None:
    """Return how far it was read, None when it never was."""
    row = store.connection.execute(
        "select cursor, as_of, complete from engine.reading where account_id = $account and what = $what",
        {"account": ACCOUNT_ID, "what": what},
    ).fetchone()
    return Reading(str(row[0]), row[1], bool(row[2])) if row else None


def write_reading(store: Store, what: str, now_at: Reading | None) -> None:
    """Replace how far it was read; None forgets it. Belongs into the transaction that writes what was read."""
    names = {"account": ACCOUNT_ID, "what": what}
    store.connection.execute("delete from engine.reading where account_id = $account and what = $what", names)
    if now_at is not None:
        store.connection.execute(
            "insert into engine.reading values ($account, $what, $cursor, $as_of, $complete)",
            {**names, "cursor": now_at.cursor, "as_of": now_at.as_of, "complete": now_at.complete},
        )


def save_contacts(store: Store, contacts: Sequence[Contact], what: str, now_at: Reading) -> None:
    """Write a page of the directory and its cursor, in one transaction."""
    with store.transaction():
        stage_contacts(store, contacts)
        run_script(store.connection, "directory_page", account_id=ACCOUNT_ID)
        write_reading(store, what, now_at)


def finish_reading(store: Store, what: str, interim: str, now_at: Reading) -> None:
    """Note that everything was read, whether in whole or as the changes since the last time (`interim`)."""
    with store.transaction():
        write_reading(store, interim, None)
        write_reading(store, what, now_at)


def follow_addresses(store: Store) -> int:
    """Take over addresses that were changed in the account; return of how many contacts of ours."""
    rows = store.connection.execute(
        """update engine.remote_contact set email = directory.email
        from engine.directory
        where directory.account_id = $account and remote_contact.account_id = $account
            and directory.remote_id = remote_contact.remote_id
            and directory.email <> '' and directory.email <> remote_contact.email
        returning remote_contact.contact_id""",
        {"account": ACCOUNT_ID},
    ).fetchall()
    return len(rows)


def adopt_by_address(store: Store) -> int:
    """Recognise contacts of ours that the account has under the desired address; return how many."""
    with store.transaction() as connection:
        run_script(connection, "adopt_by_address", account_id=ACCOUNT_ID)
        row = connection.execute("select count(*) from adopted").fetchone()
    return int(row[0]) if row else 0


def forget_contacts(store: Store, remote_ids: Iterable[str]) -> None:
    """Drop contacts that were found deleted in the account from what is known to be there."""
    names = {"account": ACCOUNT_ID, "ids": list(remote_ids)}
    with store.transaction() as connection:
        for table in ("engine.directory", "engine.remote_user"):
            connection.execute(
                f"delete from {table} where account_id = $account and remote_id in (select unnest($ids))", names
            )


def stage_contacts(store: Store, contacts: Iterable[Contact]) -> None:
    """Write contacts into the temporary table `page` (remote_id, email as contact key, empty when there is none)."""
    found = list(contacts)
    store.connection.execute(
        f"""create or replace temp table page as
        select remote_id, coalesce({canonical.email("email")}, '') as email
        from (select unnest($ids::varchar[]) as remote_id, unnest($emails::varchar[]) as email)""",
        {"ids": [contact.id for contact in found], "emails": [contact.email for contact in found]},
    )
