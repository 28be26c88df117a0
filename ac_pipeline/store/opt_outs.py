"""Who opted out of a list, bounced, or did not confirm: contacts of ours, as the account said when it was asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ac_pipeline.model.contact import Contact
from ac_pipeline.model.delivery import OPT_OUT_REASONS
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.directory import stage_contacts
from ac_pipeline.store.ledger import refuse_pending
from ac_pipeline.store.sql import run_script
from ac_pipeline.store.store import Store


def begin_opt_outs(store: Store) -> None:
    """Empty the temporary table that gathers the opt-outs of one list."""
    store.connection.execute(
        "create or replace temp table opted_out (remote_id varchar, email varchar, reason varchar)"
    )


def gather_opt_outs(store: Store, contacts: Iterable[Contact], reason: str) -> None:
    """Add contacts of the account to the opt-outs of the list."""
    stage_contacts(store, contacts)
    store.connection.execute("insert into opted_out select remote_id, email, $reason from page", {"reason": reason})


def replace_opt_outs(store: Store, property_id: int) -> int:
    """Make what was gathered all there is of a list, in one transaction; return contacts of ours.

    Contacts that were known before with the same reason keep the moment at which they were found.
    """
    with store.transaction() as connection:
        run_script(connection, "opt_outs", account_id=ACCOUNT_ID, property_id=property_id, now=store.now())
        row = connection.execute("select count(*) from ours_opted_out").fetchone()
    return int(row[0]) if row else 0


def refuse_opted_out(store: Store, property_ids: Collection[int]) -> int:
    """Refuse the pending subscriptions of those who opted out of these lists, whose opt-outs were read just now.

    From now on the others may be subscribed by bulk import. Returns how many were refused.
    """
    refused = 0
    for reason in OPT_OUT_REASONS:
        refused += refuse_pending(
            store,
            """kind = 'list' and value = 'active' and not resubscribe and exists (
                select 1 from engine.opt_out
                where opt_out.contact_id = pending.contact_id and opt_out.property_id = pending.property_id
                    and opt_out.reason = $why and list_contains($lists, opt_out.property_id)
            )""",
            reason,
            why=reason,
            lists=list(property_ids),
        )
    store.connection.execute(
        "create or replace temp table checked_list as select unnest($ids::integer[]) as property_id",
        {"ids": list(property_ids)},
    )
    return refused
