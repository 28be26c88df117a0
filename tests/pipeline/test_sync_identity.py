"""Who is who: addresses that change, that two users have, that another user takes over, and users who vanish."""

from __future__ import annotations

import pytest

from pipeline.pipeline_support import SYNC, UPDATE, Company, Person, Service, person


def test_a_changed_e_mail_renames_the_same_contact(company: Company, account: Service) -> None:
    """One contact before and after, with the same id and its memberships."""
    company.people(("1", "old@example.com", "Ann", "Lee", None))
    company.members("buyers", "1")
    company.sync()
    contact_id = account.contacts()["old@example.com"]["id"]
    account.forget_requests()

    company.people(("1", "new@example.com", "Ann", "Lee", None))
    company.sync_later()

    assert account.contacts() == {
        "new@example.com": {"id": contact_id, "first_name": "Ann", "last_name": "Lee", "Buyers": "true"}
    }
    assert account.requests(SYNC, UPDATE) == [UPDATE]


def test_addresses_that_are_swapped_along_a_chain_all_arrive(company: Company, account: Service) -> None:
    """User 1 moves to a new address, user 2 to the one that 1 had: nobody is lost and nobody is doubled."""
    company.people(("1", "a@example.com", "Ann", "Lee", None), ("2", "b@example.com", "Bob", "Ray", None))
    company.members("buyers", "1", "2")
    company.sync()
    ids = {email: contact["id"] for email, contact in account.contacts().items()}

    company.people(("1", "c@example.com", "Ann", "Lee", None), ("2", "a@example.com", "Bob", "Ray", None))
    company.sync_later()

    assert {email: contact["id"] for email, contact in account.contacts().items()} == {
        "c@example.com": ids["a@example.com"],
        "a@example.com": ids["b@example.com"],
    }
    account.forget_requests()
    company.sync_later()
    assert account.requests() == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_of_users_with_one_e_mail_the_same_one_wins_in_any_order(
    company: Company, account: Service, order: tuple[int, ...]
) -> None:
    """The lowest user id, 9 before 10; the others are reported and not sent."""
    rows: list[Person] = [
        ("10", "same@example.com", "Ten", "X", None),
        ("9", "SAME@example.com", "Nine", "X", None),
        ("11", "same@example.com", "Eleven", "X", None),
    ]
    company.people(*(rows[number] for number in order))
    company.members("buyers", "9", "10", "11")
    report = company.sync()

    assert {contact["first_name"] for contact in account.contacts().values()} == {"Nine"}
    assert company.ask("select kind, user_id from problems order by user_id") == [
        ("duplicate_email", "10"),
        ("duplicate_email", "11"),
    ]
    assert report.delivery.withheld == {"no_contact_row": 2}


def test_a_user_who_vanished_from_the_contacts_still_gets_false(company: Company, account: Service) -> None:
    """The last e-mail is kept, so that the exit can be told."""
    company.crowd(3)
    company.members("buyers", "1", "2", "3")
    company.sync()

    company.people(person("1"), person("2"))
    company.members("buyers", "1", "2")
    company.sync_later()

    assert account.told()["u3@example.com"] == {"Buyers": "false"}


def test_a_member_without_a_contact_row_is_counted_and_sent_as_soon_as_there_is_one(
    company: Company, account: Service
) -> None:
    """Nothing is sent without an address; it waits."""
    company.people(person("1"))
    company.members("buyers", "1", "2")
    report = company.sync()

    assert report.delivery.withheld == {"no_contact_row": 1}
    assert company.ask("select user_id, reason from withheld") == [("2", "no_contact_row")]

    company.people(person("1"), person("2"))
    company.sync_later()

    assert account.told() == {"u1@example.com": {"Buyers": "true"}, "u2@example.com": {"Buyers": "true"}}


def test_an_address_taken_over_by_another_user_carries_the_new_users_truth(company: Company, account: Service) -> None:
    """The old user's memberships are taken back, although it is one contact in ActiveCampaign."""
    company.declare("audiences/readers", "name: Readers\nsql: select user_id from readers where since <= :as_of\n")
    company.people(person("0"), ("1", "shared@example.com", "Ann", "Lee", None))
    company.members("buyers", "0", "1")
    company.members("readers", "0")
    company.sync()
    contact_id = account.contacts()["shared@example.com"]["id"]

    company.people(person("0"), ("2", "shared@example.com", "Bob", "Ray", None))
    company.members("buyers", "0")
    company.members("readers", "0", "2")
    company.sync_later()

    assert account.contacts()["shared@example.com"] == {
        "id": contact_id, "first_name": "Bob", "last_name": "Ray", "Buyers": "false", "Readers": "true",
    }  # fmt: skip
    account.forget_requests()
    company.sync_later()
    assert account.requests() == []


def test_a_contact_that_somebody_else_made_is_updated_not_doubled(company: Company, account: Service) -> None:
    """ActiveCampaign knows contacts by address, so an identify finds them."""
    account.create("u1@example.com")
    company.crowd(1)
    company.members("buyers", "1")
    company.sync()

    assert account.told() == {"u1@example.com": {"Buyers": "true"}}


def test_an_audience_by_e_mail_finds_its_users(company: Company, account: Service) -> None:
    """A query may name people by address; addresses nobody has are counted."""
    company.crowd(2)
    company.run_sql("create table guests as select unnest(['U1@example.com ', 'stranger@example.com']) as email")
    company.declare("audiences/guests", "name: Guests\nsql: select email from guests\n")
    company.sync()

    assert account.told() == {"u1@example.com": {"Guests": "true"}}
    assert company.ask("select declaration, kind, rows from problems") == [("guests", "no_contact", 1)]
