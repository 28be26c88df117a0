"""Retired declarations: their files are gone, and nothing is sent for them until a person asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.store import Store


@dataclass(frozen=True, slots=True)
class Retired:
    """A declaration without a file. `told` are contacts that were told, or may have been told, that they are members.

    `to_false` says that their exits were asked for.
    """

    key: str
    kind: str
    told: int
    to_false: bool


def retired(store: Store) -> tuple[Retired, ...]:
    """Return all retired declarations, by key."""
    rows = store.connection.execute(
        """with told as (
            select coalesce(source.source_id, ledger.property_id) as property_id, ledger.contact_id
            from engine.ledger
            left join engine.source on source.property_id = ledger.property_id
            where ledger.account_id = $account
                and (ledger.state <> 'acknowledged' or ledger.value in ('true', 'active'))
        )
        select property.key, property.kind, count(distinct told.contact_id), property.to_false
        from engine.property left join told on told.property_id = property.property_id
        where not property.declared and property.kind in ('audience', 'trait')
        group by all order by property.key""",
        {"account": ACCOUNT_ID},
    ).fetchall()
    return tuple(Retired(str(key), str(kind), int(told), bool(to_false)) for key, kind, told, to_false in rows)


def end_memberships(store: Store, key: str) -> None:
    """Make everybody leave a retired audience: the next sync tells them, and takes its tag back."""
    names = {"key": key}
    with store.transaction() as connection:
        connection.execute("update engine.property set to_false = true where key = $key", names)
        connection.execute(
            "delete from engine.desired using engine.property"
            " where desired.property_id = property.property_id and property.key = $key",
            names,
        )
