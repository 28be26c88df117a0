"""Whom a call is about, and which contact of the account that is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ac_pipeline.activecampaign import ActiveCampaign
from ac_pipeline.calls.connection import Connection
from ac_pipeline.calls.faults import refused, said, said_all
from ac_pipeline.errors import ContactRefused, ServiceUnavailable
from ac_pipeline.model.contact import Contact
from ac_pipeline.store.call_values import Read, read_email, read_user_id
from ac_pipeline.store.calls import (
    AddressInUse,
    Person,
    find_person,
    known_by_address,
    owner_of,
    person_of_id,
    recognise,
)
from ac_pipeline.store.outbox import resolve_existence


@dataclass(frozen=True, slots=True)
class Whom:
    """Who is meant; at least one of the two is there. No repr shows it."""

    user_id: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)


def whom(connection: Connection, call: str, user_id: str | None, email: str | None) -> Whom:
    """Read who is meant, from JSON. Raises InvalidCall."""
    store, nobody = connection.store, Read(None)
    user = nobody if user_id is None else read_user_id(store, user_id)
    address = nobody if email is None else read_email(store, email)
    faults = said_all([("user_id", user.fault), ("email", address.fault)])
    if not faults and user.text is None and address.text is None:
        faults = [said("missing_user")]
    if faults:
        raise refused(call, faults)
    return Whom(user.text, address.text)


def person_known(connection: Connection, who: Whom) -> Person | None:
    """Return whom we know so. Raises ContactRefused when the address is another user's."""
    try:
        return find_person(connection.store, who.user_id, who.email, import_limit=_limit(connection))
    except AddressInUse:
        raise ContactRefused(
            "The e-mail address is that of another user's contact (address_in_use). Nothing was sent.",
            "Give the user id that has the address, or change the address of that contact first.",
        ) from None


def require_no_import(person: Person) -> None:
    """Raise ServiceUnavailable for somebody inside an import: its end could overtake what is said now."""
    if person.importing:
        raise ServiceUnavailable(
            "The contact is inside a bulk import that is not over (in_batch). Nothing was sent.",
            "The next sync asks how it ended; call again after it.",
        )


async def look_up(
    connection: Connection, client: ActiveCampaign, person: Person, who: Whom, field_id: str | None
) -> Person:
    """Look for the contact of somebody of whom none is known: by an earlier address, then by the user id it keeps.

    Where several keep it: the one that has the address, else the oldest.
    """
    if person.remote_id is not None:
        return person
    if person.attempted_email is not None and person.attempted_email != who.email:
        found = await client.contact_of(person.attempted_email)
        if found is not None:
            resolve_existence(connection.store, person.contact_id, person.attempted_email, found.id)
            return replace(person, remote_id=found.id, known_email=person.attempted_email)
    if who.user_id is None or field_id is None:
        return person
    keeping = {value.contact_id for value in await client.find_values(field_id, who.user_id)}
    there = [one async for one in client.contacts(keeping) if _free(connection, one, person)] if keeping else []
    if not there:
        return person
    chosen = min(there, key=lambda one: (_address(one) != who.email, len(one.id), one.id))
    owner = owner_of(connection.store, chosen.id)
    if owner is not None and owner != person.contact_id:
        return recognised(connection, person_of_id(connection.store, owner, import_limit=_limit(connection)), who)
    return replace(person, remote_id=chosen.id, known_email=_address(chosen))


def recognised(connection: Connection, person: Person, who: Whom) -> Person:
    """Return somebody who gives a user id for the first time as that user."""
    require_no_import(person)
    if who.user_id is None:
        return person
    return recognise(connection.store, person, who.user_id, import_limit=_limit(connection))


def _free(connection: Connection, contact: Contact, person: Person) -> bool:
    """Whether a contact of the account may be this person: it is not known as another user's."""
    owner = owner_of(connection.store, contact.id)
    return owner in {None, person.contact_id} or known_by_address(connection.store, owner or 0)


def _limit(connection: Connection) -> float:
    return connection.settings.activecampaign_import_limit


def _address(contact: Contact) -> str:
    return contact.email.strip().lower()
