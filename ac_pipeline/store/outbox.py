"""Reconcile desired with the ledger, and what follows: the outbox and the contacts withheld."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ac_pipeline.errors import Inconsistent
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.sql import run_script
from ac_pipeline.store.store import Store


@dataclass(frozen=True, slots=True)
class Planned:
    """What a sync will do, in contacts. `withheld` counts, by reason, those that may not be sent now."""

    contacts: int
    creates: int
    withheld: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One contact to send. `route` is sync (by e-mail) or rename (by `remote_id`)."""

    contact_id: int
    route: str
    remote_id: str | None
    payload: str


def reconcile(store: Store) -> None:
    """Compute desired minus acknowledged into the temporary table `pending`."""
    with store.transaction() as connection:
        run_script(connection, "take_over", account_id=ACCOUNT_ID)
        run_script(connection, "reconcile", account_id=ACCOUNT_ID)


def fill_outbox(store: Store, *, with_name: bool, real_account: bool = False) -> Planned:
    """Write the outbox anew from `pending`; a newer desired state supersedes what was not sent.

    `with_name`: a member becomes a contact only with a first or last name. `real_account`: people at domains that
    are reserved for examples are withheld.
    """
    with store.transaction() as connection:
        run_script(connection, "plan", account_id=ACCOUNT_ID, with_name=with_name, real_account=real_account)
        run_script(connection, "outbox", account_id=ACCOUNT_ID)
        row = connection.execute(
            "select count(*), count(*) filter (where reason = 'create') from engine.outbox"
        ).fetchone()
        withheld = connection.execute(
            "select reason, count(*) from engine.withheld group by reason order by reason"
        ).fetchall()
    contacts, creates = row or (0, 0)
    return Planned(int(contacts), int(creates), {str(reason): int(count) for reason, count in withheld})


def require_fields(store: Store) -> None:
    """Raise Inconsistent when a value of the outbox has no custom field: it would be dropped in silence."""
    rows = store.connection.execute(
        """select distinct property.key
        from engine.outbox_value as value
        join engine.property on property.property_id = value.property_id and property.kind <> 'contacts'
        left join engine.catalog_field as field
            on field.property_id = value.property_id and field.account_id = $account
        where field.field_id is null order by 1""",
        {"account": ACCOUNT_ID},
    ).fetchall()
    if rows:
        names = ", ".join(str(row[0]) for row in rows)
        raise Inconsistent(f"No custom field is known for {names}. Nothing was sent.", "Run the sync again.")


def next_rows(store: Store, after: int, count: int) -> list[tuple[int, OutboxRow]]:
    """Return up to `count` rows with their positions, in order, behind position `after`."""
    rows = store.connection.execute(
        """select position, contact_id, route, remote_id, payload from engine.outbox
        where position > $after order by position limit $count""",
        {"after": after, "count": count},
    ).fetchall()
    return [(int(row[0]), OutboxRow(int(row[1]), row[2], row[3], row[4])) for row in rows]


def unresolved_addresses(store: Store) -> list[tuple[int, str]]:
    """Return contact id and address of those of whom nobody knows whether they became contacts."""
    rows = store.connection.execute(
        """select distinct withheld.contact_id, ledger.value
        from engine.withheld
        join engine.ledger on ledger.contact_id = withheld.contact_id and ledger.account_id = $account
        join engine.property on property.property_id = ledger.property_id and property.key = 'email'
        where withheld.reason = 'may_not_exist'
        order by withheld.contact_id""",
        {"account": ACCOUNT_ID},
    ).fetchall()
    return [(int(contact_id), str(email)) for contact_id, email in rows]


def resolve_existence(store: Store, contact_id: int, email: str, remote_id: str | None) -> None:
    """Note what a look at the account showed: the contact with that address, or that there is none."""
    names = {"account": ACCOUNT_ID, "contact": contact_id}
    with store.transaction() as connection:
        if remote_id is None:
            connection.execute("delete from engine.ledger where account_id = $account and contact_id = $contact", names)
        else:
            connection.execute(
                "insert into engine.remote_contact values ($account, $contact, $remote, $email)",
                {**names, "remote": remote_id, "email": email},
            )
