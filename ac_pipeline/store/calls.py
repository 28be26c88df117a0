"""What a script says of one contact: whom it means, values in the forms of the warehouse's, steps for the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from ac_pipeline.model.properties import PropertyKind
from ac_pipeline.store.account import ACCOUNT_ID
from ac_pipeline.store.ledger import begin_attempts, fold
from ac_pipeline.store.outbox import OutboxStep
from ac_pipeline.store.sql import run_script, sql
from ac_pipeline.store.store import Store


class AddressInUse(Exception):
    """The address is known to be another user's."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a call is about. No repr shows it.

    `remote_id` and `known_email`: the contact of the account, where one is known. `attempted_email`: the address of a
    creation whose end is not known, or that told no id. `desired_email` and `has_name`: what the warehouse says.
    `importing`: inside a bulk import that is not over, or may still come.
    """

    contact_id: int
    user_id: str = field(repr=False)
    remote_id: str | None = None
    known_email: str | None = field(default=None, repr=False)
    attempted_email: str | None = field(default=None, repr=False)
    desired_email: str | None = field(default=None, repr=False)
    has_name: bool = False
    importing: bool = False


@dataclass(frozen=True, slots=True)
class CallStep:
    """One request to be made, with what it says: property id → value."""

    step: OutboxStep
    values: Mapping[int, str] = field(repr=False)


def find_person(store: Store, user_id: str | None, email: str | None, *, import_limit: float) -> Person | None:
    """Return whom a user id, an address or both mean; None for somebody who was never heard of.

    Somebody who was known by the address alone is who gives it with a user id (see `recognise`). Raises AddressInUse
    when the address is that of another user's contact.
    """
    own = _number(store, "select contact_id from engine.contact where user_id = $user", user=user_id)
    holder = _number(
        store,
        "select min(contact_id) from engine.remote_contact where account_id = $account and email = $email",
        account=ACCOUNT_ID,
        email=email,
    )
    if user_id is None:
        chosen = holder or _number(
            store,
            """select min(contact_id) from (
                select contact_id from engine.desired join engine.property using (property_id)
                where property.key = 'email' and value = $email
                union all select contact_id from engine.contact where user_id = $email
            )""",
            email=email,
        )
    elif holder is not None and holder != own:
        if not known_by_address(store, holder) or (own is not None and _person(store, own, import_limit).remote_id):
            raise AddressInUse
        chosen = holder
    else:
        chosen = own
    return None if chosen is None else _person(store, chosen, import_limit)


def new_person(store: Store, user_id: str | None, email: str | None) -> Person:
    """Give somebody who was never heard of an id; without a user id they are known by the address."""
    name = user_id or email or ""
    number = _number(
        store,
        "insert into engine.contact values (nextval('engine.contact_ids'), $user) returning contact_id",
        user=name,
    )
    return Person(number or 0, name)


def recognise(store: Store, person: Person, user_id: str, *, import_limit: float) -> Person:
    """Give somebody who was known by the address alone a user id; what they were told stays told.

    Whom the warehouse knows by the address is left as they are.
    """
    names = {"person": person.contact_id, "user": user_id, "account": ACCOUNT_ID}
    if person.user_id == user_id or person.desired_email is not None or not known_by_address(store, person.contact_id):
        return person
    with store.transaction() as connection:
        known = _number(store, "select contact_id from engine.contact where user_id = $user", user=user_id)
        if known is None:
            connection.execute(
                "update engine.contact set user_id = $user where contact_id = $person",
                {name: names[name] for name in ("user", "person")},
            )
            return replace(person, user_id=user_id)
        run_script(connection, "call_recognise", **names, known=known)
    return _person(store, known, import_limit)


def known_by_address(store: Store, contact_id: int) -> bool:
    """Whether somebody has no user id but the address that a script gave."""
    return "@" in _user_id(store, contact_id)


def owner_of(store: Store, remote_id: str) -> int | None:
    """Return which contact of ours a contact of the account is."""
    return _number(
        store,
        "select min(contact_id) from engine.remote_contact where account_id = $account and remote_id = $remote",
        account=ACCOUNT_ID,
        remote=remote_id,
    )


def person_of_id(store: Store, contact_id: int, *, import_limit: float) -> Person:
    """Return what is known of a contact of ours."""
    return _person(store, contact_id, import_limit)


def spoken(store: Store, contact_id: int) -> Mapping[str, tuple[int, str, str]]:
    """Return the tags and lists that declarations give a contact now: property key → property id, name and value."""
    rows = store.connection.execute(sql("call_spoken"), {"contact": contact_id}).fetchall()
    return {str(key): (int(property_id), str(name), str(value)) for property_id, key, name, value in rows}


def property_of_call(store: Store, key: str, name: str) -> int:
    """Return the id of the property by which scripts say something that no declaration carries."""
    known = _number(store, "select property_id from engine.property where key = $key", key=key)
    return known or (
        _number(
            store,
            """insert into engine.property values (nextval('engine.property_ids'), $kind, $key, $name, 'text',
            'said by scripts', false, false, 'keep', false, false) returning property_id""",
            kind=PropertyKind.CALL.value,
            key=key,
            name=name,
        )
        or 0
    )


def begin_call(store: Store, person: Person, email: str, steps: Sequence[CallStep]) -> dict[int, int]:
    """Write the attempts of a call, durably, before any request; return step number → attempt id.

    They go by way of the outbox, as those of a sync do; what a sync had planned for the contact is planned again.
    """
    with store.transaction() as connection:
        forget_steps(store, person.contact_id)
        for one in steps:
            names = {"contact": person.contact_id, "step": one.step.number}
            connection.execute(
                """insert into engine.outbox values (
                    0, $contact, $step, to_hex(hash($payload::varchar)), $route, 'call', $remote::varchar,
                    $remote::varchar is not null, $email, $payload
                )""",
                {
                    **names, "route": one.step.route, "remote": person.remote_id, "email": email,
                    "payload": one.step.payload,
                },
            )  # fmt: skip
            if one.values:
                connection.execute(
                    "insert into engine.outbox_value select $contact, $step, unnest($ids), unnest($values)",
                    {**names, "ids": list(one.values), "values": list(one.values.values())},
                )
        attempts = begin_attempts(store, [person.contact_id])
    return {step: attempt for (_, step), attempt in attempts.items()}


def end_call(store: Store, contact_id: int) -> None:
    """Bring the ledger up to date with a call.

    Who was refused is told to the script, and stays in `deliveries`: what no declaration says waits for nobody.
    """
    with store.transaction() as connection:
        fold(store)
        forget_steps(store, contact_id)
        connection.execute(
            """delete from engine.ledger
            where account_id = $account and contact_id = $contact and state = 'rejected' and property_id not in (
                select property_id from engine.desired where contact_id = $contact
            ) and property_id not in (select property_id from engine.property where kind in ('tag', 'list'))""",
            {"account": ACCOUNT_ID, "contact": contact_id},
        )


def forget_steps(store: Store, contact_id: int) -> None:
    """Take a contact out of the outbox."""
    for table in ("engine.outbox_value", "engine.outbox"):
        store.connection.execute(f"delete from {table} where contact_id = $contact", {"contact": contact_id})


def declared_among(store: Store, contact_id: int, property_ids: Iterable[int]) -> frozenset[str]:
    """Return the keys of those of these properties of which the warehouse says something about a contact.

    Of somebody among its contacts it always does of an audience, and of a trait that is to be cleared: no value is
    one, too. Of anybody else it says nothing: syncs tell them nothing before they are there.
    """
    rows = store.connection.execute(
        """select distinct property.key
        from engine.property
        left join engine.desired
            on desired.property_id = property.property_id and desired.contact_id = $contact
        where list_contains($ids, property.property_id) and property.declared and property.sent
            and exists (
                select 1 from engine.desired as known join engine.property as email using (property_id)
                where known.contact_id = $contact and email.key = 'email'
            )
            and (desired.contact_id is not null or property.kind = 'audience' or property.nulls = 'clear')""",
        {"contact": contact_id, "ids": list(property_ids)},
    ).fetchall()
    return frozenset(str(row[0]) for row in rows)


def _person(store: Store, contact_id: int, import_limit: float) -> Person:
    row = store.connection.execute(
        sql("call_person"),
        {
            "contact": contact_id, "account": ACCOUNT_ID,
            "may_still_come": store.now() - timedelta(seconds=import_limit),
        },
    ).fetchone()  # fmt: skip
    user, remote, known, attempted, desired, named, importing = row or ("", None, None, None, None, False, False)
    return Person(contact_id, str(user), remote, known, attempted, desired, bool(named), bool(importing))


def _user_id(store: Store, contact_id: int) -> str:
    row = store.connection.execute(
        "select user_id from engine.contact where contact_id = $contact", {"contact": contact_id}
    ).fetchone()
    return str(row[0]) if row else ""


def _number(store: Store, query: str, **names: object) -> int | None:
    row = store.connection.execute(query, names).fetchone()
    return None if row is None or row[0] is None else int(row[0])
