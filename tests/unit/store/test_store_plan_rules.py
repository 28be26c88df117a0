"""Every plan against the rules in words, one contact at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ac_pipeline.model.declaration import CreateContacts, CreateFor, Destination
from ac_pipeline.store.account import save_catalog
from ac_pipeline.store.properties import register
from ac_pipeline.store.store import Store
from unit.store.plan_support import FIELDS, Contact, body, plan, route
from unit.store.store_support import audience, declared, give_contacts, opened, rows, trait

WIRE = {"first_name": "firstName", "last_name": "lastName", "phone": "phone"}
ORDER = ("email", "first_name", "last_name", "phone", "buyers", "lapsed", "spent")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        register(store, declared(audience("buyers"), audience("lapsed"), trait("spent")))
        save_catalog(store, FIELDS)
        give_contacts(store, ["u1", "u2", "u3", "u4"])
        yield store


def standard(contact: int) -> dict[str, st.SearchStrategy[str]]:
    own = st.sampled_from([f"a{contact}@example.com", f"b{contact}@example.com", "shared@example.com"])
    name = st.sampled_from(["Ann", "Zoë"])
    return {"email": own, "first_name": name, "phone": st.just("+49 30")}


def custom(*values: str) -> dict[str, st.SearchStrategy[str]]:
    spent = st.sampled_from(["1", "2"])
    return {"buyers": st.sampled_from(values), "lapsed": st.sampled_from(values), "spent": spent}


def told(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    return st.tuples(st.sampled_from(["acknowledged", "unknown", "rejected"]), values)


def contact_of(number: int) -> st.SearchStrategy[Contact]:
    desired = st.fixed_dictionaries({}, optional=standard(number) | custom("true"))
    said = standard(number) | custom("true", "false")
    ledger = st.fixed_dictionaries({}, optional={key: told(values) for key, values in said.items()})
    return st.builds(Contact, desired, ledger, st.none() | st.just(f"r{number}"))


def one_shared(contacts: dict[int, Contact]) -> bool:
    """Desired addresses are unique (incoming rows and approval see to it), and so are those over there."""
    everybody = contacts.values()
    there = sum(bool(c.remote) and c.lives_at == "shared@example.com" for c in everybody)
    return there < 2 and sum(c.desired.get("email") == "shared@example.com" for c in everybody) < 2


CONTACTS = st.fixed_dictionaries({n: contact_of(n) for n in (1, 2, 3)}).filter(one_shared)


DESTINATIONS = st.builds(
    Destination,
    create_contacts=st.sampled_from(CreateContacts),
    create_contacts_for=st.frozensets(st.sampled_from(CreateFor)).map(lambda more: more | {CreateFor.AUDIENCES}),
)


def belongs(own: Contact, destination: Destination) -> bool:
    """Whether what is desired makes somebody a contact, a name aside."""
    makers = {"buyers", "lapsed"}
    makers |= {"spent"} if CreateFor.TRAITS in destination.create_contacts_for else set()
    makers |= {"email"} if CreateFor.CONTACTS in destination.create_contacts_for else set()
    return not makers.isdisjoint(own.desired)


def creatable(own: Contact, destination: Destination) -> bool:
    """Whether somebody may become a contact."""
    named = bool(own.desired.keys() & {"first_name", "last_name"})
    match destination.create_contacts:
        case CreateContacts.NEVER:
            return False
        case CreateContacts.WITH_NAME:
            return named and belongs(own, destination)
        case CreateContacts.ALWAYS:
            return belongs(own, destination)


def has_or_may_have(other: Contact, address: str) -> bool:
    """Whether a contact has an address in the account, or may have it."""
    states = {"unknown"} if other.remote else {"unknown", "acknowledged"}
    told, value = other.told.get("email", ("", ""))
    return bool(other.remote and other.lives_at == address) or (told in states and value == address)


def why_withheld(me: int, state: dict[int, Contact], destination: Destination) -> str | None:
    """Judge one contact with something due, by the rules in words."""
    own, address = state[me], state[me].desired.get("email")
    others = [c for n, c in state.items() if n != me]
    may_create = creatable(own, destination)
    states = {state for state, _ in own.told.values()}
    told, value = own.told.get("email", ("", ""))
    # An import confirms values without saying the id, so that what is confirmed proves no id either.
    said = value if told in {"unknown", "acknowledged"} else None
    elsewhere = said != address and ("unknown" in states or (said is not None and address is not None))
    maybe = bool(states & {"unknown", "acknowledged"})
    if own.remote is None and (elsewhere or (maybe and not may_create)):
        return "may_not_exist"
    if address is None:
        return "no_contact_row"
    if any(has_or_may_have(c, address) for c in others):
        return "address_in_use"
    if own.remote is not None or may_create:
        return None
    if destination.create_contacts is CreateContacts.NEVER:
        return "none_are_created"
    return "no_name" if belongs(own, destination) else "only_members_are_created"


def read_state(store: Store) -> dict[int, Contact]:
    """Read what is desired and told after addresses were taken over."""
    state = {int(str(number)): Contact() for (number,) in rows(store, "select contact_id from engine.contact")}
    for contact, key, value in rows(
        store, "select contact_id, key, value from engine.desired join engine.property using (property_id)"
    ):
        state[int(str(contact))].desired[str(key)] = str(value)
    for contact, key, is_, value in rows(
        store, "select contact_id, key, state, value from engine.ledger join engine.property using (property_id)"
    ):
        state[int(str(contact))].told[str(key)] = (str(is_), str(value))
    for contact, remote, email in rows(store, "select contact_id, remote_id, email from engine.remote_contact"):
        state[int(str(contact))].remote, state[int(str(contact))].address = str(remote), str(email)
    return state


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contacts=CONTACTS, destination=DESTINATIONS)
def test_every_plan_obeys_the_rules(store: Store, contacts: dict[int, Contact], destination: Destination) -> None:
    """Whoever has something due is sent or withheld for the right reason, with the right request and body."""
    planned, sent = plan(store, contacts, destination)
    state = read_state(store)
    pending: dict[int, dict[str, str]] = {}
    due = set()
    for contact, key, value, asks in rows(store, "select contact_id, key, value, due from pending"):
        pending.setdefault(int(str(contact)), {})[str(key)] = str(value)
        due |= {int(str(contact))} if asks else set()
    verdicts = {me: why_withheld(me, state, destination) for me in due}

    listed = dict(rows(store, "select contact_id, reason from engine.withheld"))
    assert listed == {me: why for me, why in verdicts.items() if why}
    assert {row.contact_id for row in sent} == {me for me, why in verdicts.items() if not why}
    assert len(sent) == planned.contacts
    assert planned.creates == sum(state[row.contact_id].remote is None for row in sent)

    def urgency(me: int) -> tuple[int, int]:
        memberships = {pending[me].get("buyers"), pending[me].get("lapsed")}
        return (0 if "false" in memberships else 1 if "true" in memberships else 2), me

    assert [row.contact_id for row in sent] == sorted((row.contact_id for row in sent), key=urgency)
    for row in sent:
        own, said = state[row.contact_id], pending[row.contact_id]
        renamed = "email" in said or own.lives_at != own.desired["email"]
        by_id = own.remote is not None and (renamed or not creatable(own, destination))
        assert (route(row), row.remote_id) == ("update" if by_id else "sync", own.remote)
        wanted: dict[str, object] = {"email": own.desired["email"]}
        wanted |= {WIRE[key]: value for key, value in said.items() if key in WIRE}
        values = [{"field": FIELDS[key], "value": said[key]} for key in ORDER if key in FIELDS and key in said]
        assert body(row) == wanted | ({"fieldValues": values} if values else {})
