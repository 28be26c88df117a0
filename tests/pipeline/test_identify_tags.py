"""Tags: a column of the contacts, and a channel of audiences; only the pipeline's own are ever taken off."""

from __future__ import annotations

from pipeline.pipeline_account import SUBSCRIBE, TAG, UNTAG, WRITES
from pipeline.pipeline_support import SYNC, UPDATE, Company, Service, customer, person

ARRAY = {"tags": "varchar[]"}


def test_tags_may_be_an_array_a_text_or_json(company: Company, account: Service) -> None:
    """A text is one tag or several between commas; a JSON array is an array; NULL and empty are no tags."""
    rows = {"1": "One", "2": "One, Two ,", "3": '["Two", "Three, with a comma"]', "4": None, "5": " ", "6": "[]"}
    company.customers(*(customer(user, tags=tags) for user, tags in rows.items()))
    company.members("buyers", *rows)
    company.sync()

    assert [account.tags(f"u{user}@example.com") for user in rows] == [
        {"One"}, {"One", "Two"}, {"Two", "Three, with a comma"}, set(), set(), set(),
    ]  # fmt: skip
    assert len(account.requests("POST /tags")) == 3


def test_tags_are_taken_off_one_by_one_and_others_are_not_touched(company: Company, account: Service) -> None:
    """What the warehouse no longer has goes, if this pipeline set it; NULL takes off all of those."""
    company.customers(*(customer(user, tags=["One", "Two"]) for user in ("1", "2", "3")), types=ARRAY)
    company.members("buyers", "1", "2", "3")
    company.sync()
    for user in ("1", "2", "3"):
        account.tag(f"u{user}@example.com", "By hand")
    account.forget_requests()
    company.customers(customer("1", tags=["two"]), customer("2", tags=None), customer("3", tags=["One", "Two"]),
                      types=ARRAY)  # fmt: skip
    company.sync_later()

    assert [account.tags(f"u{user}@example.com") for user in ("1", "2", "3")] == [
        {"By hand", "Two"}, {"By hand"}, {"By hand", "One", "Two"},
    ]  # fmt: skip
    assert account.requests(*WRITES) == [UNTAG] * 3


def test_without_the_column_tags_are_left_alone(company: Company, account: Service) -> None:
    """A column that is gone takes nothing off; when it comes back, it goes on where it was."""
    company.customers(customer("1", tags=["One", "Two"]), types=ARRAY)
    company.members("buyers", "1")
    company.sync()
    account.forget_requests()
    company.customers(customer("1"))
    company.sync_later()
    assert (account.tags("u1@example.com"), account.requests()) == ({"One", "Two"}, [])

    company.customers(customer("1", tags=["Two"]), types=ARRAY)
    company.sync_later()
    assert account.tags("u1@example.com") == {"Two"}


def test_a_reset_takes_off_every_other_tag_whenever_the_set_changes(company: Company, account: Service) -> None:
    """Not in every run: a tag somebody puts on by hand afterwards stays until the set changes. No tags: all go."""
    kinds = {**ARRAY, "tags_reset": "boolean"}
    for user in ("1", "2"):
        account.create(f"u{user}@example.com")
        account.tag(f"u{user}@example.com", "Old")
    company.customers(
        customer("1", tags=["One"], tags_reset=True), customer("2", tags=None, tags_reset=True), types=kinds
    )
    company.members("buyers", "1", "2")
    company.sync()
    assert (account.tags("u1@example.com"), account.tags("u2@example.com")) == ({"One"}, set())

    account.tag("u1@example.com", "By hand")
    account.forget_requests()
    company.sync_later()
    assert (account.tags("u1@example.com"), account.requests()) == ({"One", "By hand"}, [])

    company.customers(
        customer("1", tags=["One", "Two"], tags_reset=True), customer("2", tags=None, tags_reset=True), types=kinds
    )
    company.sync_later()
    assert account.tags("u1@example.com") == {"One", "Two"}


def test_a_reset_keeps_the_tag_of_a_membership(company: Company, account: Service) -> None:
    """What an audience says is no "other tag"."""
    company.audience("Buyers", "1", membership={"tag": "Buyer"})
    company.customers(customer("1", tags="One", tags_reset="1"))
    company.sync()
    company.customers(customer("1", tags="Two", tags_reset="1"))
    company.sync_later()

    assert account.tags("u1@example.com") == {"Buyer", "Two"}


def test_a_members_tag_is_there_while_any_audience_or_column_says_so(company: Company, account: Service) -> None:
    """Two audiences and the column share a tag, each in its own letters: it goes when the last of them is gone."""
    company.audience("Buyers", "0", "1", membership={"tag": "Customer"})
    company.audience("Readers", "0", "1", membership={"tag": "customer", "field": False})
    company.customers(customer("0", tags="Staying"), customer("1", tags="CUSTOMER"))
    company.sync()
    assert len(account.tags("u1@example.com")) == 1
    assert (len(account.requests("POST /tags")), len(account.requests(TAG))) == (2, 3)

    company.members("buyers", "0")
    company.sync_later()
    company.members("readers", "0")
    company.sync_later()
    assert account.told()["u1@example.com"] == {"Buyers": "false"}
    assert len(account.tags("u1@example.com")) == 1

    company.customers(customer("0", tags="Staying"), customer("1", tags=None))
    company.sync_later()
    assert (account.tags("u1@example.com"), len(account.tags("u0@example.com"))) == (set(), 2)


def test_fields_come_first_then_tags_off_then_tags_on_then_lists(company: Company, account: Service) -> None:
    """Tags and lists start automations, which look at the fields."""
    account.create_list("News")
    company.audience("Buyers", "1", membership={"tag": "Buyer", "list": "News"})
    company.customers(customer("1", tags="Old"))
    company.sync()
    assert account.requests(*WRITES) == [SYNC, TAG, TAG, SUBSCRIBE]

    account.create_list("Offers")
    account.forget_requests()
    company.customers(customer("1", last_name="Lee", tags="New", lists='{"Offers": "active"}'))
    company.sync_later()
    assert account.requests(*WRITES) == [UPDATE, UNTAG, TAG, SUBSCRIBE]


def test_a_contact_whose_fields_are_refused_gets_no_tags_and_no_lists(company: Company, account: Service) -> None:
    """It gets all of them when it comes back."""
    account.create_list("News")
    company.audience("Buyers", "1", membership={"tag": "Buyer", "list": "News"})
    company.people(person("1"))
    company.sync()
    company.audience("Readers", "1", membership={"tag": "Reader", "list": "News"})
    account.misbehave(
        {"kind": "field_error", "path": "/contact/sync"}, {"kind": "field_error", "path": "/contacts/{id}"}
    )
    account.forget_requests()
    report = company.sync_later()
    assert report.delivery.rejected >= 1
    assert (account.tags("u1@example.com"), account.requests(TAG, SUBSCRIBE)) == ({"Buyer"}, [])

    account.misbehave()
    company.people(("1", "u1@example.com", "Another", "Name", None))
    company.sync_later()
    assert account.told()["u1@example.com"] == {"Buyers": "true", "Readers": "true"}
    assert account.tags("u1@example.com") == {"Buyer", "Reader"}


def test_names_of_tags_may_have_any_letters(company: Company, account: Service) -> None:
    """Quotes, per cent, umlauts: the same tag as the account's in another case; a tag deleted there is made again."""
    names = ["\u00dcNAL", "Stra\u00dfe", 'O\'Brien "x"', "100% off"]
    numbers = [account.create_tag(name) for name in names]
    company.customers(customer("1", tags=[name.lower() for name in names]), types=ARRAY)
    company.members("buyers", "1")
    account.forget_requests()
    company.sync()
    assert (account.tags("u1@example.com"), account.requests("POST /tags")) == (set(names), [])

    account.call("DELETE", f"tags/{numbers[0]}")
    company.customers(customer("1", tags=names[1:]), customer("2", tags=names), types=ARRAY)
    company.members("buyers", "1", "2")
    company.sync_later()
    assert account.tags("u1@example.com") == set(names[1:])
    assert {name.lower() for name in account.tags("u2@example.com")} == {name.lower() for name in names}


def test_a_contact_deleted_over_there_is_made_whole_by_a_tag(company: Company, account: Service) -> None:
    """A member is made again with all that it was told, who is none stays deleted; both in the end quiet."""
    account.create_list("News")
    company.audience("Buyers", "0", "1", membership={"list": "News"})
    company.audience("Readers", "2")
    company.customers(*(customer(user, tags="One") for user in ("0", "1", "2")))
    company.sync()
    company.audience("Readers", "0")
    account.delete("u1@example.com")
    account.delete("u2@example.com")
    company.customers(customer("0", tags="One"), customer("1", tags="One, Two"), customer("2", tags="One, Two"))
    company.sync_later()
    company.sync_later()

    assert set(account.told()) == {"u0@example.com", "u1@example.com"}
    assert account.told()["u1@example.com"] == {"Buyers": "true"}
    assert (account.tags("u1@example.com"), account.lists("u1@example.com")) == ({"One", "Two"}, {"News": "active"})
    account.forget_requests()
    company.sync_later()
    assert account.requests(*WRITES) == []


def test_a_tag_the_service_refuses_spoils_nothing_else(company: Company, account: Service) -> None:
    """The fields were told and stay told; the refused tag is named, and does not block later windows."""
    company.customers(customer("1", tags="One"), customer("2", tags="One"))
    company.members("buyers", "1", "2")
    account.misbehave({"kind": "field_error", "count": 1, "method": "POST", "path": "/contactTags"})
    company.sync()
    assert account.told() == {"u1@example.com": {"Buyers": "true"}, "u2@example.com": {"Buyers": "true"}}
    assert sorted(len(account.tags(email)) for email in account.told()) == [0, 1]

    company.customers(customer("1", tags="One, Two"), customer("2", tags="One, Two"))
    company.sync_later()
    assert all("Two" in account.tags(email) for email in account.told())
