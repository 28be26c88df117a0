"""Reconcile desired with the ledger, and what follows: the outbox and the contacts withheld."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from ac_pipeline.errors import Inconsistent
from ac_pipeline.model.declaration import CreateContacts, CreateFor, Destination
from ac_pipeline.model.delivery import NOT_TAKEN, OPT_OUT_REASONS
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.settled import unsettled
from ac_pipeline.store.sql import run_script
from ac_pipeline.store.store import Store

IMPORTABLE = r"""[^\s"'(),:;<>@\[\\\]]+@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"""
"""Addresses that bulk import takes; for one outside its rule it refuses the whole batch (reference, section 6.3)."""


IMPORT_LIMIT = 900.0
"""Seconds after which an import that nobody can be asked about is not expected any more; the service says nothing of
it. Until then nothing else is said of what it says."""


PART, AFTER_ALL = 122_880, 2**31 - 1
"""Contacts whose requests are written at a time (a row group of DuckDB), and what no contact id reaches."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a sync will do, in contacts. `withheld` counts, by reason, those that may not be sent now."""

    contacts: int
    creates: int
    withheld: Mapping[str, int] = field(default_factory=dict)
    left_over: bool = False
    """Whether a bulk import leaves something of its contacts for a single call afterwards."""


@dataclass(frozen=True, slots=True)
class OutboxStep:
    """One request about a contact. `payload` depends on the route.

    sync, update: the body of contact/sync and of PUT contacts/{id}; untag: JSON with the tag ids to `remove`, or to
    `keep` while every other goes; tag: the tag's id; list: JSON with `list`, `status` and `resubscribe`.
    """

    number: int
    route: str
    payload: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutboxContact:
    """One contact to send, with its steps in order; `remote_id` is None for one that is not known to exist."""

    contact_id: int
    remote_id: str | None
    steps: tuple[OutboxStep, ...]


def reconcile(store: Store) -> None:
    """Compute desired minus acknowledged into the temporary table `pending`."""
    with store.transaction() as connection:
        run_script(connection, "take_over", account_id=ACCOUNT_ID)
        run_script(connection, "reconcile", account_id=ACCOUNT_ID)
        for first, following in unsettled(connection):
            run_script(
                connection, "pending", account_id=ACCOUNT_ID, opt_outs=list(OPT_OUT_REASONS), first=first,
                next=following,
            )  # fmt: skip


def fill_outbox(
    store: Store, destination: Destination, *, real_account: bool = False, import_limit: float = IMPORT_LIMIT
) -> Planned:
    """Write the outbox anew from `pending`; a newer desired state supersedes what was not sent.

    `destination` says who may become a contact. `real_account`: people at domains that are reserved for examples
    are withheld.
    """
    with store.transaction() as connection:
        run_script(
            connection,
            "plan",
            account_id=ACCOUNT_ID,
            may_create=destination.create_contacts is not CreateContacts.NEVER,
            with_name=destination.create_contacts is CreateContacts.WITH_NAME,
            for_traits=CreateFor.TRAITS in destination.create_contacts_for,
            for_contacts=CreateFor.CONTACTS in destination.create_contacts_for,
            real_account=real_account,
            may_still_come=store.now() - timedelta(seconds=import_limit),
        )
        run_script(
            connection, "route", account_id=ACCOUNT_ID, importable=IMPORTABLE, bulk_from=destination.import_from,
            not_taken=list(NOT_TAKEN),
        )  # fmt: skip
        for first, following in _parts(store):
            run_script(connection, "outbox", account_id=ACCOUNT_ID, first=first, next=following)
        row = connection.execute(
            """select count(distinct contact_id), count(distinct contact_id) filter (where reason = 'create')
            from engine.outbox"""
        ).fetchone()
        withheld = connection.execute(
            "select reason, count(*) from engine.withheld group by reason order by reason"
        ).fetchall()
        left_over = connection.execute("select 1 from by_bulk where left_over limit 1").fetchone()
    contacts, creates = row or (0, 0)
    reasons = {str(reason): int(count) for reason, count in withheld}
    return Planned(int(contacts), int(creates), reasons, left_over=left_over is not None)


def _parts(store: Store) -> list[tuple[int, int]]:
    """Return ranges of contact ids, `[first, next)`, with PART contacts of the plan each."""
    rows = store.connection.execute(
        """select contact_id from (
            select contact_id, row_number() over (order by contact_id) as number from sent_contact
        ) where (number - 1) % $part = 0 order by contact_id""",
        {"part": PART},
    ).fetchall()
    starts = [int(row[0]) for row in rows]
    return list(zip(starts, [*starts, AFTER_ALL][1:], strict=True))


def unnamed(store: Store) -> list[str]:
    """Return the keys of the outbox's properties for which no field, tag or list of the account is known."""
    rows = store.connection.execute(
        """with said as (select distinct property_id, value <> 'false' as kept from engine.outbox_value)
        select distinct property.key
        from said
        join engine.property on property.property_id = said.property_id
            and (property.kind <> 'contacts' or property.key = 'user_id')
        left join engine.catalog on catalog.property_id = said.property_id and catalog.account_id = $account
        where catalog.remote_id is null and not (property.kind = 'tag' and not said.kept) order by 1""",
        {"account": ACCOUNT_ID},
    ).fetchall()
    return [str(row[0]) for row in rows]


def require_catalog(store: Store) -> None:
    """Raise Inconsistent when a value of the outbox has no field, tag or list: it would be dropped in silence."""
    if names := ", ".join(unnamed(store)):
        raise Inconsistent(f"Nothing is known in the account for {names}. Nothing was sent.", "Run the sync again.")


def next_contacts(store: Store, after: int, count: int) -> list[OutboxContact]:
    """Return up to `count` contacts that go by single calls, behind position `after`, in order."""
    rows = store.connection.execute(
        """select contact_id, remote_id, step, route, payload from engine.outbox
        where route <> 'bulk' and position > $after and position <= $after + $count order by position, step""",
        {"after": after, "count": count},
    ).fetchall()
    steps: dict[tuple[int, str | None], list[OutboxStep]] = {}
    for contact_id, remote_id, number, route, payload in rows:
        steps.setdefault((int(contact_id), remote_id), []).append(OutboxStep(int(number), route, payload))
    return [
        OutboxContact(contact_id, remote_id, tuple(of_contact)) for (contact_id, remote_id), of_contact in steps.items()
    ]


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
