"""Who a contact of the account is: by the user id it keeps there, and after an address turned out to be taken."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from ac_pipeline.model.contact import Contact, ContactValue
from ac_pipeline.store import canonical
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.directory import Reading, stage_contacts, write_reading
from ac_pipeline.store.sql import run_script, sql
from ac_pipeline.store.store import Store

DUPLICATE = "duplicate"
"""The service's own code for an address that another contact has (reference, section 3)."""


@dataclass(frozen=True, slots=True)
class RefusedRename:
    """A contact of ours that could not get its new address. No repr shows it."""

    contact_id: int
    remote_id: str
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SecondContact:
    """A contact of ours whose address another contact of the account has, not the one it is known as: `left`.

    Somebody gave that one another address over there, and an import by address then made the other. No repr shows it.
    """

    contact_id: int
    left: Contact
    holder_id: str
    email: str = field(repr=False)


def save_user_ids(store: Store, values: Sequence[ContactValue], what: str, now_at: Reading) -> None:
    """Write a page of the account's user ids and how far it was read, in one transaction."""
    with store.transaction() as connection:
        connection.execute(
            f"""create or replace temp table page as
            select remote_id, {canonical.text("value")} as user_id
            from (select unnest($ids::varchar[]) as remote_id, unnest($values::varchar[]) as value)""",
            {"ids": [value.contact_id for value in values], "values": [value.value for value in values]},
        )
        connection.execute(
            """delete from engine.remote_user using page
            where remote_user.account_id = $account and remote_user.remote_id = page.remote_id""",
            {"account": ACCOUNT_ID},
        )
        connection.execute(
            """insert into engine.remote_user
            select $account, remote_id, any_value(user_id) from page where user_id is not null group by remote_id""",
            {"account": ACCOUNT_ID},
        )
        write_reading(store, what, now_at)


def forget_user_ids(store: Store, what: str) -> None:
    """Forget all user ids of the account and that they were read."""
    with store.transaction() as connection:
        connection.execute("delete from engine.remote_user where account_id = $account", {"account": ACCOUNT_ID})
        write_reading(store, what, None)


def remote_ids_of_users(store: Store, contact_ids: Collection[int]) -> list[str]:
    """Return the account's contacts that keep the user id of one of these, which are not known there."""
    rows = store.connection.execute(
        f"select distinct remote_id from ({sql('same_user')}) as same_user order by remote_id",
        {"account_id": ACCOUNT_ID, "contacts": list(contact_ids)},
    ).fetchall()
    return [str(row[0]) for row in rows]


def adopt_users(store: Store, contact_ids: Collection[int], there: Iterable[Contact]) -> tuple[int, int]:
    """Recognise contacts of ours by the user id, among `there` with their present addresses.

    Where several have the same user id: the one that has the desired address, else the oldest. Returns how many
    were recognised, and for how many of them several came into question.
    """
    with store.transaction() as connection:
        stage_contacts(store, there)
        connection.execute(
            f"create or replace temp table same_user as {sql('same_user')}",
            {"account_id": ACCOUNT_ID, "contacts": list(contact_ids)},
        )
        run_script(connection, "adopt_by_user_id", account_id=ACCOUNT_ID)
        row = connection.execute("select count(*), count(*) filter (where candidates > 1) from adopted").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def refused_renames(store: Store) -> list[RefusedRename]:
    """Return the contacts whose address is refused because another contact has it, as far as outcomes are folded."""
    rows = store.connection.execute(
        """select own.contact_id, own.remote_id, ledger.value
        from engine.ledger
        join engine.property on property.property_id = ledger.property_id and property.key = 'email'
        join engine.desired
            on desired.property_id = ledger.property_id and desired.contact_id = ledger.contact_id
            and desired.value = ledger.value
        join engine.remote_contact as own on own.account_id = ledger.account_id and own.contact_id = ledger.contact_id
        where ledger.account_id = $account and ledger.state = 'rejected' and ledger.reason = $duplicate
            and own.email <> ledger.value
        order by own.contact_id""",
        {"account": ACCOUNT_ID, "duplicate": DUPLICATE},
    ).fetchall()
    return [RefusedRename(int(row[0]), str(row[1]), str(row[2])) for row in rows]


def note_holder(store: Store, refused: RefusedRename, holder_id: str) -> bool:
    """Note which contact of the account has the refused address; what was refused becomes due again.

    One that is none of ours gets a contact of its own, that wants no address: take_over.sql then hands it to the
    user and leaves the user's old one behind. That is a conflict, and the return value says whether it is one.
    """
    names = {"account": ACCOUNT_ID, "contact": refused.contact_id, "holder": holder_id}
    with store.transaction() as connection:
        moved = connection.execute(
            """update engine.remote_contact set email = $email
            where account_id = $account and remote_id = $holder returning contact_id""",
            {"account": ACCOUNT_ID, "holder": holder_id, "email": refused.email},
        ).fetchall()
        if not moved:
            run_script(
                connection, "conflict", **names, left=refused.remote_id, email=refused.email, now=store.now(),
                user=f"former contact {holder_id}",
            )  # fmt: skip
        connection.execute(
            """update engine.ledger set state = 'unknown', reason = null
            where account_id = $account and contact_id = $contact and state = 'rejected' and reason = $duplicate""",
            {"account": ACCOUNT_ID, "contact": refused.contact_id, "duplicate": DUPLICATE},
        )
    return not moved


def note_second_contact(store: Store, second: SecondContact) -> bool:
    """Note that the contact which has the address is the user's, and where the one is that they had.

    What holds of a refused rename: see note_holder. What the import said is to count as unknown, because it was
    said to the other contact.
    """
    names = {"account": ACCOUNT_ID, "holder": second.holder_id}
    with store.transaction() as connection:
        connection.execute(
            "update engine.remote_contact set email = $email where account_id = $account and remote_id = $left",
            {"account": ACCOUNT_ID, "left": second.left.id, "email": second.left.email.strip().lower()},
        )
        # If it is one of ours, the import told it what is another's.
        connection.execute(
            """update engine.ledger set state = 'unknown'
            where account_id = $account and contact_id in (
                select contact_id from engine.remote_contact where account_id = $account and remote_id = $holder
            )""",
            names,
        )
        return note_holder(store, RefusedRename(second.contact_id, second.left.id, second.email), second.holder_id)
