"""Contacts of the account that imports told only the ids of: whose they are is read afterwards, and noted here."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ac_pipeline.model.contact import Contact
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.directory import stage_contacts
from ac_pipeline.store.sql import run_script
from ac_pipeline.store.store import Store


def note_unnamed(store: Store, batch_id: int, remote_ids: Collection[str]) -> None:
    """Note contacts of the account whose address is to be read, unless that is due already."""
    if remote_ids:
        store.connection.execute(
            """insert into engine.unnamed
            select $account, $batch, remote_id from (select unnest($ids::varchar[]) as remote_id) as told
            where remote_id not in (select remote_id from engine.unnamed where account_id = $account)""",
            {"account": ACCOUNT_ID, "batch": batch_id, "ids": list(remote_ids)},
        )


def next_unnamed(store: Store, asked: Collection[str], count: int, *, since: int = 0) -> list[str]:
    """Return up to `count` contacts of the account whose address is to be read, but not those that are `asked` about.

    Only those of the batches from number `since` on; older ones first.
    """
    rows = store.connection.execute(
        """select remote_id from engine.unnamed
        where account_id = $account and batch_id >= $since and remote_id not in (select unnest($asked::varchar[]))
        order by batch_id, remote_id limit $count""",
        {"account": ACCOUNT_ID, "since": since, "asked": list(asked), "count": count},
    ).fetchall()
    return [str(row[0]) for row in rows]


def count_unnamed(store: Store) -> int:
    """Return of how many contacts of the account the address is to be read."""
    row = store.connection.execute(
        "select count(*) from engine.unnamed where account_id = $account", {"account": ACCOUNT_ID}
    ).fetchone()
    return int(row[0]) if row else 0


def name_contacts(store: Store, asked: Collection[str], there: Iterable[Contact]) -> int:
    """Note which contacts of ours these are, by the address that their import was sent for; return how many are known.

    `there` are those of `asked` that the account has. One that is gone, or has another address by now, stays unknown:
    somebody looks for it by its address when it has to be told something.
    """
    with store.transaction() as connection:
        stage_contacts(store, there)
        run_script(connection, "name_contacts", account=ACCOUNT_ID, asked=list(asked))
        row = connection.execute("select count(*) from named").fetchone()
    return int(row[0]) if row else 0
