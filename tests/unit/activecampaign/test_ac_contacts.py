"""Contacts one at a time: read, created, and the values of their fields."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ac_pipeline.activecampaign import ActiveCampaign
from ac_pipeline.errors import OwnerMustAct, PipelineError, ServiceUnavailable
from ac_pipeline.model.contact import Contact, ContactDetails, ContactValue, ListStatus, Subscription
from ac_pipeline.model.delivery import Answer, Outcome
from unit.activecampaign.ac_connection import BODY, CONTACT, EMAIL, talk
from unit.activecampaign.collection import query
from unit.activecampaign.scripted_server import Reset, Say, Step, scripted

GONE = Say(404, {"message": "No Result found for Subscriber with id 17"})
FULL = {
    "id": "17", "email": EMAIL, "firstName": "Ada", "lastName": "Lovelace", "phone": None,
    "udate": "2021-03-23T06:04:41-05:00", "links": [], "organization": None, "fieldValues": ["1"],
}  # fmt: skip
VALUE = {"contact": 17, "field": "3", "value": "x", "id": 1, "owner": "17"}
ADA = Contact("17", EMAIL, "Ada", "Lovelace", "", datetime(2021, 3, 23, 11, 4, 41, tzinfo=UTC))


def test_a_contact_comes_with_what_is_beside_it() -> None:
    """Field values and states on lists, ids as text; a state nobody knows is None."""
    lists = [{"id": n, "list": str(n), "status": status} for n, status in enumerate(["0", 1, "2", "3", "7"])]
    beside = {"contact": FULL, "fieldValues": [VALUE], "contactLists": lists, "deals": []}
    with scripted(then=Say(200, beside)) as server:
        found = talk(server.url, lambda client: client.contact("17"))
    states = (ListStatus.UNCONFIRMED, ListStatus.ACTIVE, ListStatus.UNSUBSCRIBED, ListStatus.BOUNCED, None)
    expected = tuple(Subscription(str(n), str(n), status) for n, status in enumerate(states))
    assert found == ContactDetails(ADA, (ContactValue("1", "17", "3", "x"),), expected)
    assert server.seen[0].target == "/api/3/contacts/17"


@pytest.mark.parametrize("udate", [None, "", "0000-00-00 00:00:00", "soon", 7, "2021-03-23 06:04:40"])
def test_a_moment_that_is_none_is_left_out(udate: object) -> None:
    """Zero dates, and those without an offset, which could be any zone's."""
    with scripted(then=Say(200, {"contact": {"id": "17", "udate": udate}})) as server:
        found = talk(server.url, lambda client: client.contact("17"))
    assert found == ContactDetails(Contact("17", ""), (), ())


def test_what_belongs_to_a_contact_that_is_gone_is_none() -> None:
    """404 is about this contact, and stops nothing."""

    async def use(client: ActiveCampaign) -> list[object]:
        return [
            await client.contact("17"), await client.contact_values("17"), await client.contact_tags("17"),
            await client.subscriptions("17"),
        ]  # fmt: skip

    with scripted(then=GONE) as server:
        assert talk(server.url, use) == [None] * 4
    assert [seen.path for seen in server.seen] == [
        "/contacts/17", "/contacts/17/fieldValues", "/contacts/17/contactTags", "/contacts/17/contactLists",
    ]  # fmt: skip


@pytest.mark.parametrize(("step", "error"), [(Say(403), OwnerMustAct), (Say(500), ServiceUnavailable)])
def test_what_cannot_be_read_is_an_error(step: Step, error: type[PipelineError]) -> None:
    """And never taken for an empty answer."""
    with scripted(then=step) as server, pytest.raises(error):
        talk(server.url, lambda client: client.contact_values("17"))


def test_a_contact_is_found_by_address_in_whatever_case() -> None:
    """The plus of an address is escaped; contacts with other addresses prove nothing."""
    with scripted(then=Say(200, {"contacts": [{**FULL, "email": "Ada+X@Example.com"}]})) as server:
        found = talk(server.url, lambda client: client.contact_of("ada+x@example.com"))
        assert found is not None
        assert (found.id, talk(server.url, lambda client: client.find_contact("ADA+x@example.com"))) == ("17", "17")
        with pytest.raises(ServiceUnavailable):
            talk(server.url, lambda client: client.contact_of("else@example.com"))
    assert "ada%2Bx" in server.seen[0].target
    with scripted(then=Say(200, {"scoreValues": [], "contacts": [], "meta": {"total": "0"}})) as server:
        assert talk(server.url, lambda client: client.contact_of(EMAIL)) is None


def test_a_created_contact_has_an_id() -> None:
    """201 with the compact shape."""
    with scripted(then=Say(201, CONTACT)) as server:
        answer = talk(server.url, lambda client: client.create_contact(BODY))
    assert answer == Answer(Outcome.ACKNOWLEDGED, 201, "", "17")
    assert (server.seen[0].method, server.seen[0].target) == ("POST", "/api/3/contacts")


def test_an_address_that_is_taken_is_rejected_as_duplicate() -> None:
    """422 with the service's code; contact/sync is the way then."""
    error = {"errors": [{"title": "Email address already exists in the system", "detail": "", "code": "duplicate"}]}
    with scripted(then=Say(422, error)) as server:
        answer = talk(server.url, lambda client: client.create_contact(BODY))
    assert (answer.outcome, answer.reason) == (Outcome.REJECTED, "duplicate")


def test_a_creation_that_may_have_worked_is_not_repeated() -> None:
    """Its repetition would find its own contact and say `duplicate`."""
    with scripted(Reset(after_reading=True), then=Say(422, {})) as server:
        answer = talk(server.url, lambda client: client.create_contact(BODY))
    assert (answer.outcome, len(server.seen)) == (Outcome.UNKNOWN, 1)


def test_a_creation_that_was_throttled_is_repeated() -> None:
    """429 is a promise that nothing happened."""
    with scripted(Say(429), then=Say(201, CONTACT)) as server:
        assert talk(server.url, lambda client: client.create_contact(BODY)).outcome is Outcome.ACKNOWLEDGED


@pytest.mark.parametrize("status", [200, 201])
def test_a_value_is_set_by_contact_and_field(status: int) -> None:
    """The same call creates and replaces; both answers are a success."""
    with scripted(then=Say(status, {"contacts": [FULL], "fieldValue": VALUE})) as server:
        answer = talk(server.url, lambda client: client.set_value("17", "3", "x"))
    assert answer.outcome is Outcome.ACKNOWLEDGED
    sent = json.loads(server.seen[0].body)
    assert sent == {"fieldValue": {"contact": "17", "field": "3", "value": "x"}, "useDefaults": False}
    assert (server.seen[0].method, server.seen[0].path) == ("POST", "/fieldValues")


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [([Say(200, {})], Outcome.ACKNOWLEDGED), ([GONE], Outcome.ACKNOWLEDGED),
     ([Reset(after_reading=True), GONE], Outcome.ACKNOWLEDGED), ([Say(400, {})], Outcome.REJECTED)],
)  # fmt: skip
def test_deleting_twice_is_as_good_as_once(steps: list[Step], outcome: Outcome) -> None:
    """A value that is gone is what was wanted, also when our own lost attempt removed it."""
    with scripted(*steps) as server:
        assert talk(server.url, lambda client: client.delete_value("1")).outcome is outcome
    assert (server.seen[-1].method, server.seen[-1].path) == ("DELETE", "/fieldValues/1")


def test_values_are_read_and_found() -> None:
    """Of one contact; and all contacts with exactly one value, others that come along left out."""
    similar = [VALUE, {**VALUE, "id": 2, "value": "x1"}, {**VALUE, "id": 3, "field": 4}]
    with scripted(then=Say(200, {"fieldValues": similar, "meta": {"total": "3"}})) as server:
        found = talk(server.url, lambda client: client.find_values("3", "x"))
        assert len(talk(server.url, lambda client: client.contact_values("17")) or []) == 3
    assert found == [ContactValue("1", "17", "3", "x")]
    asked = query(server.seen[0])
    assert (asked["filters[fieldid]"], asked["filters[val]"]) == (["3"], ["x"])


def test_no_repr_shows_a_person() -> None:
    """Neither of a contact nor of a value."""
    shown = repr(ContactDetails(ADA, (ContactValue("1", "17", "3", "Lovelace"),), ()))
    assert not any(word in shown for word in (EMAIL, "Ada", "Lovelace"))
