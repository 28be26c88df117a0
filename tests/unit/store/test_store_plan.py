"""Who is sent what, in which order and by which request, and who is withheld."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ac_pipeline.errors import Inconsistent
from ac_pipeline.store.account import ACCOUNT_ID, save_fields
from ac_pipeline.store.outbox import (
    OutboxRow,
    Planned,
    fill_outbox,
    next_rows,
    reconcile,
    require_fields,
    resolve_existence,
    unresolved_addresses,
)
from ac_pipeline.store.properties import register
from ac_pipeline.store.store import Store
from unit.store.store_support import audience, clear, declared, give_contacts, insert, opened, rows, trait

FIELDS = {"buyers": "11", "lapsed": "12", "spent": "13"}
WIRE = {"first_name": "firstName", "last_name": "lastName", "phone": "phone"}
ORDER = ("email", "first_name", "last_name", "phone", "buyers", "lapsed", "spent")


@dataclass
class Contact:
    """What is desired of a contact, what it was told, the id it has over there, and its address there."""

    desired: dict[str, str] = field(default_factory=dict)
    told: dict[str, tuple[str, str]] = field(default_factory=dict)
    remote: str | None = None
    address: str | None = None

    @property
    def lives_at(self) -> str:
        """The address over there: what was confirmed, unless the test says another."""
        state, value = self.told.get("email", ("", ""))
        return self.address or (value if state == "acknowledged" else f"{self.remote}@elsewhere.example")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        register(store, declared(audience("buyers"), audience("lapsed"), trait("spent")))
        save_fields(store, FIELDS)
        give_contacts(store, ["u1", "u2", "u3", "u4"])
        yield store


def put(store: Store, contacts: dict[int, Contact]) -> None:
    ids = dict(rows(store, "select key, property_id from engine.property"))
    clear(store, "desired", "ledger", "remote_contact")
    with store.transaction():
        insert(
            store,
            "engine.desired",
            [(ids[k], c, value) for c, is_ in contacts.items() for k, value in is_.desired.items()],
        )
        insert(
            store,
            "engine.ledger",
            [(ACCOUNT_ID, c, ids[k], *told, None, 1) for c, is_ in contacts.items() for k, told in is_.told.items()],
        )
        known_there = [(ACCOUNT_ID, c, is_.remote, is_.lives_at) for c, is_ in contacts.items() if is_.remote]
        insert(store, "engine.remote_contact", known_there)


def plan(store: Store, contacts: dict[int, Contact], *, with_name: bool = True) -> tuple[Planned, list[OutboxRow]]:
    put(store, contacts)
    reconcile(store)
    planned = fill_outbox(store, with_name=with_name)
    return planned, [row for _, row in next_rows(store, 0, 100)]


def body(row: OutboxRow) -> object:
    return json.loads(row.payload)["contact"]


def known(**told: str) -> Contact:
    """Return a contact that exists over there, of whom everything told is desired."""
    return Contact(dict(told), {key: ("acknowledged", value) for key, value in told.items()}, remote="7")


def test_a_new_member_is_created_with_everything_at_once(store: Store) -> None:
    """Standard fields in camelCase, custom fields by id in the order of their ids, every value as text."""
    desired = {"email": "a@example.com", "first_name": 'Ann "é"', "last_name": "O'Hara", "phone": "+1 555"}
    planned, (row,) = plan(store, {1: Contact(desired | {"buyers": "true", "spent": "12.5"})})
    assert planned == Planned(contacts=1, creates=1)
    assert (row.route, row.remote_id) == ("sync", None)
    assert body(row) == {
        "email": "a@example.com",
        "firstName": 'Ann "é"',
        "lastName": "O'Hara",
        "phone": "+1 555",
        "fieldValues": [{"field": "11", "value": "true"}, {"field": "13", "value": "12.5"}],
    }


def test_an_update_says_only_what_changed(store: Store) -> None:
    """A known contact is sent its address and the changed value."""
    contact = known(email="a@example.com", first_name="Ann", buyers="true", spent="1")
    contact.desired["spent"] = "2"
    planned, (row,) = plan(store, {1: contact})
    assert planned == Planned(contacts=1, creates=0)
    assert row.route == "sync"
    assert body(row) == {"email": "a@example.com", "fieldValues": [{"field": "13", "value": "2"}]}


def test_a_changed_address_is_a_rename_of_the_same_contact(store: Store) -> None:
    """PUT by id with the new address; everything else that is pending goes along."""
    contact = known(email="old@example.com", first_name="Ann", buyers="true")
    contact.desired |= {"email": "new@example.com"}
    del contact.desired["buyers"]
    _, (row,) = plan(store, {1: contact})
    assert (row.route, row.remote_id) == ("rename", "7")
    assert body(row) == {"email": "new@example.com", "fieldValues": [{"field": "11", "value": "false"}]}


def test_an_address_changed_before_creation_is_no_rename(store: Store) -> None:
    """Without an id over there the contact is found, or made, by its address."""
    _, (row,) = plan(store, {1: Contact({"email": "a@example.com", "last_name": "Lee", "buyers": "true"})})
    assert row.route == "sync"


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        (Contact({"email": "a@example.com", "first_name": "Ann", "spent": "1"}), "only_members_are_created"),
        (Contact({"email": "a@example.com", "first_name": "Ann"}), "only_members_are_created"),
        (Contact({"email": "a@example.com", "buyers": "true"}), "no_name"),
        (Contact({"buyers": "true"}), "no_contact_row"),
        (
            Contact({"email": "a@example.com", "first_name": "Ann"}, {"buyers": ("unknown", "true")}),
            "may_not_exist",
        ),
        (Contact({"email": "taken@example.com", "first_name": "Ann", "buyers": "true"}), "address_in_use"),
    ],
)
def test_whoever_may_not_be_sent_is_listed_with_the_reason(store: Store, contact: Contact, reason: str) -> None:
    """Nothing is sent and nothing forgotten: the view names the user and why."""
    contacts = {1: contact, 2: known(email="taken@example.com", first_name="Bob")}
    if reason == "address_in_use":
        contacts[2].desired["email"] = "elsewhere@example.com"
    planned, sent = plan(store, contacts)
    assert planned.withheld == {reason: 1}
    assert [row.contact_id for row in sent if row.contact_id == 1] == []
    assert rows(store, "from withheld") == [("u1", reason)]


def test_members_without_a_name_are_created_when_the_destination_says_always(store: Store) -> None:
    """create_contacts: always asks for an address only."""
    planned, sent = plan(store, {1: Contact({"email": "a@example.com", "buyers": "true"})}, with_name=False)
    assert (planned.creates, len(sent)) == (1, 1)


@pytest.mark.parametrize("domain", ["example.com", "mail.example.org", "shop.test", "nowhere.invalid", "a.example"])
def test_invented_people_never_reach_a_real_account(store: Store, domain: str) -> None:
    """Nobody lives at a domain for examples; the sandbox may have them, and real neighbours are sent."""
    desired = {"first_name": "Ann", "buyers": "true"}
    contacts = {1: Contact({"email": f"a@{domain}", **desired}), 2: Contact({"email": "b@myexample.com", **desired})}
    plan(store, contacts)
    planned = fill_outbox(store, with_name=True, real_account=True)
    assert planned == Planned(1, 1, {"reserved_domain": 1})
    assert fill_outbox(store, with_name=True, real_account=False).contacts == 2


def test_a_contact_that_exists_needs_no_name(store: Store) -> None:
    """The name is asked for creation only."""
    contact = Contact({"email": "a@example.com", "buyers": "true"}, {"email": ("acknowledged", "a@example.com")}, "7")
    _, (row,) = plan(store, {1: contact})
    assert body(row) == {"email": "a@example.com", "fieldValues": [{"field": "11", "value": "true"}]}


def test_exits_come_first_then_entries_then_the_rest(store: Store) -> None:
    """Within the same urgency by contact."""
    base = {"email": "{}@example.com", "first_name": "Ann"}

    def contact(number: int, **others: str) -> Contact:
        return known(**{key: value.format(number) for key, value in base.items()}, **others)

    contacts = {1: contact(1), 2: contact(2), 3: contact(3, lapsed="true"), 4: contact(4)}
    contacts[1].desired["spent"] = "1"
    contacts[2].desired["buyers"] = "true"
    contacts[3].desired = {key: value for key, value in contacts[3].desired.items() if key != "lapsed"}
    contacts[3].desired["buyers"] = "true"
    contacts[4].desired["buyers"] = "true"
    _, sent = plan(store, contacts)
    assert [row.contact_id for row in sent] == [3, 2, 4, 1]


def test_a_refused_contact_comes_back_with_its_next_change(store: Store) -> None:
    """Unchanged it asks for nothing; changed, the refused values go along."""
    told = {key: ("rejected", value) for key, value in {"email": "a@example.com", "buyers": "true"}.items()}
    told["first_name"] = ("rejected", "Ann")
    contact = Contact({"email": "a@example.com", "first_name": "Ann", "buyers": "true"}, told)
    assert plan(store, {1: contact}) == (Planned(0, 0), [])
    contact.desired["spent"] = "3"
    _, (row,) = plan(store, {1: contact})
    assert body(row) == {
        "email": "a@example.com",
        "firstName": "Ann",
        "fieldValues": [{"field": "11", "value": "true"}, {"field": "13", "value": "3"}],
    }


def test_a_plan_supersedes_what_was_not_sent(store: Store) -> None:
    """The outbox is made anew, its revision follows the content."""
    contact = known(email="a@example.com", first_name="Ann")
    contact.desired["spent"] = "1"
    plan(store, {1: contact})
    before = rows(store, "select revision from engine.outbox")
    plan(store, {1: contact})
    assert rows(store, "select revision from engine.outbox") == before
    contact.desired["spent"] = "2"
    _, (row,) = plan(store, {1: contact})
    assert body(row) == {"email": "a@example.com", "fieldValues": [{"field": "13", "value": "2"}]}
    assert rows(store, "select revision from engine.outbox") != before


def test_a_value_without_a_custom_field_stops_the_sync(store: Store) -> None:
    """It would be dropped in silence otherwise; the error names the key."""
    contact = known(email="a@example.com", first_name="Ann")
    contact.desired |= {"spent": "1", "buyers": "true"}
    plan(store, {1: contact})
    require_fields(store)
    save_fields(store, {"buyers": "11", "lapsed": "12"})
    plan(store, {1: contact})
    with pytest.raises(Inconsistent, match="spent"):
        require_fields(store)


def test_a_creation_without_an_answer_is_looked_up_before_anything_is_said(store: Store) -> None:
    """Found, the contact is told `false`; not found, there is nobody to tell."""
    left = Contact(
        {"email": "a@example.com", "first_name": "Ann"},
        {"email": ("unknown", "a@example.com"), "first_name": ("unknown", "Ann"), "buyers": ("unknown", "true")},
    )
    plan(store, {1: left})
    assert unresolved_addresses(store) == [(1, "a@example.com")]
    resolve_existence(store, 1, "a@example.com", "42")
    reconcile(store)
    assert fill_outbox(store, with_name=True).contacts == 1
    ((_, row),) = next_rows(store, 0, 10)
    assert row.remote_id == "42"
    assert '"value":"false"' in row.payload

    plan(store, {1: left})
    resolve_existence(store, 1, "a@example.com", None)
    reconcile(store)
    assert fill_outbox(store, with_name=True).contacts == 0


def test_rows_are_read_in_pages(store: Store) -> None:
    """Behind a position, up to a count, without gaps."""
    contacts = {n: known(email=f"{n}@example.com", first_name="Ann") for n in (1, 2, 3)}
    for contact in contacts.values():
        contact.desired["spent"] = "1"
    plan(store, contacts)
    (first, row), *_ = next_rows(store, 0, 1)
    assert row.contact_id == 1
    assert [row.contact_id for _, row in next_rows(store, first, 5)] == [2, 3]


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


def why_withheld(me: int, state: dict[int, Contact], pending: dict[str, str], *, with_name: bool) -> str | None:
    """Judge one contact with something due, by the rules in words."""
    own, address = state[me], state[me].desired.get("email")
    enters = "true" in (pending.get("buyers"), pending.get("lapsed"))
    others = [c for n, c in state.items() if n != me]
    maybe = own.remote is None and any(told == "unknown" for told, _ in own.told.values())
    told, value = own.told.get("email", ("", ""))
    attempted = value if told == "unknown" else None
    if maybe and not (enters and attempted == address):
        return "may_not_exist"
    if address is None:
        return "no_contact_row"
    if any((c.remote and c.lives_at == address) or c.told.get("email") == ("unknown", address) for c in others):
        return "address_in_use"
    if own.remote is not None:
        return None
    if not enters:
        return "only_members_are_created"
    if with_name and not own.desired.keys() & {"first_name", "last_name"}:
        return "no_name"
    return None


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
@given(contacts=CONTACTS, with_name=st.booleans())
def test_every_plan_obeys_the_rules(store: Store, contacts: dict[int, Contact], with_name: bool) -> None:
    """Whoever has something due is sent or withheld for the right reason, with the right request and body."""
    planned, sent = plan(store, contacts, with_name=with_name)
    state = read_state(store)
    pending: dict[int, dict[str, str]] = {}
    due = set()
    for contact, key, value, asks in rows(store, "select contact_id, key, value, due from pending"):
        pending.setdefault(int(str(contact)), {})[str(key)] = str(value)
        due |= {int(str(contact))} if asks else set()
    verdicts = {me: why_withheld(me, state, pending[me], with_name=with_name) for me in due}

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
        renamed = own.remote is not None and ("email" in said or own.lives_at != own.desired["email"])
        assert (row.route, row.remote_id) == ("rename" if renamed else "sync", own.remote)
        wanted: dict[str, object] = {"email": own.desired["email"]}
        wanted |= {WIRE[key]: value for key, value in said.items() if key in WIRE}
        values = [{"field": FIELDS[key], "value": said[key]} for key in ORDER if key in FIELDS and key in said]
        assert body(row) == wanted | ({"fieldValues": values} if values else {})
