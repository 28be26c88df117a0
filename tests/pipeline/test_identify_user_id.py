"""The user id in a custom field: how a person is found again whose address changed, and conflicts of addresses."""

from __future__ import annotations

from pipeline.pipeline_account import WRITES
from pipeline.pipeline_support import SYNC, UPDATE, Company, Service, person


def test_after_the_home_was_lost_a_changed_address_still_renames(company: Company, account: Service) -> None:
    """The user ids that the account keeps are read before anybody is created: no second contact, which is billed."""
    others = [f"other{number}@example.com" for number in range(101)]
    company.people(
        ("1", "old@example.com", "Ann", "Lee", None),
        *((f"x{number}", email, "Some", "Body", None) for number, email in enumerate(others)),
    )
    company.members("buyers", "1", *(f"x{number}" for number in range(101)))
    company.sync()
    before = account.id_of("old@example.com")
    company.lose_home()
    account.forget_requests()

    company.people(("1", "new@example.com", "Ann", "Lee", None))
    company.members("buyers", "1")
    company.sync_later()

    assert account.contacts()["new@example.com"] == {
        "id": before, "first_name": "Ann", "last_name": "Lee", "Buyers": "true",
    }  # fmt: skip
    assert set(account.told()) == {"new@example.com", *others}
    assert account.requests(*WRITES) == [UPDATE]


def test_a_name_of_the_account_for_the_user_id_serves_to_find_people(company: Company, account: Service) -> None:
    """Another integration kept the user ids, in a field of its own; the name is a setting."""
    number = account.create_field("Shop customer", tag="SHOP_CUSTOMER")
    known = account.create("old@example.com")
    account.call("POST", "fieldValues", {"fieldValue": {"contact": known, "field": number, "value": "1"}})
    company.destination(user_id_field="shopCustomer")
    company.people(("1", "new@example.com", "Ann", "Lee", None))
    company.members("buyers", "1")
    company.sync()

    assert account.contacts() == {
        "new@example.com": {
            "id": known, "first_name": "Ann", "last_name": "Lee", "Buyers": "true", "Shop customer": "1",
        }
    }  # fmt: skip


def test_an_address_that_another_contact_has_makes_that_contact_the_users(company: Company, account: Service) -> None:
    """The rule: who has the address is the user; the former contact is told its exits; the conflict is recorded."""
    company.people(("1", "old@example.com", "Ann", "Lee", None), person("2"))
    company.members("buyers", "1", "2")
    company.sync()
    other = account.create("new@example.com", firstName="Ann", lastName="L.")

    company.people(("1", "new@example.com", "Ann", "Lee", None), person("2"))
    company.sync_later()
    company.sync_later()

    contacts = account.contacts()
    assert contacts["new@example.com"] == {"id": other, "first_name": "Ann", "last_name": "Lee", "Buyers": "true"}
    assert contacts["old@example.com"]["Buyers"] == "false"
    assert account.user_ids()["new@example.com"] == "1"
    assert company.ask("select count(*) from conflicts") == [(1,)]
    account.forget_requests()
    company.sync_later()
    assert account.requests() == []

    company.people(("1", "newest@example.com", "Ann", "Lee", None), person("2"))
    company.sync_later()
    assert account.id_of("newest@example.com") == other

    company.people(("9", "newest@example.com", "Ann", "Lee", None), person("2"))
    company.members("buyers", "2", "9")
    company.sync_later()
    assert (account.id_of("newest@example.com"), account.user_ids()["newest@example.com"]) == (other, "9")


def test_a_conflict_after_the_home_was_lost_is_resolved_by_the_same_rule(company: Company, account: Service) -> None:
    """One contact has the user id, another the address: the one with the address is the user's."""
    company.people(("1", "old@example.com", "Ann", "Lee", None))
    company.members("buyers", "1")
    company.sync()
    other = account.create("new@example.com")
    company.lose_home()

    company.people(("1", "new@example.com", "Ann", "Lee", None))
    company.sync_later()
    company.sync_later()

    assert account.id_of("new@example.com") == other
    assert account.told()["new@example.com"] == {"Buyers": "true"}
    assert account.user_ids()["new@example.com"] == "1"
    assert company.ask("select count(*) from conflicts") == [(1,)]


def test_a_contact_made_before_user_ids_were_kept_is_told_its_own(company: Company, account: Service) -> None:
    """Switching the field on tells everybody who is known, and creates nobody."""
    company.destination(user_id_field=None)
    company.people(person("1"), person("2"))
    company.members("buyers", "1")
    company.sync()
    company.destination(user_id_field="User ID")
    company.sync_later()

    assert account.user_ids() == {"u1@example.com": "1"}
    assert set(account.told()) == {"u1@example.com"}
    account.forget_requests()
    company.sync_later()
    assert account.requests() == []


def test_contacts_without_user_ids_have_none(company: Company, account: Service) -> None:
    """contacts.yaml without the column: people are known by their address alone, and the field stays empty."""
    company.run_sql("create or replace table guests as select 'Ann@example.com ' as email, 'Ann' as first_name")
    company.declare("contacts", "sql: select email, first_name from guests\n")
    company.declare("audiences/buyers", "name: Buyers\nsql: select email from guests\n")
    company.sync()

    assert (account.told(), account.user_ids()) == ({"ann@example.com": {"Buyers": "true"}}, {})


def test_the_user_ids_of_an_account_are_read_once(company: Company, account: Service) -> None:
    """New members in later windows cost one request each, not another look at every user id."""
    company.people(*(person(str(number)) for number in range(1, 4)))
    company.members("buyers", "1")
    company.sync()
    company.members("buyers", "1", "2")
    company.sync_later()
    account.forget_requests()
    company.members("buyers", "1", "2", "3")
    company.sync_later()

    assert account.requests(SYNC, "GET /fieldValues") == [SYNC]
