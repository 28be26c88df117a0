"""Say again what was refused or acknowledged: marks in the ledger that make it due with the next sync."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ac_pipeline.model.declaration import Destination
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.outbox import fill_outbox, reconcile
from ac_pipeline.store.sql import run_script
from ac_pipeline.store.store import Store
from ac_pipeline.store.wanted import many_subscriptions

_REFUSED = """account_id = $account and state = 'rejected'
    and contains(lower(coalesce(reason, '')), lower($text))"""


@dataclass(frozen=True, slots=True)
class Marked:
    """What was made due again, and what the next sync does about it, as far as it can be known without asking."""

    contacts: int
    """Contacts that are told something again."""
    values: int
    in_bulk: int
    """Those of them that go by bulk import, which can keep automations from starting."""
    calls: int
    """Single calls for them, roughly: what an import cannot say of its contacts included."""
    others: int
    """Contacts that the next sync tells something new."""
    withheld: Mapping[str, int] = field(default_factory=dict)


def retry_refused(store: Store, text: str = "") -> dict[str, int]:
    """Make refused values whose reason contains `text` (in any case) due again; return reason → contacts."""
    names = {"account": ACCOUNT_ID, "text": text}
    with store.transaction() as connection:
        found = connection.execute(
            f"""select coalesce(reason, ''), count(distinct contact_id) from engine.ledger where {_REFUSED}
            group by 1 order by 2 desc, 1""",
            names,
        ).fetchall()
        connection.execute(
            f"update engine.ledger set state = 'unknown', reason = 'retry', alone = false where {_REFUSED}", names
        )
    return {str(reason): int(contacts) for reason, contacts in found}


def mark_unknown(store: Store, keys: Collection[str], destination: Destination, *, real_account: bool) -> Marked:
    """Make what was acknowledged of these properties due again, leavers included, and plan the next sync.

    Values that nobody would say now, such as those of a list that leavers stay on, are left as they are.
    Calling it again changes nothing.
    """
    with store.transaction() as connection:
        run_script(connection, "resend", account_id=ACCOUNT_ID, keys=list(keys))
        reconcile(store)
        connection.execute(
            """update engine.ledger set state = 'acknowledged', reason = null
            where account_id = $account and state = 'unknown' and reason = 'resend' and not exists (
                select 1 from pending
                where pending.contact_id = ledger.contact_id and pending.property_id = ledger.property_id
            )""",
            {"account": ACCOUNT_ID},
        )
        # The sync reads who opted out of these lists, after which imports may subscribe the others.
        connection.execute(
            "create or replace temp table checked_list as select unnest($ids::integer[]) as property_id",
            {"ids": list(many_subscriptions(store, destination.import_from))},
        )
        planned = fill_outbox(store, destination, real_account=real_account)
        return _forecast(store, planned.contacts, planned.withheld)


def _forecast(store: Store, planned: int, withheld: Mapping[str, int]) -> Marked:
    """Count what is said again in the outbox."""
    row = store.connection.execute(
        """with again as (select contact_id, count(*) as said from pending where resend group by contact_id),
        sent as (
            select distinct contact_id, route = 'bulk' as in_bulk from engine.outbox join again using (contact_id)
        ),
        single as (
            -- What an import cannot say of its contacts goes by single calls afterwards.
            select route.contact_id, sum(route.requests) + bool_or(route.requests = 0)::integer as requests
            from value_route as route
            join again using (contact_id)
            left join by_bulk using (contact_id)
            where by_bulk.contact_id is null or not route.in_bulk
            group by route.contact_id
        )
        select
            (select count(*) from again), (select coalesce(sum(said), 0) from again),
            (select count(*) from sent where in_bulk), (select coalesce(sum(requests), 0) from single),
            (select count(distinct contact_id) from sent)"""
    ).fetchone()
    contacts, values, in_bulk, single, sent = (int(number) for number in row or (0, 0, 0, 0, 0))
    return Marked(contacts, values, in_bulk, single, planned - sent, withheld)
