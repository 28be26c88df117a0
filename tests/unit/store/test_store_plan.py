"""Who is sent what, in which order and by which request, and who is withheld."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ac_pipeline.errors import Inconsistent
from ac_pipeline.model.declaration import CreateContacts, CreateFor, Destination
from ac_pipeline.store.account import save_catalog
from ac_pipeline.store.outbox import (
    Planned,
    fill_outbox,
    next_contacts,
    reconcile,
    require_catalog,
    resolve_existence,
    unresolved_addresses,
)
from ac_pipeline.store.properties import register
from ac_pipeline.store.store import Store
from unit.store.plan_support import FIELDS, WITH_NAME, Contact, body, known, plan, route
from unit.store.store_support import ALWAYS, audience, declared, give_contacts, opened, rows, trait


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "home") as store:
        register(store, declared(audience("buyers"), audience("lapsed"), trait("spent")))
        save_catalog(store, FIELDS)
        give_contacts(store, ["u1", "u2", "u3", "u4"])
        yield store


def test_a_new_member_is_created_with_everything_at_once(store: Store) -> None:
    """Standard fields in camelCase, custom fields by id in the order of their ids, every value as text."""
    desired = {"email": "a@example.com", "first_name": 'Ann "é"', "last_name": "O'Hara", "phone": "+1 555"}
    planned, (row,) = plan(store, {1: Contact(desired | {"buyers": "true", "spent": "12.5"})})
    assert planned == Planned(contacts=1, creates=1)
    assert (route(row), row.remote_id) == ("sync", None)
    assert body(row) == {
        "email": "a@example.com",
        "firstName": 'Ann "é"',
        "lastName": "O'Hara",
        "phone": "+1 555",
        "fieldValues": [{"field": "11", "value": "true"}, {"field": "13", "value": "12.5"}],
    }


def test_an_update_says_only_what_changed(store: Store) -> None:
    """A known contact is told by its id: its address may have been changed over there, and is not said again."""
    contact = known(email="a@example.com", first_name="Ann", buyers="true", spent="1")
    contact.desired["spent"] = "2"
    planned, (row,) = plan(store, {1: contact})
    assert planned == Planned(contacts=1, creates=0)
    assert (route(row), row.remote_id) == ("update", "7")
    assert body(row) == {"fieldValues": [{"field": "13", "value": "2"}]}


def test_a_changed_address_is_a_rename_of_the_same_contact(store: Store) -> None:
    """PUT by id with the new address; everything else that is pending goes along."""
    contact = known(email="old@example.com", first_name="Ann", buyers="true")
    contact.desired |= {"email": "new@example.com"}
    del contact.desired["buyers"]
    _, (row,) = plan(store, {1: contact})
    assert (route(row), row.remote_id) == ("update", "7")
    assert body(row) == {"email": "new@example.com", "fieldValues": [{"field": "11", "value": "false"}]}


def test_an_address_changed_before_creation_is_no_rename(store: Store) -> None:
    """Without an id over there the contact is found, or made, by its address."""
    _, (row,) = plan(store, {1: Contact({"email": "a@example.com", "last_name": "Lee", "buyers": "true"})})
    assert route(row) == "sync"


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
    planned, sent = plan(store, {1: Contact({"email": "a@example.com", "buyers": "true"})}, ALWAYS)
    assert (planned.creates, len(sent)) == (1, 1)


@pytest.mark.parametrize("domain", ["example.com", "mail.example.org", "shop.test", "nowhere.invalid", "a.example"])
def test_invented_people_never_reach_a_real_account(store: Store, domain: str) -> None:
    """Nobody lives at a domain for examples; the sandbox may have them, and real neighbours are sent."""
    desired = {"first_name": "Ann", "buyers": "true"}
    contacts = {1: Contact({"email": f"a@{domain}", **desired}), 2: Contact({"email": "b@myexample.com", **desired})}
    plan(store, contacts)
    planned = fill_outbox(store, WITH_NAME, real_account=True)
    assert planned == Planned(1, 1, {"reserved_domain": 1})
    assert fill_outbox(store, WITH_NAME, real_account=False).contacts == 2


def test_a_contact_that_exists_needs_no_name(store: Store) -> None:
    """The name is asked for creation only; by its id, so that it is not made again if it was deleted."""
    contact = Contact({"email": "a@example.com", "buyers": "true"}, {"email": ("acknowledged", "a@example.com")}, "7")
    _, (row,) = plan(store, {1: contact})
    assert body(row) == {"fieldValues": [{"field": "11", "value": "true"}]}
    assert (route(row), row.remote_id) == ("update", "7")


@pytest.mark.parametrize(
    ("destination", "withheld"),
    [
        (Destination(create_contacts=CreateContacts.NEVER), {"none_are_created": 4}),
        (WITH_NAME, {"only_members_are_created": 3}),
        (Destination(create_contacts_for=frozenset({CreateFor.AUDIENCES, CreateFor.TRAITS})),
         {"no_name": 1, "only_members_are_created": 1}),
        (Destination(create_contacts_for=frozenset({CreateFor.AUDIENCES, CreateFor.CONTACTS})), {"no_name": 1}),
        (Destination(CreateContacts.ALWAYS, frozenset({CreateFor.AUDIENCES, CreateFor.CONTACTS})), {}),
    ],
)  # fmt: skip
def test_the_destination_says_what_makes_a_contact(
    store: Store, destination: Destination, withheld: dict[str, int]
) -> None:
    """A member, somebody with a trait, one with a trait and no name, and one who only stands in the contacts."""
    contacts = {n: Contact({"email": f"{n}@example.com", "first_name": "Ann"}) for n in (1, 2, 3, 4)}
    contacts[1].desired["buyers"] = "true"
    contacts[2].desired["spent"] = contacts[3].desired["spent"] = "1"
    del contacts[3].desired["first_name"]
    planned, _ = plan(store, contacts, destination)
    assert planned == Planned(4 - sum(withheld.values()), 4 - sum(withheld.values()), withheld)


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
    assert body(row) == {"fieldValues": [{"field": "13", "value": "2"}]}
    assert rows(store, "select revision from engine.outbox") != before


def test_a_value_without_a_custom_field_stops_the_sync(store: Store) -> None:
    """It would be dropped in silence otherwise; the error names the key."""
    contact = known(email="a@example.com", first_name="Ann")
    contact.desired |= {"spent": "1", "buyers": "true"}
    plan(store, {1: contact})
    require_catalog(store)
    store.connection.execute("delete from engine.catalog where remote_id = '13'")
    plan(store, {1: contact})
    with pytest.raises(Inconsistent, match="spent"):
        require_catalog(store)


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
    assert fill_outbox(store, WITH_NAME).contacts == 1
    (row,) = next_contacts(store, 0, 10)
    assert row.remote_id == "42"
    assert '"value":"false"' in row.steps[0].payload

    plan(store, {1: left})
    resolve_existence(store, 1, "a@example.com", None)
    reconcile(store)
    assert fill_outbox(store, WITH_NAME).contacts == 0


def test_contacts_are_read_in_pages(store: Store) -> None:
    """Behind a position, up to a count, without gaps; positions count contacts from 1."""
    contacts = {n: known(email=f"{n}@example.com", first_name="Ann") for n in (1, 2, 3)}
    for contact in contacts.values():
        contact.desired["spent"] = "1"
    plan(store, contacts)
    assert [row.contact_id for row in next_contacts(store, 0, 1)] == [1]
    assert [row.contact_id for row in next_contacts(store, 1, 5)] == [2, 3]
    assert next_contacts(store, 3, 5) == []
