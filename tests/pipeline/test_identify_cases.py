"""Every case of "Cases every correct implementation agrees on" (reference/peers.md), each quoted by its test.

Cases about bulk import are told by what must hold on any route: who is told, and who is named.
"""

from __future__ import annotations

import pytest

from ac_pipeline.errors import OwnerMustAct
from pipeline.pipeline_account import SUBSCRIBE, TAG, WRITES
from pipeline.pipeline_proxy import ids_as_numbers
from pipeline.pipeline_support import UPDATE, Company, Service, customer, person


def test_missing_e_mail_is_refused_before_any_request(company: Company, account: Service) -> None:
    """ "missing e-mail: refused before any request"."""
    company.people(("1", None, "Ann", "Lee", None), ("2", "  ", "Bob", "Ray", None))
    company.members("buyers", "1", "2")
    company.sync()

    assert account.requests() == []
    assert company.ask("select kind, user_id from problems order by all") == [
        ("missing_email", "1"),
        ("missing_email", "2"),
    ]


def test_malformed_e_mail_is_refused_with_the_reason(company: Company, account: Service) -> None:
    """ "malformed e-mail: refused, with the reason"."""
    company.people(("1", "ann at example", "Ann", "Lee", None))
    company.members("buyers", "1")
    company.sync()

    assert account.requests() == []
    assert company.ask("select declaration, kind, user_id from problems") == [("contacts", "invalid_email", "1")]


def test_spaces_and_capitals_of_an_address_do_not_count(company: Company, account: Service) -> None:
    """ "` Foo@Example.TEST `: trimmed and lower-cased"."""
    company.people(("1", " Foo@Example.TEST ", "Ann", None, None))
    company.members("buyers", "1")
    company.sync()

    assert account.told() == {"foo@example.test": {"Buyers": "true"}}


def test_a_phone_that_is_a_number_is_sent_as_text(company: Company, account: Service) -> None:
    """ "phone given as a number: sent as text"."""
    company.customers(customer("1", phone=493012345678), types={"phone": "bigint"})
    company.members("buyers", "1")
    company.sync()

    assert account.contacts()["u1@example.com"]["phone"] == "493012345678"


def test_null_empty_zero_and_false_have_a_stated_policy(company: Company, account: Service) -> None:
    """ "null, "", 0, false in a field: a stated policy": 0 and false are values, NULL and empty text are none."""
    company.trait("Points", "number", {"1": 0, "2": None}, stored="integer")
    company.trait("Vip", "boolean", {"1": False, "2": None}, stored="boolean")
    company.trait("Note", "text", {"1": "", "2": None, "3": "  "})
    company.crowd(3)
    company.members("buyers", "1", "2", "3")
    company.sync()

    assert account.told() == {
        "u1@example.com": {"Buyers": "true", "Points": "0", "Vip": "false"},
        "u2@example.com": {"Buyers": "true"},
        "u3@example.com": {"Buyers": "true"},
    }


def test_a_nested_object_in_a_field_is_refused(company: Company, account: Service) -> None:
    """ "nested object in a field: refused"; the contact's other properties go on."""
    company.trait("Shape", "text", {"1": {"colour": "red"}}, stored="struct(colour varchar)")
    company.trait("Size", "number", {"1": [1, 2]}, stored="integer[]")
    company.crowd(1)
    company.members("buyers", "1")
    company.sync()

    assert account.told() == {"u1@example.com": {"Buyers": "true"}}
    assert company.ask("select declaration, kind, user_id from problems order by all") == [
        ("shape", "nested_value", "1"),
        ("size", "nested_value", "1"),
    ]


def test_the_same_tag_twice_is_one(company: Company, account: Service) -> None:
    """ "same tag twice: once"."""
    company.audience("Buyers", "1", membership={"tag": "vip"})
    company.customers(customer("1", tags=["VIP", "VIP", " vip "]), types={"tags": "varchar[]"})
    company.sync()

    assert {tag.lower() for tag in account.tags("u1@example.com")} == {"vip"}
    assert len(account.requests("POST /tags")) == 1
    assert len(account.requests(TAG)) == 1


def test_a_tag_known_in_another_letter_case_is_the_same_tag(company: Company, account: Service) -> None:
    """ "tag known in another letter case: the same tag"; in the account, and from one window to the next."""
    account.create_tag("vip")
    company.customers(customer("1", tags="VIP"))
    company.members("buyers", "1")
    account.forget_requests()
    company.sync()
    assert (account.tags("u1@example.com"), account.requests("POST /tags")) == ({"vip"}, [])

    account.forget_requests()
    company.customers(customer("1", tags=" Vip"))
    company.sync_later()
    assert account.requests() == []


@pytest.mark.parametrize(("count", "totals"), [(41, "text"), (100, "number"), (101, "text"), (250, "number")])
def test_all_tags_and_fields_are_seen(company: Company, account: Service, count: int, totals: str) -> None:
    """ "an account with 41, 100, 101, 250 tags or fields: all are seen" · "`meta.total` as text or number"."""
    account.switch(totals=totals)
    account.create_field("User ID")
    account.create_field("Buyers", "dropdown", options=["true", "false"])
    account.create_tag("Buyer")
    account.fill_up(count - 1)
    account.create_field("Readers", "dropdown", options=["true", "false"])
    account.create_tag("Reader")
    company.audience("Buyers", "1", membership={"tag": "buyer"})
    company.audience("Readers", "1", membership={"tag": "reader"})
    company.people(person("1"))
    account.forget_requests()
    company.sync()

    assert account.told() == {"u1@example.com": {"Buyers": "true", "Readers": "true"}}
    assert account.tags("u1@example.com") == {"Buyer", "Reader"}
    assert (account.requests("POST /fields", "POST /tags"), len(account.fields())) == ([], count)


def test_ids_may_be_numbers(company: Company, account: Service) -> None:
    """ "ids as text or number": as numbers everywhere; all other tests have them as text."""
    account.create_list("News")
    company.audience("Buyers", "1", "2", membership={"tag": "Buyer", "list": "News"})
    company.people(person("1"), person("2"))
    with ids_as_numbers(account.sandbox.url) as url:
        company.url = url
        company.sync()
        company.audience("Buyers", "2", membership={"tag": "Buyer", "list": "News"})
        company.people(("1", "moved@example.com", "Ann", None, None), person("2"))
        company.sync_later()

    assert account.told() == {"moved@example.com": {"Buyers": "false"}, "u2@example.com": {"Buyers": "true"}}
    assert (account.tags("moved@example.com"), account.tags("u2@example.com")) == (set(), {"Buyer"})
    assert account.lists("u2@example.com") == {"News": "active"}


def test_the_api_url_may_be_spelled_in_every_way(company: Company, account: Service) -> None:
    """ "API URL with or without trailing slash or `/api/3`": one account, one home."""
    plain = company.url
    company.crowd(4)
    for number, ending in enumerate(["", "/", "/api/3", "/api/3/"], 1):
        company.url = plain + ending
        company.members("buyers", *(str(user) for user in range(1, number + 1)))
        company.sync_later()

    assert account.told() == {f"u{number}@example.com": {"Buyers": "true"} for number in range(1, 5)}


def test_a_gateway_with_a_page_is_tried_again(company: Company, account: Service) -> None:
    """ "502/504 with an HTML page: try again"."""
    account.misbehave({"script": ["bad_gateway", "gateway_timeout"], "path": "/contact/sync"})
    company.crowd(3)
    company.members("buyers", "1", "2", "3")
    report = company.sync()

    assert set(account.told()) == {"u1@example.com", "u2@example.com", "u3@example.com"}
    assert (report.delivery.acknowledged, report.delivery.rejected, report.delivery.unknown) == (3, 0, 0)


def test_a_login_page_is_no_success(company: Company, account: Service) -> None:
    """ "**200 with an HTML login page: not a success**": nothing counts as told, and all is told later."""
    account.misbehave({"kind": "login_page", "path": "/contact/sync"})
    company.crowd(1)
    company.members("buyers", "1")
    with pytest.raises(OwnerMustAct):
        company.sync()
    assert company.ask("select count(*) from acknowledged where state = 'acknowledged'") == [(0,)]

    account.misbehave()
    company.sync_later()
    assert account.told() == {"u1@example.com": {"Buyers": "true"}}


def test_an_empty_success_with_an_error_header_is_no_success(company: Company, account: Service) -> None:
    """ "200 with an empty body and `X-Ac-Error`: not a success", for fields, tags and lists."""
    account.create_list("News")
    company.audience("Buyers", "1", membership={"tag": "Buyer", "list": "News"})
    company.people(person("1"))
    paths = ("/contact/sync", "/contactTags", "/contactLists")
    account.misbehave(*({"kind": "masked_failure", "count": 1, "method": "POST", "path": path} for path in paths))
    company.sync()

    assert account.told() == {"u1@example.com": {"Buyers": "true"}}
    assert (account.tags("u1@example.com"), account.lists("u1@example.com")) == ({"Buyer"}, {"News": "active"})


def test_an_address_the_service_refuses_is_one_contacts_matter(company: Company, account: Service) -> None:
    """ "422 `email_invalid`: this contact only"."""
    company.crowd(3)
    company.members("buyers", "1", "2", "3")
    account.misbehave({"script": [None, "email_invalid"], "path": "/contact/sync"})
    report = company.sync()

    assert (report.delivery.acknowledged, report.delivery.rejected) == (2, 1)
    assert company.ask("select count(*), min(reason) from rejections") == [(1, "email_invalid")]


def test_throttling_is_waited_for_and_uses_up_nothing(company: Company, account: Service) -> None:
    """ "429 with and without `Retry-After`" · "bulk's 400 "Rate limit exceeded.": throttling, not an error"."""
    account.create_list("News")
    company.audience("Buyers", "1", "2", "3", membership={"tag": "Buyer", "list": "News"})
    company.crowd(3)
    account.misbehave(
        {"script": ["throttled", "throttled_bare", "bulk_throttled"], "path": "/contact/sync"},
        {"script": ["throttled"], "method": "POST", "path": "/contactTags"},
        {"script": ["throttled"], "method": "POST", "path": "/contactLists"},
    )
    report = company.sync()

    emails = [f"u{number}@example.com" for number in range(1, 4)]
    assert account.told() == {email: {"Buyers": "true"} for email in emails}
    assert [account.tags(email) for email in emails] == [{"Buyer"}] * 3
    assert [account.lists(email) for email in emails] == [{"News": "active"}] * 3
    assert (report.delivery.rejected, report.delivery.unknown, report.needs_attention) == (0, 0, False)


def test_row_230_keeps_nobody_else_from_being_sent(company: Company, account: Service) -> None:
    """ "a bulk request refused because of row 230: the other rows are sent"."""
    company.members("buyers", *company.crowd(250))
    account.misbehave({"kind": "bulk_row_refused", "row": 230, "count": 1, "path": "/import/bulk_import"})
    report = company.sync()

    assert (len(account.told()), report.delivery.acknowledged, report.delivery.rejected) == (249, 249, 1)
    ((refused,),) = company.ask("select user_id from rejections")
    assert f"u{refused}@example.com" not in account.told()


def test_a_row_that_fails_later_is_named(company: Company, account: Service) -> None:
    """ "bulk row that fails after queueing: named in the ledger": nobody is neither told nor named."""
    company.members("buyers", *company.crowd(20))
    account.exclude("u7@example.com")
    company.sync()

    told = {email for email, fields in account.told().items() if fields == {"Buyers": "true"}}
    named = {f"u{user}@example.com" for (user,) in company.ask("select user_id from rejections")}
    assert told | named == {f"u{number}@example.com" for number in range(1, 21)}
    assert not told & named


def test_of_two_rows_with_one_e_mail_one_is_sent(company: Company, account: Service) -> None:
    """ "two rows with the same e-mail in one batch": one contact, one truth, the other row is named."""
    rows = [person(str(number)) for number in range(1, 13)]
    company.people(*rows, ("13", " U5@EXAMPLE.com", "Other", "Person", None))
    company.members("buyers", *(str(number) for number in range(1, 14)))
    company.sync()

    assert set(account.told()) == {f"u{number}@example.com" for number in range(1, 13)}
    assert account.contacts()["u5@example.com"]["first_name"] == "First5"
    assert company.ask("select kind, user_id from problems") == [("duplicate_email", "13")]


def test_an_audience_entered_left_and_entered_again(company: Company, account: Service) -> None:
    """ "an audience entered, left and entered again": the field and the tag follow each time; the list stays."""
    account.create_list("News")
    company.audience("Buyers", "1", "2", membership={"tag": "Buyer", "list": "News"})
    company.crowd(2)
    company.sync()
    company.members("buyers", "2")
    company.sync_later()
    assert (account.told()["u1@example.com"], account.tags("u1@example.com")) == ({"Buyers": "false"}, set())
    assert account.lists("u1@example.com") == {"News": "active"}

    account.forget_requests()
    company.members("buyers", "1", "2")
    company.sync_later()
    assert (account.told()["u1@example.com"], account.tags("u1@example.com")) == ({"Buyers": "true"}, {"Buyer"})
    assert account.requests(*WRITES) == [UPDATE, TAG]
    assert account.requests(SUBSCRIBE) == []


def test_a_tag_removed_by_hand_in_between(company: Company, account: Service) -> None:
    """ "a tag removed by hand in between": taking it off is no failure, and the next entry puts it on again."""
    company.audience("Buyers", "1", "2", membership={"tag": "Buyer"})
    company.crowd(2)
    company.sync()
    account.untag("u1@example.com", "Buyer")
    company.members("buyers", "2")
    report = company.sync_later()
    assert (report.delivery.rejected, report.delivery.unknown, report.needs_attention) == (0, 0, False)
    assert account.tags("u1@example.com") == set()

    company.members("buyers", "1", "2")
    company.sync_later()
    assert account.tags("u1@example.com") == {"Buyer"}
