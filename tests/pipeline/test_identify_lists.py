"""Lists: a column of the contacts, and a channel of audiences. Nobody who opted out is subscribed again unasked."""

from __future__ import annotations

import pytest

from ac_pipeline.errors import OwnerMustAct
from pipeline.pipeline_account import ACTIVE, BOUNCED, SUBSCRIBE, UNCONFIRMED, UNSUBSCRIBED, WRITES
from pipeline.pipeline_support import Company, Service, customer, person

STRUCT = {"lists": "struct(id varchar, list varchar, status varchar)[]"}
SHOP = "consent is kept in our shop"


def test_lists_may_be_written_in_every_way(company: Company, account: Service) -> None:
    """Array of structs, JSON array, JSON object; by id (number or text) or name in any case; both vocabularies."""
    for name in ("News", "Offers", "Winter Sale"):
        account.create_list(name)
    rows = {
        "1": '[{"id": 1, "status": "active"}, {"id": "2", "status": "unsubscribe"}]',
        "2": '[{"list": "news", "status": "Subscribe"}, {"name": "WINTER SALE", "status": "subscribed"}]',
        "3": '{"1": "active", "winter sale": "unsubscribed"}',
        "4": None,
        "5": '[{"id": 1, "status": "active"}, {"list": "News", "status": "unsubscribed"}]',
    }
    company.customers(*(customer(user, lists=lists) for user, lists in rows.items()))
    company.members("buyers", *rows)
    company.sync()
    assert [account.lists(f"u{user}@example.com") for user in rows] == [
        {"News": ACTIVE, "Offers": UNSUBSCRIBED}, {"News": ACTIVE, "Winter Sale": ACTIVE},
        {"News": ACTIVE, "Winter Sale": UNSUBSCRIBED}, {}, {"News": UNSUBSCRIBED},
    ]  # fmt: skip

    account.forget_requests()
    structs = [{"id": None, "list": "NEWS", "status": "active"}, {"id": "3", "list": None, "status": "active"}]
    company.customers(customer("2", lists=structs), types=STRUCT)
    company.sync_later()
    assert account.requests(*WRITES) == []


def test_the_same_list_twice_with_different_words_means_unsubscribed(company: Company, account: Service) -> None:
    """The careful reading wins; between a column and an audience, too."""
    account.create_list("News")
    company.audience("Readers", "2", membership={"list": "news"})
    company.customers(
        customer("1", lists='[{"list": "News", "status": "active"}, {"list": "news", "status": "unsubscribed"}]'),
        customer("2", lists='{"News": "unsubscribed"}'),
    )
    company.members("buyers", "1", "2")
    company.sync()

    assert account.lists("u1@example.com") == {"News": UNSUBSCRIBED}
    assert account.lists("u2@example.com") == {"News": UNSUBSCRIBED}


def test_a_list_that_is_no_longer_mentioned_is_left_alone(company: Company, account: Service) -> None:
    """Leaving is said, never concluded from silence; a change of the status is told."""
    account.create_list("News")
    account.create_list("Offers")
    company.customers(*(customer(user, lists='{"News": "active", "Offers": "active"}') for user in ("1", "2", "3")))
    company.members("buyers", "1", "2", "3")
    company.sync()
    account.forget_requests()
    company.customers(
        customer("1", lists='{"News": "active"}'), customer("2", lists=None),
        customer("3", lists='{"News": "unsubscribed"}'),
    )  # fmt: skip
    company.sync_later()

    assert account.requests(*WRITES) == [SUBSCRIBE]
    both = {"News": ACTIVE, "Offers": ACTIVE}
    assert [account.lists(f"u{user}@example.com") for user in ("1", "2", "3")] == [
        both, both, {**both, "News": UNSUBSCRIBED},
    ]  # fmt: skip


def test_lists_that_the_account_does_not_have_stop_a_declaration_before_anything_is_sent(
    company: Company, account: Service
) -> None:
    """All of them are named, with their audiences; a list for text messages is no mailing list."""
    account.create_list("Texts", channel="sms")
    company.audience("Buyers", "1", membership={"list": "Nowhere"})
    company.audience("Readers", "1", membership={"list": 77, "field": False})
    company.audience("Callers", "1", membership={"list": "texts", "field": False})
    company.people(person("1"))
    with pytest.raises(OwnerMustAct) as raised:
        company.sync()

    said = str(raised.value).lower()
    assert [name for name in ("nowhere", "77", "texts") if name not in said] == []
    assert (account.contacts(), account.requests(*WRITES)) == ({}, [])


def test_a_list_in_the_data_that_the_account_does_not_have_is_one_contacts_matter(
    company: Company, account: Service
) -> None:
    """It is in `rejections`; the rest of the contact, and everybody else, goes on."""
    account.create_list("News")
    company.customers(
        customer("1", lists='{"News": "active", "Nowhere": "active"}', tags="VIP"),
        customer("2", lists='{"News": "active"}', tags="VIP"),
    )
    company.members("buyers", "1", "2")
    report = company.sync()

    for email in ("u1@example.com", "u2@example.com"):
        assert account.told()[email] == {"Buyers": "true"}
        assert (account.lists(email), account.tags(email)) == ({"News": ACTIVE}, {"VIP"})
    assert company.ask("select user_id from rejections") == [("1",)]
    assert report.needs_attention

    account.forget_requests()
    company.sync_later()
    assert account.requests(*WRITES) == []
    account.create_list("Nowhere")
    company.customers(customer("1", lists='{"News": "active", "Nowhere": "unsubscribed"}', tags="VIP"))
    company.sync_later()
    assert account.lists("u1@example.com") == {"News": ACTIVE, "Nowhere": UNSUBSCRIBED}
    assert company.ask("select user_id from rejections") == []


def test_a_list_by_name_and_by_id_is_recognised_as_one(company: Company, account: Service) -> None:
    """Two audiences and a column that call one list differently: who leaves one of them is in it by the others."""
    number = account.create_list("News")
    leaving = {"unsubscribe_on_exit": True}
    company.audience("Buyers", "0", "1", "2", membership={"list": {"list": "News", **leaving}})
    company.audience("Readers", "0", "1", membership={"list": {"list": int(number), **leaving}})
    company.customers(customer("0"), customer("1"), customer("2", lists='{"NEWS": "active"}'))
    company.sync()
    assert len(account.requests(SUBSCRIBE)) == 3

    company.members("buyers", "0")
    account.forget_requests()
    company.sync_later()
    states = [account.lists(f"u{user}@example.com")["News"] for user in ("0", "1", "2")]
    assert (states, account.requests(SUBSCRIBE)) == ([ACTIVE] * 3, [])

    company.members("readers", "0")
    company.sync_later()
    assert account.lists("u1@example.com") == {"News": UNSUBSCRIBED}


def test_two_lists_of_one_name_need_an_id(company: Company, account: Service) -> None:
    """The error names the ids."""
    account.create_list("Offers")
    first, second = account.create_list("News"), account.create_list("news")
    company.audience("Buyers", "1", membership={"list": "News"})
    company.people(person("1"))
    with pytest.raises(OwnerMustAct) as raised:
        company.sync()
    assert (first in str(raised.value), second in str(raised.value)) == (True, True)

    company.audience("Buyers", "1", membership={"list": int(second)})
    company.sync_later()
    assert account.lists("u1@example.com") == {"news": ACTIVE}


def test_leaving_an_audience_unsubscribes_only_if_it_says_so(company: Company, account: Service) -> None:
    """`unsubscribe_on_exit`; by default the subscription stays, and who never was a member is left alone."""
    news, offers = account.create_list("News"), account.create_list("Offers")
    account.create("u3@example.com")
    account.subscribe("u3@example.com", offers)
    account.subscribe("u3@example.com", news)
    company.audience("Buyers", "1", "2", membership={"list": "News"})
    company.audience("Readers", "1", "2", membership={"list": {"list": "Offers", "unsubscribe_on_exit": True}})
    company.audience("Others", "1", "3")
    company.crowd(3)
    company.sync()
    both = {"News": ACTIVE, "Offers": ACTIVE}
    assert account.lists("u1@example.com") == both

    company.members("buyers", "2")
    company.members("readers", "2")
    company.sync_later()
    assert account.lists("u1@example.com") == {"News": ACTIVE, "Offers": UNSUBSCRIBED}
    assert (account.lists("u2@example.com"), account.lists("u3@example.com")) == (both, both)


@pytest.mark.parametrize("by", ["audience", "column"])
def test_who_opted_out_or_bounced_is_not_subscribed_again(company: Company, account: Service, by: str) -> None:
    """They are found, kept in the store and can be asked for; fields and tags are told all the same."""
    account.create_list("Offers")
    news = account.create_list("News")
    states = {"1": UNSUBSCRIBED, "2": BOUNCED, "3": UNCONFIRMED}
    for user, state in states.items():
        account.create(f"u{user}@example.com")
        account.put_on_list(f"u{user}@example.com", news, state)
    lists = {"lists": '{"News": "active"}'} if by == "column" else {}
    company.customers(*(customer(user, tags="VIP", **lists) for user in ("1", "2", "3", "4")))
    company.audience("Buyers", *states, "4", membership={"list": "News"} if by == "audience" else {})
    company.sync()

    assert {user: account.lists(f"u{user}@example.com")["News"] for user in (*states, "4")} == {**states, "4": ACTIVE}
    assert all(account.tags(f"u{user}@example.com") == {"VIP"} for user in states)
    assert dict(company.ask("select user_id, reason from opt_outs")) == {
        "1": "opted out", "2": "bounced", "3": "opt-in not confirmed",
    }  # fmt: skip

    account.forget_requests()
    company.sync_later()
    assert account.requests(*WRITES) == []


@pytest.mark.parametrize("by", ["audience", "column"])
def test_with_resubscribe_and_a_reason_they_are(company: Company, account: Service, by: str) -> None:
    """`resubscribe: true` concerns the declaration that says it."""
    news = account.create_list("News")
    again = {"resubscribe": True, "reason": SHOP}
    for user in ("1", "2"):
        account.create(f"u{user}@example.com")
    account.unsubscribe("u1@example.com", news)
    account.put_on_list("u2@example.com", news, BOUNCED)
    if by == "column":
        company.customers(*(customer(user, lists='{"News": "active"}') for user in ("1", "2")), lists=again)
        company.audience("Buyers", "1", "2")
    else:
        company.customers(customer("1"), customer("2"))
        company.audience("Buyers", "1", "2", membership={"list": {"list": "News", **again}})
    company.sync()

    assert [account.lists(f"u{user}@example.com") for user in ("1", "2")] == [{"News": ACTIVE}] * 2
    assert company.ask("from rejections") == []


def test_switching_resubscribe_on_later_subscribes_those_that_were_found(company: Company, account: Service) -> None:
    """What the declaration wants now is sent, although nothing about the people changed."""
    news = account.create_list("News")
    account.create("u1@example.com")
    account.unsubscribe("u1@example.com", news)
    company.audience("Buyers", "1", membership={"list": "News"})
    company.people(person("1"))
    company.sync()
    assert account.lists("u1@example.com") == {"News": UNSUBSCRIBED}

    company.audience("Buyers", "1", membership={"list": {"list": "News", "resubscribe": True, "reason": SHOP}})
    company.sync_later()
    assert account.lists("u1@example.com") == {"News": ACTIVE}


def test_an_opt_out_after_a_subscription_holds_for_good(company: Company, account: Service) -> None:
    """Not the next window, not another audience with that list, not leaving and entering again subscribes them."""
    news = account.create_list("News")
    company.audience("Buyers", "0", "1", membership={"list": "News"})
    company.people(person("0"), person("1"))
    company.sync()
    account.unsubscribe("u1@example.com", news)
    company.trait("Points", "number", {"1": 1, "0": 1}, stored="integer")
    company.sync_later()
    assert account.lists("u1@example.com") == {"News": UNSUBSCRIBED}

    company.members("buyers", "0")
    company.sync_later()
    company.members("buyers", "0", "1")
    company.audience("Readers", "0", "1", membership={"list": "News"})
    company.sync_later()
    assert account.lists("u1@example.com") == {"News": UNSUBSCRIBED}
    assert account.told()["u1@example.com"] == {"Buyers": "true", "Readers": "true", "Points": "1"}
