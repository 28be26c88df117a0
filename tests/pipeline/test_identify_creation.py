"""Who becomes a contact, who is only updated, and who is left alone."""

from __future__ import annotations

import pytest

from pipeline.pipeline_account import WRITES
from pipeline.pipeline_support import SYNC, UPDATE, Company, Service, customer, person


def test_only_a_true_membership_creates_a_contact(company: Company, account: Service) -> None:
    """A trait, tags, lists, an explicit `false` do not; who left before anybody was told is no contact either."""
    account.create_list("News")
    company.audience("Buyers", "1", membership={"explicit_false": True})
    company.trait("Points", "number", {"1": 1, "2": 2}, stored="integer")
    company.customers(
        customer("1"), customer("2", tags="VIP", lists='{"News": "active"}'), customer("3", tags="VIP", lists=None)
    )
    report = company.sync()

    assert account.told() == {"u1@example.com": {"Buyers": "true", "Points": "1"}}
    assert report.delivery.withheld["only_members_are_created"] >= 1
    assert account.requests(*WRITES) == [SYNC]


@pytest.mark.parametrize(
    "membership", [{"field": False, "tag": "Buyer"}, {"field": False, "list": "News"}], ids=["tag", "list"]
)
def test_a_membership_by_tag_or_list_alone_creates_too(
    company: Company, account: Service, membership: dict[str, object]
) -> None:
    """Being a member is what counts, by whatever channel it is told."""
    account.create_list("News")
    company.audience("Buyers", "1", membership=membership)
    company.people(person("1"), person("2"))
    company.sync()

    assert account.told() == {"u1@example.com": {}}
    assert account.tags("u1@example.com") == ({"Buyer"} if "tag" in membership else set())
    assert account.lists("u1@example.com") == ({"News": "active"} if "list" in membership else {})


def test_an_audience_that_is_history_only_creates_nobody_and_sends_nothing(company: Company, account: Service) -> None:
    """`membership: {field: false}`."""
    company.audience("Buyers", "1", membership={"field": False})
    company.people(person("1"))
    company.sync()

    assert account.contacts() == {}
    assert company.ask("select audience, user_id from members") == [("buyers", "1")]


def test_create_contacts_for_widens_who_becomes_a_contact(company: Company, account: Service) -> None:
    """By default members alone; with `traits` who has one; with `contacts` who stands in contacts.yaml."""
    company.trait("Points", "number", {"2": 2}, stored="integer")
    company.people(person("1"), person("2"), person("3"))
    company.members("buyers", "1")
    company.sync()
    assert set(account.told()) == {"u1@example.com"}

    company.destination(create_contacts_for=["traits"])
    company.sync_later()
    assert account.told() == {"u1@example.com": {"Buyers": "true"}, "u2@example.com": {"Points": "2"}}

    company.destination(create_contacts_for=["contacts"])
    company.sync_later()
    assert account.contacts()["u3@example.com"] == {"id": "3", "first_name": "First3", "last_name": "Last3"}


def test_with_name_holds_for_widened_creation_too(company: Company, account: Service) -> None:
    """`create_contacts_for: [contacts]` makes nobody without a name."""
    company.destination(create_contacts_for=["contacts"])
    company.people(("1", "nameless@example.com", None, None, None), person("2"))
    report = company.sync()

    assert set(account.told()) == {"u2@example.com"}
    assert report.delivery.withheld == {"no_name": 1}


def test_a_contact_made_by_others_is_left_alone_unless_it_is_a_member(company: Company, account: Service) -> None:
    """`update_existing: false`, the default: traits of people this pipeline never wrote are not told."""
    account.create("u1@example.com")
    company.trait("Points", "number", {"1": 1}, stored="integer")
    company.people(person("1"))
    company.sync()

    assert account.told() == {"u1@example.com": {}}


def test_update_existing_tells_contacts_made_by_others_by_their_id(company: Company, account: Service) -> None:
    """With `update_existing: true` who the account has is told; who it has not is not made."""
    company.destination(update_existing=True)
    for number in range(3, 123):  # more than a page
        account.create(f"filler{number}@example.com")
    account.create("U1@example.com")
    company.trait("Points", "number", {"1": 1, "2": 2}, stored="integer")
    company.customers(customer("1", tags="VIP", first_name=None), customer("2", tags="VIP"), customer("3"))
    company.members("buyers", "3")
    account.forget_requests()
    company.sync()

    contacts = {email.lower(): told for email, told in account.told().items() if not email.startswith("filler")}
    assert contacts == {"u1@example.com": {"Points": "1"}, "u3@example.com": {"Buyers": "true"}}
    assert account.requests(SYNC, UPDATE).count(UPDATE) == 1

    account.create("u2@example.com")
    company.sync_later()
    assert account.told()["u2@example.com"] == {"Points": "2"}
    assert account.tags("u2@example.com") == {"VIP"}


def test_whoever_was_deleted_over_there_is_not_made_again_by_an_exit(company: Company, account: Service) -> None:
    """Only a member is made again; what cannot be told to anybody stays quiet afterwards."""
    company.crowd(2)
    company.members("buyers", "1", "2")
    company.sync()
    account.delete("u1@example.com")
    company.members("buyers", "2")
    company.sync_later()
    assert set(account.told()) == {"u2@example.com"}

    company.sync_later()
    account.forget_requests()
    company.sync_later()
    assert (set(account.told()), account.requests(*WRITES)) == ({"u2@example.com"}, [])


def test_never_makes_nobody_again_either(company: Company, account: Service) -> None:
    """A member whom somebody deleted over there stays deleted under `create_contacts: never`."""
    company.destination(create_contacts="never")
    account.create("u1@example.com")
    account.create("u2@example.com")
    company.crowd(2)
    company.members("buyers", "1", "2")
    company.sync()
    account.delete("u1@example.com")
    account.forget_requests()
    company.trait("Points", "number", {"1": 1, "2": 2}, stored="integer")
    company.sync_later()

    assert account.told() == {"u2@example.com": {"Buyers": "true", "Points": "2"}}
    assert SYNC not in account.requests()
